"""An `Input` -> the SELECT that makes its rows on one warehouse: typed trees, laid out as a reviewer would write them.

Joins, filter and grouping stand in one SELECT; what is summed up before a join, and each step that needs the one before, is a query
of its own in the WITH.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from whgen.ir.inputs import Aggregate, Input, Join, Period, Union, Unnest
from whgen.ir.trees import copied
from whgen.ir.types import INTEGER, Scalar, Type
from whgen.ir.warehouse import Dedupe, Expression, Staging
from whgen.sql.columns import cast, column_expression, literal, null
from whgen.sql.elements import Place, elements
from whgen.sql.parse import PLACE
from whgen.sql.types import shared_sql_type

Items = dict[str, exp.Expr]
"""Columns by their names, each as an expression over the tables of the FROM."""
UNITED, RANKED, UNNESTED, FOLLOWED, GROUPED, DERIVED = "united", "ranked", "unnested", "followed", "grouped", "derived"
STEPS = (UNITED, RANKED, UNNESTED, FOLLOWED, GROUPED, DERIVED)
_ROW_NUMBER, _NEXT = "_row_number", "_next"
"""What the steps are called; the second of a kind has a number behind it."""
LAST_BEFORE = "last_before"
"""Marks a join with rows that hold until the next one begins, its last condition; with the table, where all of it is joined."""


@dataclass(slots=True, kw_only=True)
class _Steps:
    """The SELECT so far, and the queries before it."""

    warehouse: str
    select: exp.Select
    items: Items
    queries: list[tuple[str, exp.Query]] = field(default_factory=list)

    def over(self, expression: Expression, *, items: Items | None = None) -> exp.Expr:
        """An expression over the columns so far as one over the tables of the FROM."""
        return _replaced(expression.on(self.warehouse), self.items if items is None else items)

    def close(self, name: str, columns: Mapping[str, Type], *, table: str | None = None) -> None:
        """Make the SELECT so far a query of the WITH, and read from that; columns bear the name of the `table` if others are to come."""
        self.queries.append((name, selected(self.select, self.items)))
        self.select = exp.Select().from_(exp.to_table(name), copy=False)
        self.items = {n: column_expression(n, t, table) for n, t in columns.items()}


def select_of(rows: Input, warehouse: str) -> exp.Select:
    """The SELECT of an input."""
    steps = _base(rows, warehouse)
    types = {c.name: c.type for c in rows.base.columns}
    if rows.unnest is not None:
        _unnest(steps, rows.unnest)
        types |= {c.name: c.type for c in (rows.unnest.element, rows.unnest.position) if c is not None}
        steps.close(UNNESTED, types, table=UNNESTED if rows.joins else None)
    for join in rows.joins:
        _add_join(steps, join)
        types |= {b.column.name: b.column.type for b in join.columns} | {a.column.name: a.column.type for a in join.aggregates}
    if rows.where is not None:
        steps.select.where(steps.over(rows.where), copy=False)
    if rows.groups:
        types = _group(steps, rows)
    for level in sorted({d.level for d in rows.derivations}):
        found = [d for d in rows.derivations if d.level == level]
        if level or rows.groups:
            steps.close(_after(replace(rows, derivations=tuple(d for d in rows.derivations if d.level < level))), types)
        steps.items |= {d.column.name: cast(steps.over(d.expression), d.expression.type, d.column.type) for d in found}
        types |= {d.column.name: d.column.type for d in found}
    if rows.qualify is not None:
        if rows.groups or rows.derivations:
            steps.close(_after(rows), types)
        steps.select.where(steps.over(rows.qualify), copy=False)
    select = selected(steps.select, {name: steps.items[name] for name in rows.kept})
    if steps.queries:
        select.set("with_", with_of(steps.queries))
    return select


def _after(rows: Input) -> str:
    """What the rows are called once all their columns are computed."""
    level = max((d.level for d in rows.derivations), default=None)
    return GROUPED if level is None else DERIVED if level == 0 else f"{DERIVED}_{level + 1}"


def _base(rows: Input, warehouse: str) -> _Steps:
    """The rows to begin with: of one table, of several, of each key one."""
    base, table = rows.base, base_alias(rows) if rows.joins or rows.unnest is not None else None
    queries: list[tuple[str, exp.Query]] = []
    name = base.name
    if isinstance(base, Union):
        queries.append((name, _united(base)))
    if rows.dedupe is not None:
        queries.append((RANKED, ranked(rows.dedupe, name, {c.name: c.type for c in base.columns}, warehouse)))
        name = RANKED
        table = table and RANKED
    items: Items = {c.name: column_expression(c.name, c.type, table) for c in base.columns}
    steps = _Steps(warehouse=warehouse, select=exp.Select().from_(_aliased(name, table), copy=False), items=items, queries=queries)
    if rows.dedupe is not None:
        steps.select.where(_is_first(table), copy=False)
    return steps


def _unnest(steps: _Steps, unnest: Unnest) -> None:
    """A row for each element of an array."""
    place = unnest.position
    table = elements(steps.over(unnest.array), unnest.element.name, place.name if place is not None else None)
    how: dict[str, Any] = {"side": "LEFT", "on": exp.true()} if unnest.keeps_empty else {"kind": "CROSS"}
    steps.select.append("joins", exp.Join(this=table, **how))
    # Their names alone: some warehouses know no table of elements.
    steps.items[unnest.element.name] = column_expression(unnest.element.name, unnest.element.type)
    if place is not None:
        counted = Place(this=column_expression(place.name, place.type))
        counted.type = shared_sql_type(place.type)
        steps.items[place.name] = counted


def _united(union: Union) -> exp.Query:
    found: exp.Query | None = None
    for table, mark in union.branches:
        select = exp.Select().from_(exp.to_table(table.name), copy=False)
        own = {c.name: c.type for c in table.columns}
        items: Items = {
            c.name: cast(column_expression(c.name, own[c.name]), own[c.name], c.type)
            if c.name in own and c.name != union.marked
            else literal(mark, c.type)
            if c.name == union.marked
            else null(c.type)
            for c in union.columns
        }
        selected(select, items)
        found = select if found is None else exp.Union(this=found, expression=select, distinct=False)
    assert found is not None, "a union has tables"
    return found


def ranked(dedupe: Dedupe, table: str, types: Mapping[str, Type], warehouse: str) -> exp.Select:
    """A table with a number for each of the rows that have the same key."""
    order = [exp.Ordered(this=column_expression(o.column, types[o.column]), desc=o.descending, nulls_first=False) for o in dedupe.order]
    partition: list[exp.Expr] = [column_expression(k, types[k]) for k in dedupe.key]
    number = exp.Window(this=exp.RowNumber(), partition_by=partition, order=exp.Order(expressions=order))
    number.type = shared_sql_type(INTEGER)
    select = exp.Select(expressions=[exp.Star()]).from_(exp.to_table(table), copy=False)
    if dedupe.where is not None:
        select.where(dedupe.where.on(warehouse), copy=False)
    return selected(select, {_ROW_NUMBER: number})


def _is_first(table: str | None) -> exp.Expr:
    return exp.EQ(this=column_expression(_ROW_NUMBER, INTEGER, table), expression=exp.Literal.number(1))


def base_alias(rows: Input) -> str:
    """What the SELECT calls its base: a staging table as the source calls it, unless something else is called that."""
    base, taken = rows.base, {*STEPS, *(j.alias for j in rows.joins), *(j.table.name for j in rows.joins)}
    return base.table if isinstance(base, Staging) and base.table not in taken else base.name


def _aliased(name: str, alias: str | None) -> exp.Table:
    return exp.Table(
        this=exp.to_identifier(name), **({"alias": exp.TableAlias(this=exp.to_identifier(alias))} if alias not in (None, name) else {})
    )


def with_of(queries: Sequence[tuple[str, exp.Query]]) -> exp.With:
    """The WITH of named queries."""
    return exp.With(expressions=[exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, query in queries])


def selected(select: exp.Select, items: Items) -> exp.Select:
    """The SELECT with its columns. One that keeps its name needs no alias."""
    for name, tree in items.items():
        if not isinstance(tree, exp.Column) or tree.name != name:
            alias = exp.Alias(this=tree, alias=exp.to_identifier(name))
            # A place is a whole number as it is.
            alias.type = tree.type if not isinstance(tree, Place) else None
            tree = alias
        select.append("expressions", tree)
    return select


def _replaced(tree: exp.Expr, items: Items) -> exp.Expr:
    """The tree with each column replaced by what it stands for."""
    return tree.transform(lambda n: copied(items[n.name]) if isinstance(n, exp.Column) and n.name in items else n, copy=False)


def _add_join(steps: _Steps, join: Join) -> None:
    source, alias = join.table.name, join.alias
    theirs: Items = {c.name: column_expression(c.name, c.type, alias) for c in join.table.columns}
    conditions: list[exp.Expr] = [
        exp.EQ(this=_operand(steps.over(expression)), expression=copied(theirs[column.name])) for column, expression in join.on
    ]
    if join.aggregates:
        steps.queries.append((alias, _summed_up(steps, join)))
        source = alias
    elif join.dedupe is not None:
        source = f"{RANKED}_{alias}"
        steps.queries.append((source, ranked(join.dedupe, join.table.name, {c.name: c.type for c in join.table.columns}, steps.warehouse)))
        conditions.append(_is_first(alias))
    elif join.period is not None:
        conditions += _in_period(steps, join, theirs)
        if join.period.ends is None:
            source = f"{FOLLOWED}_{alias}"
            steps.queries.append((source, _followed(join, join.period, steps.warehouse)))
    is_filtered = join.aggregates or (join.period is not None and join.period.ends is None)
    if join.where is not None and not is_filtered:
        conditions.extend(_conjuncts(steps.over(join.where, items=theirs)))
    table = _aliased(source, alias)
    on = exp.and_(*conditions, copy=False)
    on.meta[PLACE] = join.span
    joined = exp.Join(this=table, on=on, **({"side": "LEFT"} if join.kind == "left" else {"kind": "INNER"}))
    if join.period is not None and join.period.ends is None:
        joined.meta[LAST_BEFORE] = "" if join.where is not None else join.table.name
    steps.select.append("joins", joined)
    for brought in join.columns:
        steps.items[brought.column.name] = _or_default(copied(theirs[brought.source.name]), brought.default, brought.column.type)
    for aggregate in join.aggregates:
        column = column_expression(aggregate.column.name, aggregate.column.type, alias)
        steps.items[aggregate.column.name] = _or_default(column, aggregate.default, aggregate.column.type)


def _in_period(steps: _Steps, join: Join, theirs: Items) -> list[exp.Expr]:
    """The conditions under which a value lies in the period of a joined row."""
    period = join.period
    assert period is not None, "only a join with a period has such conditions"
    value = _operand(steps.over(period.value))
    name, type_ = (period.ends.name, period.ends.type) if period.ends is not None else (_NEXT, period.begins.type)
    end = column_expression(name, type_, join.alias)
    compare = exp.LTE if period.is_end_included else exp.LT
    is_open = exp.Is(this=end, expression=exp.Null())
    return [
        exp.GTE(this=value, expression=copied(theirs[period.begins.name])),
        exp.Paren(this=exp.Or(this=compare(this=copied(value), expression=copied(end)), expression=is_open)),
    ]


def _followed(join: Join, period: Period, warehouse: str) -> exp.Select:
    """The joined table, each row with the beginning of the next one of the same key."""
    begins = column_expression(period.begins.name, period.begins.type)
    partition: list[exp.Expr] = [column_expression(c.name, c.type) for c, _ in join.on]
    order = exp.Order(expressions=[exp.Ordered(this=copied(begins), nulls_first=False)])
    following = exp.Window(this=exp.Lead(this=begins), partition_by=partition, order=order)
    following.type = shared_sql_type(period.begins.type)
    select = exp.Select(expressions=[exp.Star()]).from_(exp.to_table(join.table.name), copy=False)
    if join.where is not None:
        select.where(join.where.on(warehouse), copy=False)
    return selected(select, {_NEXT: following})


def _operand(tree: exp.Expr) -> exp.Expr:
    return exp.Paren(this=tree) if isinstance(tree, exp.Binary | exp.Not | exp.Between | exp.In) else tree


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    return list(tree.flatten(unnest=False)) if isinstance(tree, exp.And) else [exp.Paren(this=tree) if isinstance(tree, exp.Or) else tree]


def _or_default(tree: exp.Expr, default: Scalar | None, type_: Type) -> exp.Expr:
    if default is None:
        return tree
    found = exp.Coalesce(this=tree, expressions=[literal(default, type_)])
    found.type = shared_sql_type(type_)
    return found


def _summed_up(steps: _Steps, join: Join) -> exp.Select:
    """The joined table with one row for each value of the columns that it is joined on."""
    select = exp.Select().from_(exp.to_table(join.table.name), copy=False)
    if join.where is not None:
        select.where(join.where.on(steps.warehouse), copy=False)
    keys: Items = {column.name: column_expression(column.name, column.type) for column, _ in join.on}
    select.group_by(*(copied(k) for k in keys.values()), copy=False)
    return selected(select, keys | {a.column.name: aggregated(a, steps.warehouse, {}) for a in join.aggregates})


def _group(steps: _Steps, rows: Input) -> dict[str, Type]:
    groups: Items = {g.column.name: cast(steps.over(g.expression), g.expression.type, g.column.type) for g in rows.groups}
    steps.select.group_by(*(copied(tree) for tree in groups.values()), copy=False)
    steps.items = groups | {
        a.column.name: _or_default(aggregated(a, steps.warehouse, steps.items), a.default, a.column.type) for a in rows.aggregates
    }
    return {c.name: c.type for c in (*(g.column for g in rows.groups), *(a.column for a in rows.aggregates))}


def aggregated(aggregate: Aggregate, warehouse: str, items: Items) -> exp.Expr:
    """An expression of aggregates, each of which sees only the rows for which the condition holds."""
    tree = _replaced(aggregate.expression.on(warehouse), items)
    if aggregate.where is not None:
        condition = _replaced(aggregate.where.on(warehouse), items)
        tree = tree.transform(lambda node: _restricted(node, condition) if isinstance(node, exp.AggFunc) else node, copy=False)
    return cast(tree, aggregate.expression.type, aggregate.column.type)


def _restricted(call: exp.Expr, condition: exp.Expr) -> exp.Expr:
    if isinstance(call, exp.Count) and isinstance(call.this, exp.Star):
        found = exp.CountIf(this=copied(condition))
        found.type = shared_sql_type(INTEGER)
        return found
    place = call
    while isinstance(place.this, exp.Distinct | exp.Order):
        place = place.this
    if isinstance(place, exp.Distinct):
        place.set("expressions", [_where(value, condition) for value in place.expressions])
    else:
        place.set("this", _where(place.this, condition))
    return call


def _where(value: exp.Expr, condition: exp.Expr) -> exp.Expr:
    found = exp.Case(ifs=[exp.If(this=copied(condition), true=value)])
    found.type = value.type
    return found
