"""What may be typed at a place: keys and values of the spec language, tables, columns, types, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from whgen.ir.types import TYPE_NAMES
from whgen.lsp.knowledge import Knowledge, KnownColumn, KnownTable
from whgen.lsp.schema import Allowed, Word, allowed, noun_of, nouns
from whgen.lsp.scope import columns_at, tables_at
from whgen.spec.cursor import Cursor, cursor_at
from whgen.sql.catalogue.lookup import GROUPS

_TABLE_KEYS = {"from", "table", "of", "references", "depends_on", "union", "tables", "uses"}
"""Keys whose value, or a part of it, names a table."""
_COLUMN_KEYS = {
    "key",
    "on",
    "by",
    "as_of",
    "order",
    "order_by",
    "column",
    "columns",
    "degenerate",
    "measures",
    "attributes",
    "partition_by",
}
_COLUMN_KEYS |= {
    "cluster_by",
    "group_by",
    "from_",
    "updated_at",
    "valid_from",
    "freshness",
    "balance_of",
    "milestones",
    "periods",
    "deleted",
}
_FROM = re.compile(r"\b(?:from|join)\s+\w*$", re.IGNORECASE)
_MOST_TABLES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that may be typed."""

    label: str
    kind: str
    detail: str = ""
    documentation: str = ""
    insert: str = ""
    rank: int = 5
    """Lower ones stand higher."""


def complete(text: str, offset: int, knowledge: Knowledge) -> tuple[str, tuple[Item, ...]]:
    """The word at an offset as far as it is typed, and what it may become."""
    cursor = cursor_at(text, offset)
    noun = noun_of(cursor.value)
    found: dict[str, Item] = {}
    for item in _items(cursor, noun, knowledge):
        if item.label not in cursor.siblings:
            found.setdefault(item.label, item)
    items = sorted(found.values(), key=lambda i: (i.rank, i.label))
    return cursor.word, tuple(items)


def _items(cursor: Cursor, noun: str, knowledge: Knowledge) -> Iterator[Item]:
    if not noun:
        if not cursor.path:
            yield from (_key_item(word) for word in nouns())
        return
    at = allowed(noun, cursor.path, cursor.value)
    if cursor.place == "key":
        yield from _keys(cursor, noun, at, knowledge)
        return
    if cursor.alone:
        yield from _keys(cursor, noun, at, knowledge)
    if "Sql" in at.kinds:
        yield from _sql(cursor, noun, knowledge)
        return
    yield from (Item(label=w.name, kind="value", documentation=w.description, rank=1) for w in at.values)
    if "TypeName" in at.kinds:
        yield from (Item(label=name, kind="type", rank=2) for name in TYPE_NAMES)
    yield from _names(cursor, noun, knowledge)


def _keys(cursor: Cursor, noun: str, at: Allowed, knowledge: Knowledge) -> Iterator[Item]:
    yield from (_key_item(word) for word in at.keys)
    last = cursor.path[-1] if cursor.path else ""
    if noun == "fact" and cursor.path == ("dimensions",):
        yield from (_table_item(t, t.noun, insert=f"{t.noun}: ") for t in knowledge.by_kind("dimension"))
    elif last in _COLUMN_KEYS - {"tables"} and last != "freshness" and noun != "warehouse":
        yield from _columns(cursor, noun, knowledge, after=": ")


def _key_item(word: Word) -> Item:
    # What is a mapping goes on in the next line.
    return Item(label=word.name, kind="key", documentation=word.description, insert=f"{word.name}:{'' if word.opens else ' '}", rank=1)


def _names(cursor: Cursor, noun: str, knowledge: Knowledge) -> Iterator[Item]:
    """Names of tables and columns, where the nearest key says that one stands here."""
    keys = [part for part in cursor.path if isinstance(part, str)]
    last = keys[-1] if keys else ""
    if last == "dimension":
        yield from (_table_item(t, t.noun) for t in knowledge.by_kind("dimension"))
    elif last == "of":
        yield from (_table_item(t, t.noun) for t in knowledge.by_kind("fact"))
    elif last == "depends_on":
        yield from (_table_item(t, t.name) for t in knowledge.tables.values())
    elif last in _TABLE_KEYS:
        # A name with a point is two words for an editor: what stands before the point is typed already.
        before = cursor.before.rpartition(" ")[2]
        for table in knowledge.tables.values():
            if table.reference.startswith(before):
                yield _table_item(table, table.reference.removeprefix(before))
    elif last in _COLUMN_KEYS or (len(keys) > 1 and keys[-2] in _COLUMN_KEYS | {"dimensions", "join"}):
        yield from _columns(cursor, noun, knowledge)


def _columns(cursor: Cursor, noun: str, knowledge: Knowledge, after: str = "") -> Iterator[Item]:
    for name, (column, table) in columns_at(knowledge, noun, cursor.path, cursor.value).items():
        yield column_item(column, table, insert=f"{name}{after}" if after else "")


def _sql(cursor: Cursor, noun: str, knowledge: Knowledge) -> Iterator[Item]:
    if noun == "model" and cursor.path[:1] in (("sql",), ("select",)):
        yield from _select(cursor, knowledge)
    else:
        yield from _columns(cursor, noun, knowledge)
    yield from functions()


def _select(cursor: Cursor, knowledge: Knowledge) -> Iterator[Item]:
    """In a whole SELECT: models behind FROM, else columns of all that it names."""
    if _FROM.search(cursor.before):
        yield from (_table_item(t, t.name) for t in knowledge.tables.values())
        return
    words = set(re.findall(r"\w+", cursor.before + " " + cursor.after))
    for table in (t for name, t in knowledge.tables.items() if name in words):
        yield from (column_item(column, table.name) for column in table.columns)
    yield from (_table_item(t, t.name) for t in knowledge.tables.values() if t.name not in words)


def _table_item(table: KnownTable, label: str, insert: str = "") -> Item:
    return Item(label=label, kind="table", detail=f"{table.kind} {table.name}", documentation=table.description, insert=insert, rank=2)


def column_item(column: KnownColumn, table: str, insert: str = "") -> Item:
    """A column as something to type."""
    type_ = column.type + ("" if column.nullable or not column.type else ", never missing")
    detail = f"{type_} of {table}" if type_ else table
    return Item(label=column.name, kind="column", detail=detail, documentation=column.description, insert=insert, rank=2)


@cache
def functions() -> tuple[Item, ...]:
    """The functions of the catalogue."""
    found: dict[str, Item] = {}
    for group, entries in GROUPS.items():
        for entry in entries:
            if re.fullmatch(r"\w+", entry.name):
                usage = entry.usage
                name = entry.name.lower()
                insert = f"{name}(" if "(" in usage else name
                found.setdefault(
                    name,
                    Item(
                        label=name,
                        kind="function",
                        detail=f"{usage}  ({group})",
                        documentation=f"As in `{entry.example}`. NULL: {entry.nulls}.",
                        insert=insert,
                        rank=4,
                    ),
                )
    return tuple(found.values())


__all__ = ["Item", "complete", "functions", "tables_at"]
