"""A table or a column -> everything that is known of it, as values of JSON: what `whgen explain` prints and `whgen docs` shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from whgen.diagnostics.diagnostic import Span
from whgen.dialects.base import Dialect
from whgen.ir.source import Freshness, Source, SourceTable
from whgen.ir.warehouse import Column, ComputedDimension, Dimension, Fact, HandWritten, Role, Table, Warehouse
from whgen.lineage.compiler import kind_of, lineage_of
from whgen.lineage.document import edge_data, exposures_of, node_data
from whgen.lineage.graph import Edge, Lineage, Node
from whgen.plan.tests import PlannedTest, planned_tests

_SCD = {
    0: "type 0: keeps the value that it had first",
    1: "type 1: shows the last value in all versions",
    2: "type 2: a change begins a new version",
    3: "type 3: holds the value before the last change",
}
Data = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Atlas:
    """A warehouse and its lineage as one warehouse product builds it, with the tests of each table."""

    warehouse: Warehouse
    dialect: Dialect
    lineage: Lineage
    _tests: dict[str, Sequence[PlannedTest]] = field(default_factory=dict)

    @classmethod
    def of(cls, warehouse: Warehouse, dialect: Dialect) -> Atlas:
        """The atlas of a warehouse."""
        return cls(warehouse=warehouse, dialect=dialect, lineage=lineage_of(warehouse, dialect))

    def table(self, name: str) -> Table | None:
        """The table of a name; None for the table of a source."""
        return next((t for t in self.warehouse.tables if t.name == name), None)

    def tests(self, table: Table) -> Sequence[PlannedTest]:
        """The tests of a table and its columns."""
        if table.name not in self._tests:
            self._tests[table.name] = planned_tests(table, self.warehouse, self.dialect)
        return self._tests[table.name]

    def source(self, name: str) -> tuple[Source, SourceTable, Freshness | None, Span]:
        """The table of a source, by its name in the lineage."""
        return next((s, t, f, span) for s in self.warehouse.sources for t, f, span in s.tables if f"{s.name}.{t.name}" == name)


def about_table(atlas: Atlas, name: str) -> Data:
    """What is known of a table: what it is, its columns, its neighbours, its tests."""
    rows = Node(name)
    common = {
        "reads": sorted({e.source.table for e in atlas.lineage.into(rows) if not e.source.column} - {name}),
        "read_by": sorted({e.target.table for e in atlas.lineage.out_of(rows) if not e.target.column} - {name}),
        "rows": [edge_data(e) for e in atlas.lineage.into(rows) if e.source.column],
        "exposures": list(exposures_of(atlas.lineage, [name])),
    }
    table = atlas.table(name)
    if table is None:
        return {**_about_source(atlas, name), **common}
    return {
        "name": name,
        "kind": kind_of(table),
        "place": place(table.span),
        "description": table.description,
        "grain": table.grain if isinstance(table, Fact | HandWritten) else None,
        "key": list(table.key),
        "materialized": table.materialized,
        "reference": atlas.lineage.tables[name].reference or None,
        "tags": list(table.tags),
        "history": _history_of(table),
        "hierarchies": {h.name: list(h.levels) for h in table.hierarchies} if isinstance(table, Dimension) else {},
        "roles": [_role_data(r, table) for r in roles_of(table)],
        "played": played(atlas, table),
        "outrigger_of": referring(atlas, table),
        **common,
        "tests": [_test_data(t) for t in atlas.tests(table) if t.column is None],
        "columns": [column_data(atlas, table, c) for c in table.columns],
    }


def about_column(atlas: Atlas, node: Node) -> Data:
    """What is known of a column: what it is made of, from the sources on, its tests, and who uses it."""
    lineage, table = atlas.lineage, atlas.table(node.table)
    steps = steps_to(lineage, node)
    sources = sorted({n for e in steps for n in (e.source, node) if lineage.tables[n.table].kind == "source"})
    used = lineage.below([node])
    data: Data = {"table": node.table, "kind": lineage.tables[node.table].kind}
    column = table.column(node.column) if table is not None else None
    if table is not None and column is not None:
        data |= column_data(atlas, table, column)
    else:
        data |= {"name": node.column, "type": lineage.tables[node.table].columns[node.column] or None}
        data["place"] = place(lineage.tables[node.table].span)
    serves = (
        [*played(atlas, table), *referring(atlas, table)]
        if isinstance(table, Dimension | ComputedDimension) and node.column == table.surrogate_key
        else []
    )
    tables = {node.table} | {e.target.table for e in used} | {s["table"] for s in serves}
    return {
        **data,
        "sources": [node_data(n) for n in sources],
        "steps": [edge_data(e) for e in steps],
        "rows": [edge_data(e) for e in lineage.above([node]) if not e.target.column and e.source.column],
        "used_by": [edge_data(e) for e in lineage.out_of(node)],
        "joined_by": serves,
        "reaches": sorted({str(e.target) for e in used if e.target.column}),
        "exposures": list(exposures_of(lineage, tables)),
    }


def steps_to(lineage: Lineage, node: Node) -> list[Edge]:
    """The edges that lead to a column's value, in the order in which they are done."""
    found: dict[Edge, None] = {}
    pending: list[tuple[Node, bool]] = [(node, False)]
    seen: set[Node] = set()
    while pending:
        here, is_done = pending.pop()
        if is_done:
            found.update(dict.fromkeys(e for e in lineage.into(here) if e.source.column))
        elif here not in seen:
            seen.add(here)
            pending.append((here, True))
            pending += [(e.source, False) for e in reversed(lineage.into(here)) if e.source.column]
    return list(found)


