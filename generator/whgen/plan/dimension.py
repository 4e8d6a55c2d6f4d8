"""Dimension -> the view of its model: members, inferred members, the two special members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.types import Kind, Scalar, Type
from whgen.ir.warehouse import Attribute, Column, Dimension, Reference, Staging, Table
from whgen.plan.history import history_view
from whgen.plan.project import DimensionView, InferredView, KeptView, LookupView, ReferenceView
from whgen.plan.sql import (
    NOT_FOUND_MEMBER,
    UNKNOWN_MEMBER,
    cast,
    conditions,
    constant_item,
    hashed_key,
    qualified,
    select_item,
    select_list,
)
from whgen.sql.columns import column_expression

# The names of queries in templates/models/dimension.sql.j2.
_QUERIES = frozenset(
    [
        "members",
        "inferred",
        "referenced",
        "special",
        "current_rows",
        "existing",
        "extracts",
        "extracted",
        "followed",
        "changes",
        "sequenced",
        "looked_back",
        "versions",
    ]
)
_VERSION = ("valid_from", "valid_to", "valid_to IS NULL AS is_current")
LABELS = {UNKNOWN_MEMBER: "Unknown", NOT_FOUND_MEMBER: "Not found"}


def base_alias(table: Table) -> str:
    """What a model calls the table that it reads; not what the templates call another query."""
    name = table.table if isinstance(table, Staging) else table.name
    return f"{name}_rows" if name in _QUERIES or name.endswith("_lookup") else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Outriggers:
    """Keys of other dimensions: items of the SELECT of members, and of the special members; an inferred one has those of the unknown one.

    `table` is what columns of the base belong to, where something is joined to find them.
    """

    lookups: tuple[LookupView, ...]
    table: str | None
    items: tuple[str, ...]
    unknown: tuple[str, ...]
    not_found: tuple[str, ...]


def dimension_view(dimension: Dimension, dialect: Dialect, config: tuple[str, ...], outriggers: Outriggers) -> DimensionView:
    """The model of a dimension."""
    key, table = business_key(dimension), outriggers.table
    hashed = hashed_key(key if dimension.history is None else (*key, _begin(dimension)), table=table)
    kept = [a for a in dimension.attributes if a.scd == 0]
    values = [select_item(qualified(_value(a, dialect), table), a.column.name, dialect, a.column.type) for a in dimension.attributes]
    history = dimension.history
    names = [dialect.name_sql(a.column.name) for a in dimension.attributes]
    return DimensionView(
        origin=dimension.file,
        config=config,
        base=dialect.name_sql(base_alias(dimension.base)),
        model=(history.snapshot if history is not None else None) or dimension.base.name,
        columns=select_list(
            [
                select_item(hashed, dimension.surrogate_key, dialect),
                *(select_item(column_expression(c.name, c.type, table), c.name, dialect) for c in key),
                *(values if history is None else [*names, *_VERSION]),
                *outriggers.items,
                "FALSE AS is_inferred",
            ]
        ),
        lookups=outriggers.lookups,
        where=conditions(dimension.where, dialect, table=table),
        history=history_view(dimension, history, values, dialect) if history is not None else None,
        inferred=_inferred(dimension, key, outriggers, dialect) if dimension.references else None,
        kept=_kept(dimension, kept, dialect) if kept and history is None else None,
        unknown=_member(dimension, key, UNKNOWN_MEMBER, outriggers.unknown, dialect),
        not_found=_member(dimension, key, NOT_FOUND_MEMBER, outriggers.not_found, dialect),
    )


def _begin(dimension: Dimension) -> Column:
    return next(c for c in dimension.columns if c.name == dimension.key[-1])


def business_key(dimension: Dimension) -> tuple[Column, ...]:
    """The columns of the business key."""
    return tuple(c for k in dimension.business_key if (c := dimension.column(k)) is not None)


def _value(attribute: Attribute, dialect: Dialect) -> exp.Expr:
    return cast(attribute.expression.on(dialect.name), attribute.expression.type, attribute.column.type)


def _inferred(dimension: Dimension, key: Sequence[Column], outriggers: Outriggers, dialect: Dialect) -> InferredView:
    return InferredView(
        references=tuple(_reference(r, key, dialect) for r in dimension.references),
        columns=select_list(
            [
                select_item(hashed_key(key, table="referenced"), dimension.surrogate_key, dialect),
                *(f"referenced.{dialect.name_sql(c.name)}" for c in key),
                *(constant_item(None, a.column.name, dialect, a.column.type) for a in dimension.attributes),
                *outriggers.unknown,
                "TRUE AS is_inferred",
            ]
        ),
        join=_same_members(dimension, key, dialect),
        where=(
            # In a combination, a missing value is one like others.
            *(dialect.sql(_is_null(column_expression(c.name, c.type, "referenced"), negated=True)) for c in key if not dimension.is_junk),
            f"members.{dialect.name_sql(dimension.surrogate_key)} IS NULL",
        ),
    )


def _same_members(dimension: Dimension, key: Sequence[Column], dialect: Dialect) -> tuple[str, ...]:
    if dimension.is_junk:
        surrogate = column_expression(dimension.surrogate_key, Type(Kind.STRING), "members")
        return (dialect.sql(exp.EQ(this=hashed_key(key, table="referenced"), expression=surrogate)),)
    return tuple(
        dialect.sql(exp.EQ(this=column_expression(c.name, c.type, "referenced"), expression=column_expression(c.name, c.type, "members")))
        for c in key
    )


def _reference(reference: Reference, key: Sequence[Column], dialect: Dialect) -> ReferenceView:
    items = [select_item(column_expression(n, c.type), c.name, dialect) for n, c in zip(reference.columns, key, strict=True)]
    return ReferenceView(columns=select_list(items), model=reference.base, where=conditions(reference.where, dialect))


def _is_null(tree: exp.Expr, *, negated: bool) -> exp.Expr:
    test = exp.Is(this=tree, expression=exp.Null())
    return exp.Not(this=test) if negated else test


def _kept(dimension: Dimension, kept: Sequence[Attribute], dialect: Dialect) -> KeptView:
    names = {a.column.name for a in kept}
    columns = []
    for column in dimension.columns:
        name = dialect.name_sql(column.name)
        # An inferred member has no first value yet: its attributes are filled when the source knows it.
        item = f"CASE WHEN NOT existing.is_inferred THEN existing.{name} ELSE current_rows.{name} END AS {name}"
        columns.append(item if column.name in names else f"current_rows.{name}")
    return KeptView(columns=select_list(columns), surrogate_key=dialect.name_sql(dimension.surrogate_key))


def _member(dimension: Dimension, key: Sequence[Column], member: str, beside: Sequence[str], dialect: Dialect) -> str:
    return select_list(
        [
            select_item(exp.Literal.string(member), dimension.surrogate_key, dialect),
            *(constant_item(None, c.name, dialect, c.type) for c in key),
            *(constant_item(_of_member(a, member), a.column.name, dialect, a.column.type) for a in dimension.attributes),
            *_endless(dimension, dialect),
            *beside,
            "FALSE AS is_inferred",
        ]
    )


def _endless(dimension: Dimension, dialect: Dialect) -> list[str]:
    """A special member has one version, which is current, so that no filter on that loses it."""
    if dimension.history is None:
        return []
    type_ = dimension.history.moment.type
    return [*(constant_item(None, name, dialect, type_) for name in ("valid_from", "valid_to")), "TRUE AS is_current"]


def _of_member(attribute: Attribute, member: str) -> Scalar | None:
    declared: Scalar | None = attribute.unknown if member == UNKNOWN_MEMBER else attribute.not_found
    if declared is not None:
        return declared
    return LABELS[member] if attribute.column.type.kind is Kind.STRING else None
