"""Casts that do nothing, and casts that lose what an earlier cast had already lost."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.types import Kind, a
from whgen.ir.warehouse import Cleaning, Column, Dimension, Expression, Fact, Staging, Table
from whgen.resolve.rules.checked import Checked
from whgen.sql.types import logical_type, sql_type


def check_casts(checked: Checked) -> None:
    """Look at every column that has an expression, and at every one that another table passes on."""
    for table in checked.warehouse.tables:
        for column, expression in _computed(table):
            _same_type(column, expression, checked)
    for table in (*checked.warehouse.dimensions, *checked.warehouse.facts):
        if isinstance(table, Dimension | Fact) and isinstance(table.base, Staging):
            _again(table, table.base, checked)


def _computed(table: Table) -> Iterator[tuple[Column, Expression]]:
    match table:
        case Staging():
            yield from ((d.column, d.expression) for d in table.derivations)
        case Dimension():
            yield from ((x.column, x.expression) for x in table.attributes)
        case Fact():
            yield from ((m.column, m.expression) for m in table.measures)


def _same_type(column: Column, expression: Expression, checked: Checked) -> None:
    """`type: integer` beside `expr: cast(x as int64)`, or a cast of what has the type already."""
    cast = expression.tree.unnest() if expression.tree is not None else None
    if not isinstance(cast, exp.Cast) or isinstance(cast, exp.TryCast) or not column.type.is_known:
        return
    spec_type = checked.symbols.declared_types.get(column.span)
    inner = cast.this.unnest()
    if isinstance(inner, exp.Column) and inner.type == cast.to:
        checked.report.warning(
            "cast-twice",
            expression.span,
            f"`{inner.name}` is {a(logical_type(inner))} already: the cast does nothing",
            help=f"write `{inner.name}`",
        )
    elif spec_type is not None and cast.to == sql_type(column.type):
        checked.report.warning(
            "cast-twice",
            expression.span,
            f"the cast to {column.type} stands here and in `type:`",
            help="take one of them out",
            related=[Related(span=spec_type, message="the type is declared here")],
        )


def _again(table: Dimension | Fact, base: Staging, checked: Checked) -> None:
    cleanings = {c.column.name: c for c in base.cleanings}
    for column, expression in _computed(table):
        tree = expression.tree
        # Of expressions only a cast is one; others may have their reasons.
        inner = tree.this.unnest() if isinstance(tree, exp.Cast) else tree
        if isinstance(inner, exp.Column) and (cleaning := cleanings.get(inner.name)) is not None:
            _second_cast(column, cleaning, base, expression.span, checked)
    if isinstance(table, Fact):
        for column in table.degenerate:
            if (cleaning := cleanings.get(column.name)) is not None:
                _second_cast(column, cleaning, base, column.span, checked)


def _second_cast(column: Column, cleaning: Cleaning, base: Staging, span: Span, checked: Checked) -> None:
    sources = {arrival.raw.type for arrival in cleaning.arrivals.values()}
    if len(sources) != 1:
        return
    first, second, (source,) = cleaning.column.type, column.type, sources
    if not (first.is_known and second.is_known and source.is_known) or source.kind is first.kind or first.kind is second.kind:
        return
    if second.kind is source.kind:
        why = f"was {a(source)} in the source, was cast to {a(first)} in `{base.name}`, and is cast back here"
    elif first.kind is Kind.FLOAT and second.kind in (Kind.DECIMAL, Kind.INTEGER):
        why = f"is cast to a float in `{base.name}`, which rounds it, and then to {a(second)} here"
    else:
        return
    checked.report.warning(
        "cast-twice",
        span,
        f"`{cleaning.column.name}` {why}",
        help=f"cast it once, in the source's spec: `type: {second}`; what needs the other type can get a column of its own",
        related=[Related(span=cleaning.column.span, message="it is cast first here")],
    )
