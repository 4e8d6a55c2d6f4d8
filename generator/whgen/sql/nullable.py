"""Which values can be missing: what a condition rules out, and what a join or a grouping brings in.

Only what the SQL itself guarantees counts, and in doubt a value can be missing: a NOT NULL in a warehouse rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlglot import exp

from whgen.ir.types import Type
from whgen.sql.types import set_nullable

# They are true only when both sides are there.
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_NUMBERS_OF_ROWS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Count, exp.CountIf)


def present(condition: exp.Expr | None) -> frozenset[tuple[str, str]]:
    """The columns, as (table, name), that have a value in every row for which the condition is true.

    >>> import sqlglot
    >>> sorted(present(sqlglot.parse_one("a IS NOT NULL AND t.b > 1 AND (c IS NULL OR d = 1)")))
    [('', 'a'), ('t', 'b')]
    """
    if condition is None:
        return frozenset()
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return present(condition.left) | present(condition.right)
    if isinstance(condition, exp.Or):
        return present(condition.left) & present(condition.right)
    # `x not in (...)` and `x = all (...)` are true of a missing x, too, when nothing is found there.
    if condition.find(exp.Query, exp.Any, exp.All) is not None:
        return frozenset()
    return frozenset((c.table, c.name) for node in _decisive(condition) if isinstance(c := node.unnest(), exp.Column))


def _decisive(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of which none can be missing when the condition is true."""
    match condition:
        case exp.Column():
            yield condition
        case exp.Not() if isinstance(inner := condition.this.unnest(), exp.Is):
            # `x is not true` holds of a missing x, `x is not null` does not.
            if isinstance(inner.expression, exp.Null):
                yield inner.this
        case exp.Not() if isinstance(inner := condition.this.unnest(), exp.Column | exp.Between | exp.In | exp.Like):
            yield inner if isinstance(inner, exp.Column) else inner.this
        case exp.Not() if isinstance(inner := condition.this.unnest(), _COMPARISONS):
            yield from (inner.left, inner.right)
        case exp.Is() if isinstance(condition.expression, exp.Boolean):
            yield condition.this
        case exp.Between():
            yield from (condition.this, condition.args["low"], condition.args["high"])
        case exp.In() | exp.Like():
            yield condition.this
        case _ if isinstance(condition, _COMPARISONS):
            yield from (condition.left, condition.right)


def is_opaque(tree: exp.Query) -> bool:
    """Whether a query has a part that may bring in missing values in a way that is not followed here."""
    if any(with_.args.get("recursive") for with_ in tree.find_all(exp.With)):
        return True
    if any(alias.args.get("columns") for alias in tree.find_all(exp.TableAlias)):
        return True
    return tree.find(exp.Cube, exp.Rollup, exp.GroupingSets, exp.Pivot, exp.Lateral, exp.Unnest) is not None or any(
        operation.args.get("by_name") or operation.args.get("side") for operation in tree.find_all(exp.SetOperation)
    )


def left_open(select: exp.Expr) -> frozenset[str] | None:
    """The tables of a FROM for whose rows an outer join may find no partner; None when that cannot be told."""
    joins = select.args.get("joins") or []
    from_ = select.args.get("from_")
    if from_ is None:
        return frozenset()
    if len(list(_joins_of(select))) > len(joins):
        return None
    before, found = [from_.this.alias_or_name], set()
    for join in joins:
        if join.side not in ("", "LEFT", "RIGHT", "FULL") or join.kind not in ("", "INNER", "OUTER", "CROSS") or join.method:
            return None
        if join.side in ("LEFT", "FULL"):
            found.add(join.alias_or_name)
        if join.side in ("RIGHT", "FULL"):
            found |= set(before)
        before.append(join.alias_or_name)
    return frozenset(found)


def _joins_of(select: exp.Expr) -> Iterator[exp.Join]:
    """The joins of a FROM, also those in parentheses, without those of sub-queries."""
    for join in select.find_all(exp.Join):
        if join.find_ancestor(exp.Query) is select or isinstance(join.parent, exp.Table | exp.Subquery | exp.Paren):
            yield join


def is_framed(window: exp.Window) -> bool:
    """Whether a window function may look at a part of the rows, in which there may be none."""
    return window.args.get("spec") is not None and not isinstance(window.this, _NUMBERS_OF_ROWS)


def lacking(columns: Mapping[str, Type | None]) -> Mapping[str, Type | None]:
    """The columns of a table for whose rows there may be no partner."""
    return {name: t and replace(t, nullable=True) for name, t in columns.items()}


def fill(query: exp.Expr) -> None:
    """What the WHERE of a SELECT rules out is not missing in its columns."""
    where = query.args.get("where") if isinstance(query, exp.Select) else None
    there = present(where.this) if where is not None else frozenset()
    for item in query.selects if there and isinstance(query, exp.Select) else ():
        for column in item.find_all(exp.Column):
            if (column.table, column.name) in there and column.find_ancestor(exp.Query) is query:
                set_nullable(column, nullable=False)
