"""How Postgres keeps tables: logged or not, with which indexes and constraints.

dbt replaces a table by building another beside it and dropping the old one with all that hangs on it. A foreign key that points to it
goes with it, and comes back when the fact is built next: in a whole build that is right behind, since dbt builds a dimension before the
facts whose foreign keys refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from whgen.dialects.physical import Constraints, Physical, Problem
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, HandWritten, Role, Seed, Table, Warehouse

_KEPT = ("table", "incremental")
_OF_TABLES = ("unlogged", "constraints", "indexes")


def physical(table: Table, warehouse: Warehouse, quoted: Callable[[str], str]) -> Physical:
    """The configuration and constraints of a model; of a seed dbt knows none."""
    options = table.options.settings.get("postgres", {})
    if isinstance(table, Seed):
        return Physical()
    config: dict[str, Any] = {}
    if options.get("grants"):
        config["grants"] = {privilege: list(roles) for privilege, roles in options["grants"].items()}
    if table.materialized not in _KEPT:
        wanted = [name for name in _OF_TABLES if name in table.options.own.get("postgres", ()) and options.get(name)]
        return Physical(
            config=config, problems=tuple(Problem(f"`{n}` is for tables, and this is a {table.materialized}", _AS_TABLE, n) for n in wanted)
        )
    if options.get("unlogged"):
        config["unlogged"] = True
    if indexes := _indexes(table, quoted):
        config["indexes"] = indexes
    if table.materialized == "incremental" and not isinstance(table, Fact):
        # Deleting rows to insert them again is refused as long as a fact refers to them.
        config["incremental_strategy"] = "merge"
    if not options.get("constraints"):
        return Physical(config=config)
    if problems := tuple(_problems(table, warehouse)):
        return Physical(problems=problems)
    key = _key(table)
    columns: dict[str, Constraints] = {key[0]: ({"type": "primary_key"},)} if len(key) == 1 else {}
    for role in _enforced(table, warehouse):
        columns[role.column.name] = (*columns.get(role.column.name, ()), _foreign_key(role))
    return Physical(
        config={**config, "contract": {"enforced": True}},
        constraints=({"type": "primary_key", "columns": list(key)},) if len(key) > 1 else (),
        column_constraints=columns,
    )


_AS_TABLE = "give it `materialized: table`, or take the option out"


def _indexes(table: Table, quoted: Callable[[str], str]) -> list[dict[str, Any]]:
    options = table.options.settings.get("postgres", {})
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    if options.get("key_indexes", True):
        for column in _joined_on(table, has_primary_key=bool(options.get("constraints"))):
            found[(column,)] = {"columns": [quoted(column)]}
    for index in options.get("indexes", ()):
        kind = {"unique": True} if index.get("unique") else {}
        method = {"type": index["method"]} if index.get("method") else {}
        found[tuple(index["columns"])] = {"columns": [quoted(c) for c in index["columns"]], **kind, **method}
    return list(found.values())


def _joined_on(table: Table, *, has_primary_key: bool) -> Iterator[str]:
    """The keys that the table is joined on, and what increments go by; a primary key has an index already."""
    if isinstance(table, Fact):
        yield from dict.fromkeys(role.column.name for role in table.roles)
        if table.incremental is not None:
            yield table.incremental.column
    elif isinstance(table, Dimension | ComputedDimension) and not has_primary_key:
        yield table.surrogate_key


def _key(table: Table) -> tuple[str, ...]:
    return (table.surrogate_key,) if isinstance(table, Dimension | ComputedDimension | Fact) else table.key


def _foreign_key(role: Role) -> dict[str, Any]:
    return {"type": "foreign_key", "to": f"ref('{role.dimension.name}')", "to_columns": [role.dimension.surrogate_key]}


def _enforced(table: Table, warehouse: Warehouse) -> Iterator[Role]:
    """The roles that become foreign keys: not those of a dimension that is itself made of the fact, which must be built after it; and
    none of a fact that is not built anew, since they go with the dimensions that are."""
    if isinstance(table, Fact) and table.incremental is None:
        yield from (role for role in table.roles if not _is_made_of(role.dimension, table.name, warehouse))


def _is_made_of(table: Table, name: str, warehouse: Warehouse) -> bool:
    todo, seen = [table], set()
    while todo:
        current = todo.pop()
        if current.name == name:
            return True
        if current.name in seen:
            continue
        seen.add(current.name)
        match current:
            case Dimension():
                bases = [current.base, *(t for r in current.references if (t := warehouse.table(r.base)) is not None)]
            case Fact():
                bases = [current.base, *(r.dimension for r in current.roles if r.missing == "unknown")]
            case HandWritten():
                bases = [t for reference in current.reads if (t := warehouse.table(reference)) is not None]
            case _:
                bases = []
        todo += [warehouse.table(base.name) or base for base in bases]
    return False


def _problems(table: Table, warehouse: Warehouse) -> Iterator[Problem]:
    for column in table.columns:
        if not column.type.is_known:
            yield Problem(
                f"constraints need the types of all columns, and that of `{column.name}` is not known",
                "declare its `type`, or set `constraints: false` for this table",
            )
    unlogged = bool(table.options.settings["postgres"].get("unlogged"))
    for role in _enforced(table, warehouse):
        dimension = warehouse.table(role.dimension.name) or role.dimension
        options = dimension.options.settings.get("postgres", {})
        if dimension.materialized not in _KEPT or not options.get("constraints"):
            yield Problem(
                f"the foreign key `{role.column.name}` needs a primary key in `{dimension.name}`, which has none",
                f"set `constraints: true` for `{dimension.name}`, too, as a table",
            )
        elif options.get("unlogged") and not unlogged:
            yield Problem(
                f"the foreign key `{role.column.name}` of a logged table cannot refer to `{dimension.name}`, which is unlogged",
                "set `unlogged` for both or for none",
            )