def column_data(atlas: Atlas, table: Table, column: Column) -> Data:
    """What its spec says of a column, and its tests."""
    return {
        "name": column.name,
        "type": str(column.type) if column.type.is_known else None,
        "native_type": atlas.dialect.type_name(column.type),
        "nullable": column.type.nullable,
        "description": column.description,
        "unit": column.unit or None,
        "pii": column.pii or None,
        "role": _part_of(table, column.name),
        "additivity": next((m.additivity for m in table.measures if m.column.name == column.name), None)
        if isinstance(table, Fact)
        else None,
        "history": _policy(table, column.name),
        "points_to": _points_to(table, column.name),
        "place": place(column.span),
        "tests": [_test_data(t) for t in atlas.tests(table) if t.column == column.name],
    }


def place(span: Span) -> Data:
    """Where something stands in the specs."""
    return {"file": span.file, "line": span.line}


def played(atlas: Atlas, table: Table) -> list[Data]:
    """The roles in which facts use a dimension."""
    return _used_in_roles(atlas.warehouse.facts, table)


def referring(atlas: Atlas, table: Table) -> list[Data]:
    """The roles in which members of other dimensions refer to a dimension."""
    return _used_in_roles(atlas.warehouse.dimensions, table)


def _used_in_roles(users: Iterable[Table], table: Table) -> list[Data]:
    return [
        {"table": user.name, **_role_data(role, user)} for user in users for role in roles_of(user) if role.dimension.name == table.name
    ]


def roles_of(table: Table) -> tuple[Role, ...]:
    """The roles that dimensions play for a table."""
    return table.roles if isinstance(table, Fact) else table.outriggers if isinstance(table, Dimension) else ()


def _role_data(role: Role, user: Table) -> Data:
    return {
        "column": role.column.name,
        "role": role.column.name.removesuffix("_key"),
        "dimension": role.dimension.name,
        "key": role.dimension.surrogate_key,
        "on": [f"{user.base.name}.{name}" for name in role.on] if isinstance(user, Fact | Dimension) else [],
        "missing": role.missing,
        "as_of": role.as_of.name if role.as_of is not None else None,
    }


def _points_to(table: Table, name: str) -> Data | None:
    """The dimension whose key a column of a fact is, and how that keeps history."""
    role = next((r for r in roles_of(table) if r.column.name == name), None)
    if role is None:
        return None
    return {**_role_data(role, table), "history": _history_of(role.dimension)}


def _additivity(table: Table, name: str) -> str | None:
    measures = table.measures if isinstance(table, Fact) else ()
    return next((m.additivity for m in measures if m.column.name == name), None)


def _part_of(table: Table, name: str) -> str:
    """What a column is for, in the words of dimensional modelling."""
    if isinstance(table, Dimension | ComputedDimension | Fact) and name == table.surrogate_key:
        return "surrogate key"
    if isinstance(table, Fact):
        if any(r.column.name == name for r in table.roles):
            return "foreign key"
        if any(m.column.name == name for m in table.measures):
            return "measure"
        return "degenerate dimension"
    if isinstance(table, Dimension | ComputedDimension) and name in table.business_key:
        return "business key"
    if name in table.key:
        return "key"
    return "attribute" if isinstance(table, Dimension | ComputedDimension) else ""


def _policy(table: Table, name: str) -> str | None:
    if not isinstance(table, Dimension):
        return None
    scd = next((a.scd for a in table.attributes if a.column.name == name), None)
    if scd is None or (table.history is None and scd == 1):
        return None
    return _SCD[scd]


def _history_of(table: Table) -> str | None:
    if not isinstance(table, Dimension) or table.history is None:
        return None
    if table.history.snapshot is not None:
        return f"versions from dbt's snapshot {table.history.snapshot}"
    what = "full extracts, dated by" if table.history.is_extract else "rows dated by"
    return f"versions from {what} {table.history.moment.name}"


def _test_data(test: PlannedTest) -> Data:
    return {
        "name": test.name,
        "test": test.test,
        # Of a mapping the names alone: what a cast loses is SQL that fills pages.
        "arguments": {k: list(v) if isinstance(v, Mapping) else v for k, v in test.arguments.items()},
        "severity": test.severity,
        "where": test.where or None,
        "place": place(test.span),
    }


def _about_source(atlas: Atlas, name: str) -> Data:
    source, table, freshness, span = atlas.source(name)
    ages: Mapping[str, Any] = {}
    if freshness is not None:
        both = (("warn_after", freshness.warn_after), ("error_after", freshness.error_after))
        ages = {"column": freshness.column, **{k: f"{a[0]} {a[1]}" for k, a in both if a}}
    columns = [
        {
            "name": column,
            "type": str(types[atlas.dialect.name].type) if types[atlas.dialect.name].type.is_known else None,
            "description": "",
        }
        for column, types in table.columns
    ]
    return {
        "name": name,
        "kind": "source",
        "place": place(span),
        "description": table.description or source.description,
        "freshness": dict(ages) or None,
        "key": [],
        "tests": [],
        "columns": columns,
    }
