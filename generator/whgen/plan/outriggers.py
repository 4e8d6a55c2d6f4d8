"""Outriggers of a dimension -> what its model selects and joins for them."""

from __future__ import annotations

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.types import Kind
from whgen.ir.warehouse import Dimension, Role
from whgen.plan.dimension import Outriggers, base_alias
from whgen.plan.fact import looked_up, lookup_view, member_key
from whgen.plan.sql import NOT_FOUND_MEMBER, UNKNOWN_MEMBER, literal, select_item


def outriggers_of(dimension: Dimension, dialect: Dialect) -> Outriggers:
    """The keys of other dimensions, as they are found by columns of the base."""
    alias, roles = base_alias(dimension.base), dimension.outriggers
    lookups = tuple(lookup_view(r, d, dimension, alias, dialect) for r in roles if (d := looked_up(r)) is not None)
    table = alias if lookups else None

    def of_special(member: str) -> tuple[str, ...]:
        return tuple(select_item(_special(r, member), r.column.name, dialect, r.column.type) for r in roles)

    return Outriggers(
        lookups=lookups,
        table=table,
        items=tuple(select_item(member_key(r, dimension, table), r.column.name, dialect, r.column.type) for r in roles),
        unknown=of_special(UNKNOWN_MEMBER),
        not_found=of_special(NOT_FOUND_MEMBER),
    )


def _special(role: Role, member: str) -> exp.Expr:
    return literal(int(member), role.column.type) if role.column.type.kind is Kind.INTEGER else exp.Literal.string(member)
