"""Where in a document a cursor stands: the path of keys to it, and what stands there, also while the YAML around it is half typed.

A mark is put in the place of the word at the cursor. Where the text cannot be read with it, a colon is added, and what follows is left
out; and where nothing helps, the indentation of the lines above tells the path. Neighbour: `document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from whgen.spec.events import LOADER, too_deep

_MARK = "whgenCursor"
_WORD = re.compile(r"\w*")
_WORD_BEFORE = re.compile(r"\w*\Z")
_BETWEEN = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_QUOTE = re.compile(r"(?:(?<=[\s\[{,:])|^)['\"]")
_LINE = re.compile(r"(?P<indent>[ ]*)(?P<dash>(?:-[ ]+)*)(?:['\"]?(?P<key>\w+)['\"]?[ ]*:(?P<rest>[ \t].*)?)?")
_DEEPEST = 100

Place = Literal["key", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a cursor stands: `path` leads to the key or value there; `word` is what of it stands before the cursor."""

    path: tuple[str | int, ...]
    place: Place
    word: str
    before: str = ""
    """What stands before the word in the same scalar, as in a SQL text."""
    after: str = ""
    siblings: frozenset[str] = frozenset()
    """The other keys of the mapping, where the cursor is at a key."""
    alone: bool = False
    """Whether nothing but the word stands on its line, so that it may also become a key."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """The document, as far as it can be read; the word at the cursor is not in it."""


def cursor_at(text: str, offset: int) -> Cursor:
    """Where offset `offset` of a file's text stands in its document."""
    begin, end = _document(text, offset)
    text, offset = text[begin:end], offset - begin
    word = _WORD_BEFORE.search(text[:offset])[0]  # type: ignore[index] # it matches the empty text
    # Behind the first letters of a word the rest of it is meant, too; before a word something new is.
    rest = _WORD.match(text, offset)[0] if word else ""  # type: ignore[index]
    start, stop = offset - len(word), offset + len(rest)
    head, tail = text[:start], text[stop:]
    line_end = tail.find("\n")
    rest_of_line = tail if line_end < 0 else tail[:line_end]
    alone = not head[head.rfind("\n") + 1 :].strip(" -") and not rest_of_line.strip()
    for candidate in _candidates(head, tail):
        found = _found(candidate)
        if found is not None:
            return Cursor(**found, word=word, alone=alone)
    return Cursor(path=_by_indentation(head), place="key" if alone else "value", word=word, alone=alone)


def _document(text: str, offset: int) -> tuple[int, int]:
    """Where the document begins and ends that holds an offset."""
    begin, end = 0, len(text)
    for match in _BETWEEN.finditer(text):
        if match.end() < offset:
            begin = min(match.end() + 1, len(text))
        elif match.start() >= offset:
            end = match.start()
            break
    return begin, max(begin, end)


def _candidates(head: str, tail: str) -> Iterator[str]:
    yield f"{head}{_MARK}{tail}"
    yield f"{head}{_MARK}: {tail}"
    closing = _closing(head)
    yield f"{head}{_MARK}{closing}\n"
    yield f"{head}{_MARK}:{closing}\n"


def _closing(head: str) -> str:
    """What closes the quotes and brackets that are open at the end of a text."""
    open_: list[str] = []
    # A block begins anew with each line that is not indented; what is open before it is another's mistake.
    start = max((m.start() for m in re.finditer(r"^\S", head, re.MULTILINE)), default=0)
    position, quote = start, ""
    while position < len(head):
        character = head[position]
        if quote:
            if character == quote:
                quote = ""
        elif _QUOTE.match(head, position):
            quote = character
        elif character == "#" and head[position - 1 : position].isspace():
            position = (head.find("\n", position) + len(head) + 1) % (len(head) + 1) or len(head)
        elif character in "{[":
            open_.append("}" if character == "{" else "]")
        elif character in "}]" and open_:
            open_.pop()
        position += 1
    return quote + "".join(reversed(open_))


def _found(text: str) -> dict[str, Any] | None:
    """The mark in a text that can be read."""
    if too_deep(text, _DEEPEST) is not None:
        return None
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError:
        return None
    except RecursionError:
        return None
    finally:
        loader.dispose()
    if node is None:
        return None
    found = _in(node, ())
    if found is not None:
        value = _plain(node, 0)
        found["value"] = value if isinstance(value, dict) else {}
    return found


def _in(node: yaml.Node, path: tuple[str | int, ...]) -> dict[str, Any] | None:
    if len(path) > _DEEPEST:
        return None
    if isinstance(node, yaml.ScalarNode):
        if _MARK not in node.value:
            return None
        before, _, after = node.value.partition(_MARK)
        return {"path": path, "place": "value", "before": before, "after": after}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and _MARK in key.value:
                siblings = {str(k.value).replace(_MARK, "") for k, _ in node.value if isinstance(k, yaml.ScalarNode)} - {""}
                return {"path": path, "place": "key", "siblings": frozenset(siblings)}
            if (found := _in(value, (*path, str(key.value)))) is not None:
                return found
        return None
    return next((found for n, item in enumerate(node.value) if (found := _in(item, (*path, n))) is not None), None)


def _plain(node: yaml.Node, depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(node, yaml.MappingNode):
        return {str(k.value): _plain(v, depth + 1) for k, v in node.value if isinstance(k, yaml.ScalarNode) and _MARK not in k.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(v, depth + 1) for v in node.value]
    return None if _MARK in node.value else str(node.value)


def _by_indentation(head: str) -> tuple[str | int, ...]:
    """The keys above the end of a text that stand less deep, one for each level."""
    lines = head.split("\n")
    indent = len(lines[-1]) - len(lines[-1].lstrip(" "))
    path: list[str | int] = []
    same = _LINE.match(lines[-1])
    if same is not None and same["key"] is not None:
        path.append(same["key"])
    for line in reversed(lines[:-1]):
        found = _LINE.match(line)
        if found is not None and found["key"] is not None and len(found["indent"] + found["dash"]) < indent:
            path.append(found["key"])
            indent = len(found["indent"] + found["dash"])
    return tuple(reversed(path))
