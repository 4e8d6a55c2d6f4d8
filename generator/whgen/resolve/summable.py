"""Which measures of a fact may be summed for a coarser grain, and which sums add up to the same over all rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.ir.types import Kind
from whgen.ir.warehouse import CalendarDimension, Column, Expression, Fact, Measure
from whgen.resolve.rules.additivity import is_mean, summed
from whgen.spec.aggregate import AggregateSpec

_TIMES = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)


def is_number(column: Column) -> bool:
    """Whether its values can be added."""
    return column.type.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.UNKNOWN)


def adds_up(expression: Expression) -> bool:
    """Whether the values of groups add up to the value of all rows."""
    tree = expression.tree.unnest() if expression.tree is not None else None
    match tree:
        case exp.Count(this=exp.Distinct()):
            return False
        case exp.Sum(this=exp.Distinct()):
            return False
        case exp.Sum() | exp.Count() | exp.CountIf():
            return True
    return False


def sums(expression: Expression, base: Fact) -> Iterator[Measure]:
    """The measures that an expression adds up. A truth has no sum: cast to 0 and 1 it is counted, which is right."""
    found = {m.column.name: m for m in base.measures if m.column.type.kind is not Kind.BOOLEAN}
    for call in expression.tree.find_all(exp.Sum) if expression.tree is not None else ():
        if not is_mean(call):
            yield from (found[c.name] for c in summed(call.this) if c.name in found)


def is_summable(measure: Measure, base: Fact, spec: AggregateSpec, span: Span, report: Report) -> bool:
    """Whether the rows of a group may be summed by the declaration of the measure; if not, it is reported."""
    name = measure.column.name
    if not measure.column.type.is_known:
        return False
    kept = {*(spec.by or ()), *(f"{name}_key" for name in spec.by or ())}
    if measure.unit_in and measure.unit_in not in kept:
        report.error(
            "several-units",
            span,
            f"`{name}` of `{base.name}` is in the units of `{measure.unit_in}`, and summed over all of them here",
            help="keep that column with `by:`, or sum a measure that is converted to one unit",
            related=[Related(span=measure.column.span, message=f"`{name}` is declared here")],
        )
        return False
    if measure.additivity == "additive" or (measure.additivity == "semi_additive" and _keeps_time(base, spec)):
        return True
    if measure.additivity == "semi_additive":
        what, help_ = "declared semi-additive, and summed over time here", "keep all of its dates as they are, or take a mean with `expr:`"
    elif measure.additivity == "non_additive":
        what, help_ = "declared non-additive, and summed here", "say how it is summarised, as in `expr: avg(...)`"
    else:
        what = "summed here, and not declared additive"
        help_ = "declare its `additivity`, or say how it is summarised, as in `expr: avg(...)`"
    report.error(
        "not-summable",
        span,
        f"`{name}` of `{base.name}` is {what}",
        help=help_,
        related=[Related(span=measure.column.span, message=f"`{name}` is declared here")],
    )
    return False


def _keeps_time(base: Fact, spec: AggregateSpec) -> bool:
    """Whether all dates of the other fact are kept as they are, so that nothing is summed over time."""
    kept = {*(spec.by or ()), *(n for n, p in (spec.periods or {}).items() if p == "day")}
    times = {r.column.name.removesuffix("_key") for r in base.roles if isinstance(r.dimension, CalendarDimension)}
    times |= {c.name for c in base.degenerate if c.type.kind in _TIMES}
    return times <= kept
