"""Fact -> the view of its model.

A key is computed from the business key and needs no join. Only where a missing member must point to -2 is the dimension joined, to
its distinct members, so that no row is lost or doubled whatever the dimension holds.
"""

from __future__ import annotations

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.dialects.physical import Physical
from whgen.ir.aggregate import CarriedRole
from whgen.ir.trees import copied
from whgen.ir.types import DATE, INTEGER
from whgen.ir.warehouse import CalendarDimension, Column, ComputedDimension, Dimension, Fact, Measure, Role, TimeDimension
from whgen.plan.calendar import day_key
from whgen.plan.dimension import base_alias, business_key
from whgen.plan.history import same_key, version_lookup
from whgen.plan.incremental import increment_view
from whgen.plan.project import FactView, LookupView
from whgen.plan.sql import (
    NOT_FOUND_MEMBER,
    UNKNOWN_MEMBER,
    cast,
    conditions,
    hashed_key,
    is_missing,
    literal,
    qualified,
    select_item,
    select_list,
)
from whgen.plan.time_of_day import time_key
from whgen.sql.columns import column_expression


def fact_view(fact: Fact, dialect: Dialect, config: tuple[str, ...], physical: Physical) -> FactView:
    """The model of a fact, which is kept as `physical` says."""
    alias = base_alias(fact.base)
    lookups = tuple(lookup_view(r, d, fact, alias, dialect) for r in fact.roles if (d := looked_up(r)) is not None)
    table = alias if lookups else None
    return FactView(
        origin=fact.file,
        config=config,
        notes=physical.notes,
        base=dialect.name_sql(alias),
        model=fact.base.name,
        lookups=lookups,
        columns=select_list(
            [
                select_item(hashed_key(fact.grain_key, table=table), fact.surrogate_key, dialect),
                *(select_item(member_key(r, fact, table), r.column.name, dialect, r.column.type) for r in fact.roles),
                *(select_item(_kept(c, fact, table), c.name, dialect) for c in fact.degenerate),
                *(select_item(_measure(m, dialect, table), m.column.name, dialect, m.column.type) for m in fact.measures),
                *(select_item(tree, name, dialect) for name, tree in physical.also_selected.items()),
            ]
        ),
        where=conditions(fact.where, dialect, table=table),
        increment=increment_view(fact, dialect),
    )


def _columns_of(role: Role, user: Fact | Dimension) -> tuple[Column, ...]:
    return tuple(c for n in role.on if (c := user.base.column(n)) is not None)


def member_key(role: Role, user: Fact | Dimension, table: str | None = None) -> exp.Expr:
    """The key of a role's member, of the columns of the model that its user is made of."""
    columns = _columns_of(role, user)
    if isinstance(role, CarriedRole):
        return column_expression(columns[0].name, columns[0].type, table)
    missing = is_missing(columns, role.on, table=table)
    if isinstance(role.dimension, CalendarDimension):
        return _day_key(role.dimension, columns[0], missing, table)
    if isinstance(role.dimension, TimeDimension):
        number = time_key(role.dimension, column_expression(columns[0].name, columns[0].type, table), columns[0].type)
        return exp.Case().when(missing, literal(int(UNKNOWN_MEMBER), INTEGER), copy=False).else_(number, copy=False)
    assert isinstance(role.dimension, Dimension), "all others are computed"
    case = exp.Case() if role.dimension.is_junk else exp.Case().when(missing, exp.Literal.string(UNKNOWN_MEMBER), copy=False)
    if looked_up(role) is not None:
        found = column_expression(role.dimension.surrogate_key, role.column.type, _alias(role))
        case = case.when(exp.Is(this=found, expression=exp.Null()), exp.Literal.string(NOT_FOUND_MEMBER), copy=False)
        return case.else_(copied(found), copy=False)
    hashed = hashed_key(business_key(role.dimension), role.on, table=table)
    return hashed if role.dimension.is_junk else case.else_(hashed, copy=False)


def _day_key(calendar: CalendarDimension, column: Column, missing: exp.Expr, table: str | None) -> exp.Expr:
    # The calendar's bounds are known here, so a day outside them is found without a join.
    day = cast(column_expression(column.name, column.type, table), column.type, DATE)
    outside = exp.Not(
        this=exp.Between(this=day, low=literal(calendar.first.isoformat(), DATE), high=literal(calendar.last.isoformat(), DATE))
    )
    return (
        exp.Case()
        .when(missing, literal(int(UNKNOWN_MEMBER), INTEGER), copy=False)
        .when(outside, literal(int(NOT_FOUND_MEMBER), INTEGER), copy=False)
        .else_(day_key(day), copy=False)
    )


def _alias(role: Role) -> str:
    return f"{role.column.name.removesuffix('_key')}_lookup"


def looked_up(role: Role) -> Dimension | None:
    """The dimension of a role, when only a join tells the key: which version is meant, or whether there is a member at all."""
    if isinstance(role.dimension, ComputedDimension) or isinstance(role, CarriedRole):
        return None
    return role.dimension if role.missing == "unknown" or role.dimension.history is not None else None


def lookup_view(role: Role, dimension: Dimension, user: Fact | Dimension, table: str, dialect: Dialect) -> LookupView:
    """The dimension as it is joined to what the user of the role is made of."""
    if dimension.history is not None:
        return version_lookup(role, dimension, _columns_of(role, user), _alias(role), table, dialect)
    comment = f"Distinct, so that no {'row of the fact' if isinstance(user, Fact) else 'member'} can be doubled."
    if dimension.is_junk:
        return _combination_lookup(role, dimension, table, comment, dialect)
    # By the business key, since its columns are shorter than their hash, which would be computed for every row.
    return LookupView(
        alias=_alias(role),
        model=dimension.name,
        columns=" DISTINCT" + select_list([dialect.name_sql(n) for n in (dimension.surrogate_key, *dimension.business_key)]),
        comment=comment,
        on=same_key(role, dimension, _columns_of(role, user), _alias(role), table, dialect),
        has_composite_key=len(role.on) > 1,
    )


def _combination_lookup(role: Role, dimension: Dimension, table: str, comment: str, dialect: Dialect) -> LookupView:
    # By the hash, in which missing values are equal.
    key = column_expression(dimension.surrogate_key, role.column.type, _alias(role))
    return LookupView(
        alias=_alias(role),
        model=dimension.name,
        columns=f" DISTINCT {dialect.name_sql(dimension.surrogate_key)}",
        comment=comment,
        on=(dialect.sql(exp.EQ(this=hashed_key(business_key(dimension), role.on, table=table), expression=key)),),
        has_composite_key=True,
    )


def _kept(column: Column, fact: Fact, table: str | None) -> exp.Expr:
    held = fact.base.column(column.name) or column
    return cast(column_expression(column.name, held.type, table), held.type, column.type)


def _measure(measure: Measure, dialect: Dialect, table: str | None) -> exp.Expr:
    tree = qualified(cast(measure.expression.on(dialect.name), measure.expression.type, measure.column.type), table)
    if measure.default is not None:
        return exp.Coalesce(this=tree, expressions=[literal(measure.default, measure.column.type)])
    return tree
