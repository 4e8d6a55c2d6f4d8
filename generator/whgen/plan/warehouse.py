"""Warehouse x dialect -> the parts of a dbt project: every file of the dbt project, and the node that each spec becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from whgen.dialects.base import Dialect
from whgen.ir.environment import Exposure, Layer, Target
from whgen.ir.inputs import Composed, RoleView
from whgen.ir.source import Source
from whgen.ir.warehouse import (
    CalendarDimension,
    ComputedDimension,
    Dimension,
    Fact,
    HandWritten,
    Seed,
    Staging,
    Table,
    TimeDimension,
    Warehouse,
)
from whgen.plan.calendar import calendar_view
from whgen.plan.dimension import dimension_view
from whgen.plan.fact import fact_view
from whgen.plan.hand_written import hand_written_view
from whgen.plan.history import snapshot_properties
from whgen.plan.outriggers import outriggers_of
from whgen.plan.project import FromTemplate, Node, Part, ReadmeView, TextFile, YamlFile
from whgen.plan.properties import exposure_properties, model_properties, source_properties
from whgen.plan.semantic import semantic_part
from whgen.plan.sql import source_table_name
from whgen.plan.staging import staging_view
from whgen.plan.tests import PlannedTest, planned_tests, references
from whgen.plan.time_of_day import time_view
from whgen.plan.unit_tests import UnitTest, unit_test_entry, unit_tests

File = FromTemplate | YamlFile | TextFile


def plan_project(warehouse: Warehouse, dialect: Dialect) -> list[Callable[[], Part]]:
    """The dbt project of a warehouse for one dialect: its parts, each planned when it is called, so that no two have to be held at once."""
    return [
        partial(_project_part, warehouse, dialect),
        *(partial(_source_part, source, dialect) for source in warehouse.sources),
        *(partial(_table_part, table, warehouse, dialect) for table in warehouse.tables),
        *(partial(_snapshot_part, dimension, dialect) for dimension in warehouse.snapshotted),
        *([partial(_exposures_part, warehouse.exposures)] if warehouse.exposures else ()),
        *([partial(semantic_part, warehouse, dialect)] if warehouse.semantic_layer else ()),
    ]


def _project_part(warehouse: Warehouse, dialect: Dialect) -> Part:
    return Part(files=tuple(_project_files(warehouse, dialect, tuple(t for t in warehouse.targets if t.warehouse == dialect.name))))


def _table_part(table: Table, warehouse: Warehouse, dialect: Dialect) -> Part:
    tests = planned_tests(table, warehouse, dialect)
    cases = unit_tests(table, warehouse, dialect) if warehouse.unit_tests else ()
    files = tuple(_table_files(table, tests, cases, warehouse, dialect))
    return Part(files=files, nodes=(*_table_nodes(table, tests), *_unit_test_nodes(table, cases)))


def _source_part(source: Source, dialect: Dialect) -> Part:
    path = PurePosixPath("models/staging", source.name, "sources.yml")
    return Part(
        files=(YamlFile(path=path, origin=source.file, tree=source_properties(source, dialect)),),
        nodes=tuple(
            Node(
                name=f"{source.name}.{source_table_name(t.name)}",
                kind="source",
                layer="source",
                description=t.description or source.description,
                span=span,
            )
            for t, _, span in source.tables
        ),
    )


def _snapshot_part(dimension: Dimension, dialect: Dialect) -> Part:
    tree = snapshot_properties(dimension, dialect)
    (entry,) = tree["snapshots"]
    path = PurePosixPath("snapshots", f"{entry['name']}.yml")
    node = Node(name=entry["name"], kind="snapshot", layer="production", description=entry["description"], span=dimension.span)
    return Part(files=(YamlFile(path=path, origin=dimension.file, tree=tree),), nodes=(node,))


def _exposures_part(exposures: tuple[Exposure, ...]) -> Part:
    path = PurePosixPath("models/exposures.yml")
    return Part(
        files=(YamlFile(path=path, origin=exposures[0].file, tree=exposure_properties(exposures)),),
        nodes=tuple(Node(name=e.name, kind="exposure", layer="exposure", description=e.description, span=e.span) for e in exposures),
    )


def _folder(table: Table) -> PurePosixPath:
    match table:
        case Staging():
            return PurePosixPath("models/staging", table.source)
        case Dimension() | ComputedDimension() | RoleView():
            return PurePosixPath("models/production/dimensions")
        case Fact():
            return PurePosixPath("models/production/facts")
        case Seed():
            return PurePosixPath("seeds")
        case Composed():
            return PurePosixPath("models/production", "inputs" if table.input_of else "composed")
        case _:
            return PurePosixPath("models/production/hand_written")


def _layer(table: Table, warehouse: Warehouse) -> Layer:
    return warehouse.staging if isinstance(table, Staging | Seed) else warehouse.production


def _table_files(
    table: Table, tests: tuple[PlannedTest, ...], cases: tuple[UnitTest, ...], warehouse: Warehouse, dialect: Dialect
) -> Iterator[File]:
    folder = _folder(table)
    path = folder / f"{table.name}.sql"
    config, physical = _config(table, warehouse), dialect.physical(table, warehouse)
    match table:
        case Staging():
            yield FromTemplate(path=path, template="models/staging.sql.j2", view=staging_view(table, dialect, config))
        case CalendarDimension():
            yield FromTemplate(path=path, template="models/calendar.sql.j2", view=calendar_view(table, dialect, config))
        case TimeDimension():
            yield FromTemplate(path=path, template="models/time_of_day.sql.j2", view=time_view(table, dialect, config))
        case Dimension():
            yield FromTemplate(
                path=path, template="models/dimension.sql.j2", view=dimension_view(table, dialect, config, outriggers_of(table, dialect))
            )
        case Fact():
            yield FromTemplate(path=path, template="models/fact.sql.j2", view=fact_view(table, dialect, config, physical))
        case HandWritten() if dialect.name in table.verbatim:
            yield TextFile(path=path, text=table.verbatim[dialect.name])
        case HandWritten():
            yield FromTemplate(path=path, template="models/hand_written.sql.j2", view=hand_written_view(table, dialect, config))
        case Seed():
            yield TextFile(path=folder / f"{table.name}.csv", text=table.text)
    kind = "seeds" if isinstance(table, Seed) else "models"
    extra: dict[str, Any] = {}
    if isinstance(table, Seed):
        extra = {"column_types": {c.name: dialect.type_name(c.type) for c in table.columns if c.type.is_known}}
    elif isinstance(table, HandWritten) and table.verbatim and table.materialized != warehouse.production.materialized:
        extra = {"materialized": table.materialized}
    tree: dict[str, Any] = {"version": 2, kind: [model_properties(table, tests, dialect, physical=physical, extra=extra)]}
    if cases:
        tree["unit_tests"] = [unit_test_entry(c, table, dialect) for c in cases]
    yield YamlFile(path=folder / f"{table.name}.yml", origin=table.file, tree=tree)


def _config(table: Table, warehouse: Warehouse) -> tuple[str, ...]:
    """The options of the model that differ from those of its layer."""
    if table.materialized == _layer(table, warehouse).materialized:
        return ()
    options = [f"materialized='{table.materialized}'"]
    if isinstance(table, Fact) and table.incremental is not None:
        # Its own view says it.
        return ()
    if isinstance(table, Dimension) and table.materialized == "incremental":
        options += [f"unique_key='{table.surrogate_key}'", "on_schema_change='append_new_columns'"]
    return tuple(options)


def _table_nodes(table: Table, tests: tuple[PlannedTest, ...]) -> Iterator[Node]:
    layer = "staging" if isinstance(table, Staging | Seed) else "production"
    yield Node(
        name=table.name,
        kind="seed" if isinstance(table, Seed) else "model",
        layer=layer,
        description=table.description,
        span=table.span,
        columns={c.name: c.span for c in table.columns},
        file=table.verbatim_file if isinstance(table, HandWritten) else "",
    )
    for test in tests:
        where = f"{table.name}.{test.column}" if test.column else table.name
        description, reads = f"{test.test} of {where}", (table.name, *references(test.arguments))
        yield Node(name=test.name, kind="test", layer=layer, description=description, span=test.span, reads=reads)


def _unit_test_nodes(table: Table, cases: tuple[UnitTest, ...]) -> Iterator[Node]:
    layer = "staging" if isinstance(table, Staging) else "production"
    for case in cases:
        yield Node(name=case.name, kind="test", layer=layer, description=case.description, span=table.span, reads=(table.name,))


def _project_files(warehouse: Warehouse, dialect: Dialect, targets: tuple[Target, ...]) -> Iterator[File]:
    prefixes = {t.name: t.schema_prefix for t in targets if t.schema_prefix}
    # A layer without models would be configured in vain, and dbt warns of that.
    used = [
        layer for layer, tables in ((warehouse.staging, warehouse.stagings), (warehouse.production, warehouse.production_tables)) if tables
    ]
    layers = {layer.name: {"+schema": layer.schema, "+materialized": layer.materialized} for layer in used}
    project: dict[str, Any] = {
        "name": warehouse.name,
        "config-version": 2,
        "require-dbt-version": [">=1.11.0", "<3.0.0"],
        "profile": warehouse.name,
        "model-paths": ["models"],
        "seed-paths": ["seeds"],
        "test-paths": ["tests"],
        "macro-paths": ["macros"],
        "clean-targets": ["target"],
        "flags": {"send_anonymous_usage_stats": False},
    }
    documented = {"+persist_docs": {"relation": True, "columns": True}} if warehouse.persist_docs else {}
    if layers:
        project["models"] = {warehouse.name: {**documented, **layers}}
    if warehouse.snapshotted:
        project["snapshot-paths"] = ["snapshots"]
        project["snapshots"] = {warehouse.name: {"+schema": warehouse.production.schema, **documented}}
    if warehouse.seeds:
        project["seeds"] = {warehouse.name: {"+schema": warehouse.staging.schema, **documented}}
    per_developer = [t.name for t in targets if t.per_developer]
    variables = {"schema_prefixes": prefixes, "per_developer": per_developer, **dialect.variables(warehouse)}
    if any(variables.values()):
        project["vars"] = {name: value for name, value in variables.items() if value}
    variable = warehouse.name.upper()
    outputs = {t.name: _in_environment(t, dialect.profile(t, f"{variable}_{t.name.upper()}")) for t in targets}
    origin = warehouse.file
    yield YamlFile(path=PurePosixPath("dbt_project.yml"), origin=origin, tree=project)
    yield YamlFile(
        path=PurePosixPath("profiles.yml"), origin=origin, tree={warehouse.name: {"target": targets[0].name, "outputs": outputs}}
    )
    yield TextFile(path=PurePosixPath(".gitignore"), text="target/\nlogs/\n.user.yml\n")
    yield FromTemplate(
        path=PurePosixPath("README.md"),
        template="README.md.j2",
        view=ReadmeView(
            name=warehouse.name,
            description=warehouse.description,
            adapter=dialect.adapter,
            default_target=targets[0].name,
            folder=f"generated/{dialect.name}",
            has_files=dialect.is_local,
            tables=tuple(f"| `{t.name}` | {t.description} |" for t in warehouse.production_tables),
        ),
    )


def _in_environment(target: Target, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with a schema for each environment.

    Models name theirs (macros/environment.sql); but dbt parses a project anew only when variables change that the profile reads.
    """
    developer = "{{ env_var('WHGEN_DEV_SCHEMA', env_var('USER', env_var('USERNAME', ''))) }}_" if target.per_developer else ""
    return {
        key: f"{{{{ env_var('WHGEN_SCHEMA_PREFIX', '') }}}}{developer}{value}" if key in ("schema", "dataset") else value
        for key, value in profile.items()
    }
