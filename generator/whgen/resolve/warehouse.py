"""Specs -> `Warehouse`: what the user wrote becomes what it means. The order of the calls is the order of knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from whgen.diagnostics.diagnostic import Report
from whgen.ir.environment import Layer, Target
from whgen.ir.inputs import Composed, RoleView
from whgen.ir.source import SourceTable
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, HandWritten, Reference, Table, Warehouse
from whgen.resolve.aggregate import resolve_aggregate
from whgen.resolve.breaking import resolve_breaking
from whgen.resolve.ci import resolve_ci
from whgen.resolve.composed import resolve_composed
from whgen.resolve.dimension import resolve_dimension, with_inferred
from whgen.resolve.fact import AnyDimension, resolve_fact
from whgen.resolve.graph import check_cycles
from whgen.resolve.junk import is_whole, kept_where
from whgen.resolve.model import resolve_exposure, resolve_model, resolve_seed, with_select
from whgen.resolve.order import in_order, is_composed
from whgen.resolve.outriggers import references_of, with_outriggers
from whgen.resolve.personal import check_classes, with_personal_data
from whgen.resolve.role_views import check_played, role_views
from whgen.resolve.rules import check_rules
from whgen.resolve.rules.checked import Checked
from whgen.resolve.schedule import resolve_schedules
from whgen.resolve.source import inputs_of, resolve_source, source_of
from whgen.resolve.symbols import Symbols, scope_of
from whgen.spec.dimension import DimensionSpec
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located, Specs
from whgen.spec.lock import Lock
from whgen.spec.warehouse import ProductionLayer, StagingLayer, WarehouseSpec
from whgen.sql.reference import REFERENCE


def resolve_warehouse(specs: Specs, lock: Lock, report: Report) -> Warehouse | None:
    """The warehouse that the specs describe. None only when there is no project file; every other mistake is in the report."""
    if specs.warehouse is None:
        return None
    project = specs.warehouse.spec
    targets = _targets(project)
    symbols = _symbols(specs, specs.warehouse, lock, report)
    _check_dictionary(specs.warehouse, symbols)
    if project.dialect != REFERENCE and symbols.warehouses != (project.dialect,):
        report.error(
            "not-portable",
            specs.warehouse.at("dialect"),
            f"expressions in the SQL of {project.dialect} are for {project.dialect} alone",
            help=f"the targets are on {' and '.join(symbols.warehouses)}: write them in `dialect: {REFERENCE}`",
        )

    # Staging models, seeds and hand-written models first: they are what dimensions and facts are made of.
    pairs = [resolve_source(at, project, symbols) for at in specs.sources]
    seeds = tuple(resolve_seed(at, specs.root, specs.texts, symbols) for at in specs.seeds)
    written = [at for at in specs.models if not is_composed(at.spec)]
    models: tuple[HandWritten, ...] = tuple(resolve_model(at, project, symbols) for at in written)
    for table in (*seeds, *models):
        symbols.add(table, table.name)
    by_noun, facts, composed = _made_of_parts(specs, project, symbols)
    if not symbols.lost:
        check_played(specs.dimensions, facts, report)
    # Facts decide which members of dimensions are inferred.
    dimensions = tuple(_with_references(d, facts, by_noun) for d in by_noun.values() if d is not None)

    # A hand-written SELECT may read everything, so everything must be known.
    symbols.tables.update({t.name: t for t in (*dimensions, *facts, *symbols.inputs)})
    scopes = {name: scope_of(table.columns) for name, table in symbols.tables.items()}
    models = tuple(with_select(m, at, specs.root, specs.texts, scopes, symbols) for m, at in zip(models, written, strict=True))
    models = tuple(sorted((*models, *composed), key=lambda m: m.name))
    exposures = tuple(resolve_exposure(at, symbols.tables, symbols) for at in specs.exposures)

    staging, production = _layers(specs.warehouse)
    warehouse = Warehouse(
        name=project.warehouse,
        file=specs.warehouse.file,
        description=project.description or "",
        persist_docs=project.persist_docs,
        run_history=project.run_history,
        unit_tests=project.unit_tests,
        semantic_layer=project.semantic_layer,
        policy_tags={name: found.policy_tag for name, found in project.pii.items() if found.policy_tag is not None},
        targets=targets,
        staging=staging,
        production=production,
        sources=tuple(source for source, _ in pairs),
        stagings=tuple(s for _, stagings in pairs for s in stagings),
        seeds=seeds,
        dimensions=dimensions,
        facts=facts,
        models=models,
        inputs=tuple(sorted(symbols.inputs, key=lambda t: t.name)),
        exposures=exposures,
        ci=resolve_ci(specs.warehouse, report),
        acknowledgements=tuple(resolve_breaking(specs.breaking, report)),
    )
    check_classes(specs.warehouse, symbols)
    warehouse = with_personal_data(warehouse, tuple(project.pii))
    if not report.has_errors:
        symbols.report_lost_tests()
    check_cycles((*warehouse.tables,), symbols.read_at, report)
    check_rules(Checked(warehouse=warehouse, specs=specs, symbols=symbols))
    return replace(warehouse, schedules=resolve_schedules(specs.schedules, warehouse, report))


def _made_of_parts(
    specs: Specs, project: WarehouseSpec, symbols: Symbols
) -> tuple[dict[str, AnyDimension | None], tuple[Fact, ...], tuple[Composed, ...]]:
    """Dimensions by their nouns, facts, and models of parts, which may all be made of each other."""
    inferred = {r.dimension or n for at in specs.facts for n, r in at.spec.dimensions.items() if r.missing == "infer"}
    inferred |= {r.dimension or n for at in specs.dimensions for n, r in at.spec.outriggers.items() if r.missing == "infer"}
    by_noun: dict[str, AnyDimension | None] = {}
    facts, composed, views = [], [], list[RoleView]()
    for at in in_order(specs, project, symbols):
        found: Table | None
        if isinstance(at.spec, DimensionSpec):
            found = resolve_dimension(at, project, symbols)
            found = with_outriggers(found, at, by_noun, symbols) if isinstance(found, Dimension) else found
            by_noun[at.spec.dimension] = found
            if isinstance(found, Dimension) and at.spec.dimension in inferred:
                found = with_inferred(found)
            if found is not None:
                views += role_views(at, found, project, symbols)
        elif isinstance(at.spec, FactSpec):
            nouns = [other.spec.fact for other in specs.facts]
            found = resolve_aggregate(at, project, nouns, symbols) if at.spec.aggregate else resolve_fact(at, project, by_noun, symbols)
            facts += [found] if found is not None else []
        else:
            found = resolve_composed(at, project, symbols)
            composed += [found] if found is not None else []
        if found is not None:
            symbols.add(found, found.name)
    # In the order of the specs.
    by_noun = {at.spec.dimension: by_noun.get(at.spec.dimension) for at in specs.dimensions}
    return by_noun, tuple(sorted(facts, key=lambda f: f.name)), (*composed, *views)


def resolve_locations(specs: Specs, report: Report) -> Warehouse | None:
    """A warehouse of nothing but the sources and the names of their tables: enough to ask a warehouse what they hold."""
    if specs.warehouse is None:
        return None
    symbols = _symbols(specs, specs.warehouse, Lock(), report)
    project, sources = specs.warehouse.spec, []
    for at in specs.sources:
        named = {
            input_name: (SourceTable(name=input_name, description=""), None, at.key("tables", name))
            for name, table in reversed(at.spec.tables.items())
            for input_name, _ in inputs_of(name, table)
        }
        sources.append(source_of(at, tuple(named[n] for n in sorted(named)), symbols))
    return Warehouse(
        name=project.warehouse,
        file=specs.warehouse.file,
        targets=_targets(project),
        staging=_layers(specs.warehouse)[0],
        production=_layers(specs.warehouse)[1],
        sources=tuple(sources),
    )


def _symbols(specs: Specs, project: Located[WarehouseSpec], lock: Lock, report: Report) -> Symbols:
    return Symbols(
        report=report,
        dialect=project.spec.dialect,
        warehouse=project,
        warehouses=tuple(sorted({t.warehouse for t in _targets(project.spec)})),
        lock=lock,
        lost=set(specs.lost),
    )


def _layers(project: Located[WarehouseSpec]) -> tuple[Layer, Layer]:
    layers = project.spec.layers
    return _layer("staging", layers.staging, project), _layer("production", layers.production, project)


def _layer(name: str, layer: StagingLayer | ProductionLayer, at: Located[WarehouseSpec]) -> Layer:
    return Layer(name=name, schema=layer.schema_name, materialized=layer.materialized, span=at.at("layers", name, "schema"))


def _targets(project: WarehouseSpec) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=name,
            warehouse=target.warehouse,
            schema_prefix=target.schema_prefix or "",
            per_developer=target.per_developer,
            settings=target.model_dump(exclude={"warehouse", "schema_prefix", "per_developer"}, exclude_none=True),
        )
        for name, target in project.targets.items()
    )


def _check_dictionary(at: Located[WarehouseSpec], symbols: Symbols) -> None:
    for name, column in at.spec.columns.items():
        if column.type:
            symbols.type_of(column.type, at.at("columns", name, "type"))
        if column.was:
            symbols.report.error(
                "wrong-rename",
                at.key("columns", name, "was"),
                "the dictionary describes columns, it does not rename them",
                help="say what a column was called where it is made",
            )
        if column.tests:
            symbols.report.error(
                "test-needs-column",
                at.key("columns", name, "tests"),
                "the dictionary describes columns, it does not test them",
                help="put the tests where the column is made",
            )


def _with_references(
    dimension: Dimension | ComputedDimension, facts: tuple[Fact, ...], by_noun: Mapping[str, AnyDimension | None]
) -> Dimension | ComputedDimension:
    if isinstance(dimension, ComputedDimension):
        return dimension
    dimension = replace(dimension, materialized=kept_where(dimension, facts))
    references = {
        (fact.base.name, role.on): Reference(base=fact.base.name, columns=role.on, where=fact.where)
        for fact in facts
        for role in fact.roles
        if role.dimension.name == dimension.name and role.missing == "infer" and not is_whole(dimension, fact, role)
    } | references_of(by_noun, dimension.name)
    if not references:
        return dimension
    return replace(with_inferred(dimension), references=tuple(references[k] for k in sorted(references)))
