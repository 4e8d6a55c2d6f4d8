"""Which tables and columns a place of a document can speak of. In: a document as far as it can be read, a path. Out: known columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whgen.diagnostics.diagnostic import Span
from whgen.lsp.knowledge import Knowledge, KnownColumn, KnownTable

Path = Sequence[str | int]
_NOWHERE = Span(file="")
_DECLARING = ("columns", "derive", "degenerate", "measures", "group_by", "aggregates")


def columns_at(knowledge: Knowledge, noun: str, path: Path, value: Mapping[str, Any]) -> dict[str, tuple[KnownColumn, str]]:
    """The columns that expressions and names at a path may mean, each with the table that it is of."""
    found: dict[str, tuple[KnownColumn, str]] = {}
    for table in tables_at(knowledge, noun, path, value):
        for column in (c for c in table.columns if c.kept or noun == "source"):
            found.setdefault(column.name, (column, table.name))
    for name in declared_in(noun, path, value):
        found.setdefault(name, (_unknown(name), "this document"))
    return found


def tables_at(knowledge: Knowledge, noun: str, path: Path, value: Mapping[str, Any]) -> Iterator[KnownTable]:
    """The tables whose columns a place can speak of, the nearest first."""
    for reference in references_at(noun, path, value):
        if (table := knowledge.table(reference)) is not None:
            yield table


def references_at(noun: str, path: Path, value: Mapping[str, Any]) -> Iterator[str]:
    """The names of these tables, as the document writes them."""
    if noun == "source" and len(path) >= 2 and path[0] == "tables":
        yield f"{value.get('source')}.{path[1]}"
        return
    if len(path) >= 2 and path[0] == "join":
        join = _inside(value, path[:2])
        if isinstance(join, Mapping):
            yield str(join.get("table") or path[1])
    if isinstance(value.get("from"), str):
        yield value["from"]
    aggregate = value.get("aggregate")
    if isinstance(aggregate, Mapping) and isinstance(aggregate.get("of"), str):
        yield f"fct_{aggregate['of']}"
        yield aggregate["of"]
    union = value.get("union")
    for item in union if isinstance(union, list) else union.get("tables", ()) if isinstance(union, Mapping) else ():
        yield item if isinstance(item, str) else str(item.get("table", "")) if isinstance(item, Mapping) else ""
    for name, join in (value.get("join") or {}).items() if isinstance(value.get("join"), Mapping) else ():
        yield str(join.get("table") or name) if isinstance(join, Mapping) else str(name)
    if noun in ("seed", "model") and isinstance(value.get(noun), str):
        yield value[noun]


def declared_in(noun: str, path: Path, value: Mapping[str, Any]) -> Iterator[str]:
    """The columns that the document itself makes around a place."""
    around = _inside(value, path[:2]) if noun == "source" else value
    if not isinstance(around, Mapping):
        return
    for section in _DECLARING:
        declared = around.get(section)
        if isinstance(declared, Mapping):
            for name, said in declared.items():
                yield str(said["as"]) if isinstance(said, Mapping) and isinstance(said.get("as"), str) else str(name)
        elif isinstance(declared, list):
            yield from (name for name in declared if isinstance(name, str))


def _inside(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, Mapping) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _unknown(name: str) -> KnownColumn:
    return KnownColumn(name=name, type="", nullable=True, description="", unit="", span=_NOWHERE)
