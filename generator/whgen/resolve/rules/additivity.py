"""Measures that are declared not to be additive, and summed by a model."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related
from whgen.ir.types import Kind
from whgen.ir.warehouse import CalendarDimension, Fact, Measure
from whgen.resolve.rules.checked import Checked
from whgen.resolve.symbols import Query
from whgen.sql.relations import Selected, origin_of

_DAYS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)


def check_additivity(checked: Checked) -> None:
    """Look at every SUM of every model."""
    measures = {(f.name, m.column.name): (f, m) for f in checked.warehouse.facts for m in f.measures}
    for query in checked.symbols.queries:
        for selected in checked.selects(query):
            for call in _sums(selected.select):
                for column in summed(call.this):
                    found = measures.get(origin_of(column, selected.joined) or ("", ""))
                    if found is not None:
                        _check(call, column, *found, selected, query, checked)


def _sums(select: exp.Select) -> Iterator[exp.Sum]:
    for call in select.find_all(exp.Sum):
        if call.find_ancestor(exp.Query) is select and not is_mean(call):
            yield call


def is_mean(call: exp.Sum) -> bool:
    """Whether a sum is divided by a count or another sum, which is what a measure allows that has no sum."""
    divided = call.find_ancestor(exp.Div, exp.SafeDivide, exp.Select)
    return isinstance(divided, exp.Div | exp.SafeDivide) and divided.expression.find(exp.AggFunc) is not None


def summed(node: exp.Expr) -> Iterator[exp.Column]:
    """The columns whose values a sum adds up as they are: not those that decide which, and not those that it computes with."""
    match node:
        case exp.Column():
            yield node
        case exp.Paren() | exp.Cast() | exp.Round() | exp.Neg() | exp.Coalesce():
            yield from summed(node.this)
        case exp.If():
            for part in (node.args.get("true"), node.args.get("false")):
                yield from summed(part) if part is not None else ()
        case exp.Case():
            for part in (*(arm.args.get("true") for arm in node.args["ifs"]), node.args.get("default")):
                yield from summed(part) if part is not None else ()


def _check(call: exp.Sum, column: exp.Column, fact: Fact, measure: Measure, selected: Selected, query: Query, checked: Checked) -> None:
    name = measure.column.name
    declared = [Related(span=measure.column.span, message=f"`{name}` is declared here")]
    # A truth is declared non-additive since it has no sum: cast to 0 and 1 it is counted, which is right.
    if measure.additivity == "non_additive" and measure.column.type.kind is not Kind.BOOLEAN:
        checked.report.error(
            "non-additive-sum",
            query.text.span_of(call),
            f"`{name}` of `{fact.name}` is declared non-additive, and summed here",
            help="take its mean, minimum or maximum, or declare it additive",
            related=declared,
        )
    elif measure.unit_in and not _keeps_unit(measure, fact, selected):
        checked.report.error(
            "several-units",
            query.text.span_of(call),
            f"`{name}` of `{fact.name}` is in the units of `{measure.unit_in}`, and summed over all of them here",
            help=f"group by `{measure.unit_in}`, or sum a measure that is converted to one unit",
            related=declared,
        )
    if measure.additivity == "semi_additive" and not _keeps_time(column, fact, selected):
        checked.report.warning(
            "semi-additive-sum",
            query.text.span_of(call),
            f"`{name}` of `{fact.name}` is declared semi-additive, and summed over time here",
            help="group by a day or period, or choose one with `where`",
            related=declared,
        )


def _keeps_unit(measure: Measure, fact: Fact, selected: Selected) -> bool:
    """Whether the SELECT speaks of the unit of a measure in its groups or conditions."""
    places = [selected.select.args.get(part) for part in ("where", "qualify")] + list(selected.groups.values())
    columns = [c for place in places if place is not None for c in place.find_all(exp.Column)]
    return (fact.name, measure.unit_in) in {origin_of(c, selected.joined) for c in columns}


def _keeps_time(column: exp.Column, fact: Fact, selected: Selected) -> bool:
    """Whether the SELECT speaks of time in its groups, conditions or windows, or the fact has none."""
    times = {(fact.name, r.column.name) for r in fact.roles if isinstance(r.dimension, CalendarDimension)}
    times |= {(fact.name, c.name) for c in fact.columns if c.type.kind in _DAYS}
    calendars = {r.dimension.name for r in fact.roles if isinstance(r.dimension, CalendarDimension)}
    owner = selected.joined.owner(column)
    if not times or owner is None or column.name not in selected.joined.sources[owner].columns:
        return True
    places = [selected.select.args.get(part) for part in ("where", "group", "qualify")]
    places += [item for item in selected.items.values() if item.find(exp.Window)]
    places += list(selected.groups.values())
    for node in (c for place in places if place is not None for c in place.find_all(exp.Column)):
        node = selected.items.get(node.name, node) if not node.table and node.name in selected.items else node
        for used in node.find_all(exp.Column):
            origin = origin_of(used, selected.joined)
            # What is computed in a sub-query may be a time.
            if origin is None or origin in times or origin[0] in calendars:
                return True
    return False
