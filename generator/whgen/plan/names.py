"""Names that a warehouse of the targets would take for others, cut off or refuse: known only once it is known which warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.dialects.base import Dialect
from whgen.ir.environment import Layer, Target
from whgen.ir.warehouse import Seed, Staging, Table, Warehouse


def check_names(warehouse: Warehouse, dialects: Sequence[Dialect], report: Report) -> None:
    """Report every name that means something else on one of the warehouses than in the specs."""
    for dialect in dialects:
        _lengths(warehouse, dialect, report)
        _schemas(warehouse, dialect, report)
        _overwritten(warehouse, dialect, report)
    folding = [dialect.name for dialect in dialects if dialect.folds_columns]
    if folding:
        _columns_of_sources(warehouse, " and ".join(folding), report)


def _lengths(warehouse: Warehouse, dialect: Dialect, report: Report) -> None:
    for name, span in _generated(warehouse):
        if len(name.encode()) > dialect.longest_name:
            report.error(
                "invalid-name",
                span,
                f"`{name}` has {len(name.encode())} bytes, and {dialect.name} cuts names off after {dialect.longest_name}",
                help="shorten one of the names that it is made of, or the prefix of the layer",
            )


def _generated(warehouse: Warehouse) -> Iterator[tuple[str, Span]]:
    for table in warehouse.tables:
        yield table.name, table.span
        yield from ((column.name, column.span) for column in table.columns)


def _layer(table: Table, warehouse: Warehouse) -> Layer:
    return warehouse.staging if isinstance(table, Staging | Seed) else warehouse.production


def _targets(warehouse: Warehouse, dialect: Dialect) -> list[Target]:
    return [t for t in warehouse.targets if t.warehouse == dialect.name]


def _prefix(target: Target) -> str:
    """What stands before the schemas of a target; of developers, whose names are known when they build, one stands for all."""
    return f"{target.schema_prefix}{'developer_' if target.per_developer else ''}"


def _schemas(warehouse: Warehouse, dialect: Dialect, report: Report) -> None:
    for layer in (warehouse.staging, warehouse.production):
        for target in _targets(warehouse, dialect):
            schema = _prefix(target) + layer.schema
            if dialect.reserved_schemas.fullmatch(schema):
                report.error(
                    "reserved-name",
                    layer.span,
                    f"{dialect.name} keeps the schema `{schema}` for itself",
                    help=f"give the layer another `schema:`, or the target `{target.name}` another `schema_prefix:`",
                )
            elif len(schema) > dialect.longest_name:
                report.error(
                    "invalid-name",
                    layer.span,
                    f"the schema `{schema}` is longer than the {dialect.longest_name} bytes that {dialect.name} allows",
                    help=f"shorten it, or the `schema_prefix:` of the target `{target.name}`",
                )


def _columns_of_sources(warehouse: Warehouse, where: str, report: Report) -> None:
    """`Id` and `ID` cannot both be columns where upper and lower case mean the same: one of them would be read twice."""
    for staging in warehouse.stagings:
        first: dict[str, tuple[str, Span]] = {}
        for cleaning in staging.cleanings:
            name, span = first.setdefault(cleaning.source_name.lower(), (cleaning.source_name, cleaning.column.span))
            if name != cleaning.source_name:
                report.error(
                    "name-collision",
                    cleaning.column.span,
                    f"`{name}` and `{cleaning.source_name}` are one column on {where}, where case makes no difference",
                    help="list it once, as the source spells it",
                    related=[Related(span=span, message="the other one is here")],
                )


def _overwritten(warehouse: Warehouse, dialect: Dialect, report: Report) -> None:
    """A model in the schema of a source, under the name of one of its tables, would replace what it is made of."""
    for target in _targets(warehouse, dialect):
        written = {(_prefix(target) + _layer(t, warehouse).schema, t.name): t for t in warehouse.tables}
        for source in warehouse.sources:
            place = dialect.source(source.location[dialect.name])
            database = place.get("database")
            if database is not None and database not in target.settings.values():
                continue
            for table, _, span in source.tables:
                model = written.get((str(place.get("schema", "")), table.name))
                if model is not None:
                    report.error(
                        "name-collision",
                        model.span,
                        f"on the target `{target.name}`, `{model.name}` would replace the table of `{source.name}` of that name",
                        help="rename the model, or build its layer in another schema",
                        related=[Related(span=span, message="the table of the source is here")],
                    )
