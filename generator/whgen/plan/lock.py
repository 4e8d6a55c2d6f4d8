"""What a warehouse was found to hold -> the documents of `sources.lock`. Those of other warehouses stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whgen.dialects.base import Dialect
from whgen.dialects.native import is_own_name, logical_type
from whgen.spec.document import is_usable
from whgen.spec.lock import Lock, LockedColumn

Found = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""(source, table) -> its columns in their order, each with the warehouse's own name of its type."""
LONGEST_NAME = 300


def lock_documents(lock: Lock, dialect: Dialect, found: Found) -> Iterator[Mapping[str, Any]]:
    """The documents, sorted by source and warehouse; tables are sorted by name, columns stand in the order of the table."""
    read = {(source, dialect.name) for source, _ in found}
    kept = {(source, warehouse) for source, warehouse in lock.sources if warehouse != dialect.name}
    for source, warehouse in sorted(read | kept):
        if warehouse == dialect.name:
            tables = {t: {c: _column(native, dialect) for c, native in columns} for (s, t), columns in sorted(found.items()) if s == source}
        else:
            spec = lock.sources[source, warehouse].spec
            tables = {name: {c: _entry(locked) for c, locked in columns.items()} for name, columns in sorted(spec.tables.items())}
        yield {"source": source, "warehouse": warehouse, "tables": tables}


def changes(lock: Lock, table: tuple[str, str], columns: Sequence[tuple[str, str]], dialect: Dialect) -> str:
    """How the columns of a table differ from what the lock says of it, in words; nothing where they do not, or it says nothing."""
    at = lock.sources.get((table[0], dialect.name))
    locked = at.spec.tables.get(table[1]) if at is not None else None
    if locked is None:
        return ""
    now = {name: _column(native, dialect) for name, native in columns if is_nameable(name)}
    before = {name: _entry(column) for name, column in locked.items()}
    parts = (
        ("lost", [n for n in before if n not in now]),
        ("gained", [n for n in now if n not in before]),
        ("has another type for", [n for n in now if n in before and now[n] != before[n]]),
    )
    return ", and ".join(f"{verb} {', '.join(f'`{n}`' for n in names)}" for verb, names in parts if names)


def is_nameable(column: str) -> bool:
    """Whether a spec can speak of a column, and the lock with it."""
    return bool(column) and len(column) <= LONGEST_NAME and is_usable(column)


def _column(native: str, dialect: Dialect) -> str | dict[str, str]:
    type_ = logical_type(native, dialect)
    # A nested type may have fields of any name; all that matters of it is that no logical type stands for it.
    shown = native if is_usable(native) else native.partition("(")[0]
    said = {"type": str(type_) if type_.is_known else None, "native": None if is_own_name(native, type_, dialect) else shown}
    return _entry(LockedColumn.model_validate({key: value for key, value in said.items() if value is not None}))


def _entry(column: LockedColumn) -> str | dict[str, str]:
    if column.native is None:
        return str(column.type)
    return {"type": column.type, "native": column.native} if column.type else {"native": column.native}
