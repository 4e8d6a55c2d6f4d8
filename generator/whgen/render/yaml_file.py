"""Data -> YAML text, the way a person would lay it out: block style, lists indented, one line for each text.

How a text is written, and whether it needs quotes, is PyYAML's to say, once for each text; the layout of mappings and lists is laid out
here, since PyYAML takes a third of the time of a whole generation for it. tests/test_yaml_file.py holds the two against each other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml
from yaml.emitter import Emitter


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


class OneLine(dict[str, str]):
    """A mapping that is laid out on one line."""


_Dumper.add_representer(OneLine, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True))

# A text that is lines, each with its end, is laid out as such.
_Dumper.add_representer(
    str,
    lambda dumper, value: dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if value.endswith("\n") and "\n" in value[:-1] else None
    ),
)


def yaml_text(tree: Mapping[str, Any]) -> str:
    """The text of a tree of mappings, lists and scalars."""
    try:
        found: list[str] = []
        _add_lines(found, tree, "")
        return "".join(found) if tree else "{}\n"
    except _UnusualError:
        return dumped(tree)


def dumped(tree: Mapping[str, Any]) -> str:
    """The same text as PyYAML alone writes it."""
    return yaml.dump(_plain(tree), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, default_flow_style=False)


class _UnusualError(Exception):
    """A text that is laid out over several lines, or a key that needs a line of its own."""


def _add_lines(found: list[str], value: Any, indent: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _add_entry(found, f"{indent}{_key(key)}:", item, indent)
        return
    for item in value:
        if _is_nested(item):
            # The first line of a nested value stands behind the dash.
            first = len(found)
            _add_lines(found, item, indent + "  ")
            found[first] = f"{indent}- {found[first][len(indent) + 2 :]}"
        else:
            _add_entry(found, f"{indent}-", item, indent)


def _add_entry(found: list[str], head: str, item: Any, indent: str) -> None:
    if type(item) is str:
        found.append(f"{head} {_text(item)}\n")
    elif _is_nested(item):
        found.append(f"{head}\n")
        _add_lines(found, item, indent + "  ")
    elif isinstance(item, OneLine) and item:
        found.append(f"{head} {_flow(tuple(item.items()))}\n")
    elif isinstance(item, Mapping):
        found.append(f"{head} {{}}\n")
    elif isinstance(item, list | tuple):
        found.append(f"{head} []\n")
    else:
        found.append(f"{head} {_scalar(item)}\n")


def _is_nested(item: Any) -> bool:
    return isinstance(item, dict | list | tuple | Mapping) and not isinstance(item, OneLine) and len(item) > 0


@lru_cache(maxsize=4096, typed=True)
def _key(key: Any) -> str:
    text = str(key)
    if not re.fullmatch("[ -~]{1,100}", text):
        raise _UnusualError
    return _scalar(text)


def _scalar(value: Any) -> str:
    # Numbers that are equal, such as 0.0 and -0.0, are not written alike.
    return _text(value) if type(value) is str else _alone(value)


@lru_cache(maxsize=65536)
def _text(value: str) -> str:
    return _alone(value)


def _alone(value: Any) -> str:
    if type(value) is str and (quick := _in_one_style(value)) is not None:
        return quick
    if type(value) is int:
        return str(value)
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    text = text.removesuffix("\n").removesuffix("\n...")
    if len(text.splitlines()) > 1:
        raise _UnusualError
    return text


# What no style but the plain one would be chosen for, unless it reads as something else than text; the rest is looked at by character.
_PLAIN = re.compile(r"(?!.*(?:: | #))[A-Za-z(_/][ -~]*(?<![ :])")
_emitter, _resolver = Emitter(io.StringIO()), yaml.resolver.Resolver()


def _in_one_style(text: str) -> str | None:
    """A text without quotes or in single ones, as PyYAML would choose; None for what it would write in another way."""
    found = _resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call] # PyYAML's stubs leave it out
    is_text = found == "tag:yaml.org,2002:str"
    if is_text and _PLAIN.fullmatch(text):
        return text
    analysis = _emitter.analyze_scalar(text)
    if analysis.multiline or not analysis.allow_single_quoted:
        return None
    return text if is_text and analysis.allow_block_plain else "'" + text.replace("'", "''") + "'"


@lru_cache(maxsize=4096)
def _flow(items: tuple[tuple[str, str], ...]) -> str:
    return _alone(OneLine(items))


def _plain(value: Any) -> Any:
    if isinstance(value, OneLine):
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
