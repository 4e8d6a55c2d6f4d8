"""`incremental:` of a fact -> what its runs go by; columns that they cannot go by are reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.incremental import Incremental
from whgen.ir.types import Kind, a
from whgen.ir.warehouse import Column, Staging, Table
from whgen.resolve.ages import Unit, resolve_age
from whgen.resolve.symbols import Symbols, declared_as
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located

_MOMENTS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)
# What gives another value at each run.
_UNSTABLE = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentDatetime, exp.Rand, exp.Uuid)
_CODE = "unfit-increment"


def resolve_incremental(
    at: Located[FactSpec], base: Table, there: Mapping[str, Column], kept: Iterable[Column], symbols: Symbols
) -> Incremental | None:
    """What the runs of a fact go by; None when it is built anew each time, or what is said of it is wrong (and reported).

    `there` are the columns of the base as they are in the rows of the fact, `kept` those that it keeps.
    """
    spec = at.spec.incremental
    if spec is None:
        return None
    name = "by" if spec.by is not None else "loaded"
    span = at.at("incremental", name)
    column = symbols.column_in(base, getattr(spec, name) or "", span)
    lookback = resolve_age(spec.lookback, at.at("incremental", "lookback"), symbols.report, what="a look-back")
    if column is None or lookback is None:
        return None
    fits = _is_moment(column, span, symbols) and _is_kept(column, span, kept, symbols)
    fits = fits and _is_there(there[column.name], span, at.spec.where, symbols) and _is_stable(column, base, span, symbols)
    if not (fits and _is_of_unit(lookback, column, at, symbols)):
        return None
    return Incremental(
        column=column.name, type=column.type, is_event=name == "by", lookback=lookback, on_schema_change=spec.on_schema_change
    )


def _is_moment(column: Column, span: Span, symbols: Symbols) -> bool:
    if column.type.kind in _MOMENTS:
        return True
    symbols.report.error(
        "type-mismatch",
        span,
        f"`{column.name}` is {a(column.type)}, and increments go by a date, datetime or timestamp",
        help="cast it in staging",
        related=[declared_as(column)],
    )
    return False


def _is_kept(column: Column, span: Span, kept: Iterable[Column], symbols: Symbols) -> bool:
    own = next((c for c in kept if c.name == column.name), None)
    if own is None:
        symbols.report.error(
            _CODE,
            span,
            f"the fact does not keep `{column.name}`, so nobody would know how far it was loaded",
            help=f"add `{column.name}` to `degenerate:`",
        )
    elif own.type.kind is not column.type.kind:
        symbols.report.error(
            _CODE,
            own.span,
            f"`{column.name}` is {a(column.type)} in the table, and kept as {a(own.type)}: rows of both cannot be compared",
            help="cast it in staging",
            related=[declared_as(column)],
        )
    return own is not None and own.type.kind is column.type.kind


def _is_there(column: Column, span: Span, where: str | None, symbols: Symbols) -> bool:
    if not column.type.nullable:
        return True
    condition = f"{column.name} is not null"
    written = f"({where}) and {condition}" if where and " or " in where.lower() else f"{where} and {condition}" if where else condition
    symbols.report.error(
        _CODE,
        span,
        f"`{column.name}` can be missing, and a row without it would never be loaded",
        help=f"leave such rows out of the fact, `where: {written}`, or give the column a `default:` in staging",
        related=[declared_as(column)],
    )
    return False


def _is_stable(column: Column, base: Table, span: Span, symbols: Symbols) -> bool:
    derivations = {d.column.name: d for d in base.derivations} if isinstance(base, Staging) else {}
    todo, seen = [column.name], set()
    while todo:
        derivation = derivations.get(todo.pop())
        if derivation is None or derivation.column.name in seen:
            continue
        seen.add(derivation.column.name)
        todo += derivation.expression.columns
        trees = (derivation.expression.tree, *derivation.expression.trees.values())
        if any(tree is not None and tree.find(*_UNSTABLE) is not None for tree in trees):
            symbols.report.error(
                _CODE,
                span,
                f"`{column.name}` is another one at each run, since it depends on when that is",
                help="go by a column that the source has",
                related=[declared_as(derivation.column)],
            )
            return False
    return True


def _is_of_unit(lookback: tuple[int, Unit], column: Column, at: Located[FactSpec], symbols: Symbols) -> bool:
    by_event = at.spec.incremental is not None and at.spec.incremental.by is not None
    if lookback[1] == "day" or not (by_event or column.type.kind is Kind.DATE):
        return True
    why = "days are replaced whole" if by_event else f"`{column.name}` is a date"
    symbols.report.error(
        "invalid-value",
        at.at("incremental", "lookback"),
        f"`{at.spec.incremental.lookback if at.spec.incremental else ''}` is not in days, and {why}",
        help="write it like `3 days`",
    )
    return False
