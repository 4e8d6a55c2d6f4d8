"""What stands where in a spec: keys, names, references, types, values and the words of SQL texts, each with its offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml

from whgen.ir.types import parse_type
from whgen.spec.load import NOUNS

Path = tuple[str, ...]
_SQL = {"expr", "where", "sql", "expression", "order_by"}
_REFERRING = {"from", "key", "on", "latest", "earliest", "dimension", "depends_on", "exclude", "degenerate", "column", "references", "rest"}
_FREE = {"description", "label", "grain", "owner", "url", "meta", "tags", "unit", "email", "name"}
_WORDS_OF_SQL = (
    "select from as inner join on group by is not null in interval minute and or case when then else end where with exists order desc asc "
    "limit over partition distinct true false between like having union all month year day hour dayofweek"
)
_NO_NAMES = frozenset(_WORDS_OF_SQL.split())
_TOKEN = re.compile(
    r"""(?P<string>'(?:[^']|'')*'|"[^"\n]*")|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*|`[^`]*`)"""
    r"""|(?P<operator><>|!=|<=|>=|\|\||[-+*/<>=])|(?P<mark>[(),.\[\]])"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of a text, and what it is: `kind` is a word of the spec language's, of SQL's with `sql-` before it."""

    kind: str
    start: int
    end: int
    text: str
    path: Path


@lru_cache(maxsize=256)
def places(text: str) -> tuple[Place, ...]:
    """Every place of a valid spec."""
    found: list[Place] = []
    for document in yaml.compose_all(text):
        noun = next((k.value for k, _ in document.value if k.value in NOUNS), "")
        found += _of_mapping(document, (), noun, text)
    return tuple(sorted(found, key=lambda p: p.start))


def _of_mapping(node: yaml.MappingNode, path: Path, noun: str, text: str) -> Iterator[Place]:
    for key, value in node.value:
        kind = _kind_of_key(path, noun, {k.value for k, _ in value.value} if isinstance(value, yaml.MappingNode) else set())
        start, end = key.start_mark.index, key.end_mark.index
        yield Place(kind=kind, start=start, end=end, text=text[start:end], path=path)
        yield from _of(value, (*path, key.value), noun, text)


def _of(node: yaml.Node, path: Path, noun: str, text: str) -> Iterator[Place]:
    if isinstance(node, yaml.MappingNode):
        yield from _of_mapping(node, path, noun, text)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _of(item, path, noun, text)
    else:
        start, end = node.start_mark.index, node.end_mark.index
        kind = _kind_of_value(path, noun)
        written = text[start:end].rstrip() if node.style in ("|", ">") else text[start:end]
        yield Place(kind=kind, start=start, end=start + len(written), text=written, path=path)
        if kind == "sql":
            inner = text.index("\n", start) + 1 if node.style in ("|", ">") else start + (1 if node.style in ("'", '"') else 0)
            yield from _of_sql(text, inner, start + len(written) - (1 if node.style in ("'", '"') else 0), path)


def _of_sql(text: str, start: int, end: int, path: Path) -> Iterator[Place]:
    tokens = list(_TOKEN.finditer(text, start, end))
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        kind = str(token.lastgroup)
        if kind == "word":
            word = token[0].lower()
            called = after is not None and after[0] == "(" and word not in ("in", "on", "and", "or", "exists", "as", "by", "over")
            from_table = before is not None and before[0].lower() in ("from", "join")
            of_table = after is not None and after[0] == "."
            kind = (
                "function" if called else "keyword" if word in _NO_NAMES else "table" if from_table else "alias" if of_table else "column"
            )
            if before is not None and before[0].lower() == "as":
                kind = "alias"
        yield Place(kind=f"sql-{kind}", start=token.start(), end=token.end(), text=token[0], path=path)


def _kind_of_key(path: Path, noun: str, inner: set[str]) -> str:
    around = path[-1] if path else ""
    if "meta" in path or "dbt" in path:
        return "text"
    if around == "columns":
        return "name" if "column" in inner else {"source": "source-column", "dimension": "reference"}.get(noun, "name")
    if around in ("unknown", "not_found"):
        return "reference"
    if around == "measures":
        return "name" if inner & {"expr"} else "reference"
    if around == "dimensions":
        return "name" if inner & {"dimension"} else "reference"
    if around in ("tables", "arrives"):
        return "source-column"
    return "name" if around in ("derive", "targets") else "key"


def _kind_of_value(path: Path, noun: str) -> str:
    last = path[-1]
    if (len(path) == 1 and last == noun) or last == "as":
        return "name"
    if {"meta", "dbt"} & set(path):
        return "text"
    if last in _SQL or path[-2:-1] == ("expr",) or path[0] == "sql":
        return "sql"
    if (last in ("type", "source_type") and noun != "exposure") or path[-2:-1] == ("arrives",):
        return "type"
    if path[-2:-1] == ("columns",):
        return "reference" if noun == "dimension" else "type"
    if last in _REFERRING or last == "columns" or path[-2:-1] == ("dimensions",):
        return "reference"
    return "text" if last in _FREE else "value"


def column_types(text: str) -> dict[str, str]:
    """The columns of a spec whose type is written there, by name."""
    found: dict[str, str] = {}
    for document in yaml.compose_all(text):
        _types_in(document, "", found)
    return found


def _types_in(node: yaml.Node, name: str, found: dict[str, str]) -> None:
    if isinstance(node, yaml.ScalarNode) and name and parse_type(node.value):
        found[name] = node.value
    if not isinstance(node, yaml.MappingNode):
        return
    inner = {k.value: v for k, v in node.value}
    if isinstance(inner.get("type"), yaml.ScalarNode):
        as_ = inner.get("as")
        found[as_.value if isinstance(as_, yaml.ScalarNode) else name] = inner["type"].value
    for key, value in inner.items():
        _types_in(value, key, found)
