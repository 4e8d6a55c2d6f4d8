"""dbt's YAML: properties of models, sources, seeds and exposures. Only keys that dbt 1.11 and dbt 2 both take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whgen.dialects.base import Dialect
from whgen.dialects.physical import Constraints, Physical
from whgen.ir.environment import Exposure
from whgen.ir.source import Freshness, Source, SourceTable
from whgen.ir.types import Kind
from whgen.ir.warehouse import Column, Dimension, Fact, HandWritten, Table
from whgen.plan.sql import source_table_name
from whgen.plan.tests import PlannedTest

Tree = dict[str, Any]


def model_properties(
    table: Table, tests: Sequence[PlannedTest], dialect: Dialect, *, physical: Physical, extra: Mapping[str, Any] | None = None
) -> Tree:
    """The entry of a model or seed: description, configuration, constraints, tests, columns."""
    meta = dict(table.meta)
    if isinstance(table, Fact | HandWritten) and table.grain:
        meta = {"grain": table.grain, **meta}
    if isinstance(table, Fact) and table.bridge is not None:
        meta = {"bridge": {"group": list(table.bridge.group), "weight": table.bridge.weight}, **meta}
    if isinstance(table, Dimension) and table.hierarchies:
        meta = {"hierarchies": {h.name: list(h.levels) for h in table.hierarchies}, **meta}
    config = _present(tags=list(table.tags), meta=meta) | dict(extra or {}) | dict(physical.config) | dict(table.dbt)
    return _present(
        name=table.name,
        description=table.description,
        config=config,
        constraints=list(physical.constraints),
        data_tests=[_test_entry(t) for t in tests if t.column is None],
        columns=[
            _column_entry(c, table, [t for t in tests if t.column == c.name], dialect, physical.column_constraints.get(c.name, ()))
            | dict(physical.column_properties.get(c.name, {}))
            for c in table.columns
        ],
    )


def source_properties(source: Source, dialect: Dialect) -> Tree:
    """The file of a source and its tables."""
    location = dict(dialect.source(source.location[dialect.name]))
    config = dict(location.pop("config", {}))
    if source.meta:
        config["meta"] = {**source.meta, **config.get("meta", {})}
    if source.tags:
        config["tags"] = list(source.tags)
    entry = _present(
        name=source.name,
        description=source.description,
        **location,
        config=config,
        tables=[_table_entry(t, f, dialect, is_file="schema" not in location) for t, f, _ in source.tables],
    )
    return {"version": 2, "sources": [entry]}


def exposure_properties(exposures: Sequence[Exposure]) -> Tree:
    """The file of all exposures."""
    return {
        "version": 2,
        "exposures": [
            _present(
                name=e.name,
                label=e.label,
                type=e.type,
                maturity=e.maturity,
                url=e.url,
                description=e.description,
                depends_on=[f"ref('{name}')" for name in e.depends_on],
                owner=dict(e.owner),
                config=_present(tags=list(e.tags), meta=dict(e.meta)),
            )
            for e in exposures
        ],
    }


def _present(**entries: Any) -> Tree:
    return {name: value for name, value in entries.items() if value not in ("", None, [], {})}


def _column_entry(column: Column, table: Table, tests: Sequence[PlannedTest], dialect: Dialect, constraints: Constraints) -> Tree:
    meta = dict(column.meta)
    if column.pii:
        meta = {"pii": column.pii, **meta}
    if column.unit:
        meta = {"unit": column.unit, **meta}
    if isinstance(table, Fact):
        additivity = next((m.additivity for m in table.measures if m.column.name == column.name), "")
        meta = {**({"additivity": additivity} if additivity else {}), **meta}
    entry = _present(
        name=column.name,
        description=column.description,
        data_type=dialect.type_name(column.type),
        config=_present(tags=list(column.tags), meta=meta),
        constraints=[dict(c) for c in constraints],
        data_tests=[_test_entry(t) for t in tests],
    )
    if dialect.needs_quotes(column.name):
        entry["quote"] = True
    return entry


def _test_entry(test: PlannedTest) -> Tree:
    config = _present(severity="" if test.severity == "error" else test.severity, where=test.where)
    return {test.test: _present(name=test.name, arguments=dict(test.arguments), config=config)}


def _instant(freshness: Freshness, dialect: Dialect) -> str:
    """The column as dbt compares it with the clock: texts and days it refuses."""
    name, type_ = dialect.name_sql(freshness.column), freshness.types[dialect.name]
    is_instant = not type_.is_known or type_.kind in (Kind.TIMESTAMP, Kind.DATETIME)
    return name if is_instant else f"CAST({name} AS {dialect.types[Kind.TIMESTAMP]})"


def _table_entry(table: SourceTable, freshness: Freshness | None, dialect: Dialect, *, is_file: bool) -> Tree:
    config: Tree = {}
    if freshness is not None:
        ages = {
            k: {"count": a[0], "period": a[1]}
            for k, a in (("warn_after", freshness.warn_after), ("error_after", freshness.error_after))
            if a
        }
        config = {"freshness": ages, "loaded_at_field": _instant(freshness, dialect)}
    columns = [_present(name=n, data_type=t[dialect.name].native or dialect.type_name(t[dialect.name].type)) for n, t in table.columns]
    name = source_table_name(table.name)
    # dbt puts the identifier into quotes as it is.
    identifier = table.name if is_file else table.name.replace('"', '""')
    renamed = {"identifier": identifier} if identifier != name else {}
    return _present(name=name, **renamed, description=table.description, config=config, columns=columns)
