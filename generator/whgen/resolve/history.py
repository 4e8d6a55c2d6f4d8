"""`history:` of a dimension -> what its versions are made of; and the version that a role of a fact points to."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.types import BOOLEAN, STRING, Kind, Type, a
from whgen.ir.warehouse import Attribute, Column, ComputedDimension, Dimension, Expression, History, Table
from whgen.resolve.symbols import Symbols, declared_as, scope_of
from whgen.spec.dimension import DimensionSpec
from whgen.spec.fact import Role as RoleSpec
from whgen.spec.load import Located
from whgen.sql.columns import column_expression

VALID_FROM, VALID_TO, IS_CURRENT = "valid_from", "valid_to", "is_current"
_MOMENTS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)
_INCOMPARABLE = (Kind.JSON, Kind.ARRAY)


def resolve_history(at: Located[DimensionSpec], base: Table, symbols: Symbols) -> History | None:
    """How the versions of a dimension are made; None when it has none, or what they need is unknown (and reported)."""
    spec = at.spec.history
    if spec is None:
        return None
    if spec.snapshot:
        return _of_snapshot(at, symbols)
    key = "changed_at" if spec.changed_at is not None else "extracted_at"
    span = at.at("history", key)
    moment = symbols.column_in(base, getattr(spec, key) or "", span)
    deleted = symbols.condition(spec.deleted, at, ("history", "deleted"), scope_of(base.columns), where=f"`{base.name}`")
    if moment is None:
        return None
    if moment.type.is_known and moment.type.kind not in _MOMENTS:
        symbols.report.error(
            "type-mismatch",
            span,
            f"`{moment.name}` is {a(moment.type)}, and versions begin at a date, datetime or timestamp",
            help="cast it in staging",
            related=[declared_as(moment)],
        )
    return History(moment=moment, is_extract=key == "extracted_at", deleted=deleted)


def _of_snapshot(at: Located[DimensionSpec], symbols: Symbols) -> History:
    span, name = at.at("history", "snapshot"), f"{at.spec.dimension}_snapshot"
    symbols.claim(name, at.at("dimension"))
    # What dbt calls it, and how it says so, with `hard_deletes: new_record`. It would date a row that comes back by a column of the
    # source before the moment at which it found the row gone; so it goes by its clock alone, with the strategy `check`.
    gone = exp.EQ(this=column_expression("dbt_is_deleted", STRING), expression=exp.Literal.string("True"))
    return History(
        moment=Column(name="dbt_valid_from", type=Type(Kind.TIMESTAMP), span=span),
        is_extract=False,
        deleted=Expression(tree=gone, trees={}, type=BOOLEAN, span=span),
        snapshot=name,
    )


def check_versions(at: Located[DimensionSpec], attributes: tuple[Attribute, ...], symbols: Symbols) -> None:
    """Report attributes whose changes cannot be followed: without history, or of a type whose values cannot be compared."""
    for attribute in attributes:
        if attribute.scd not in (2, 3):
            continue
        column, span = attribute.column, at.at("columns", attribute.column.name, "scd")
        if at.spec.history is None:
            what = "begins a new version" if attribute.scd == 2 else "holds the value before"
            symbols.report.error(
                "history-needed",
                span,
                f"type {attribute.scd} {what}, and this dimension keeps no history",
                help="add `history:`, with the column that dates the rows of the table",
            )
        elif column.type.kind in _INCOMPARABLE:
            symbols.report.error(
                "type-mismatch", span, f"`{column.name}` is {a(column.type)}, which not every warehouse can compare with the value before"
            )


def version_columns(history: History, span: Span) -> tuple[Column, ...]:
    """The columns that every dimension with history has."""
    type_ = history.moment.type
    return (
        Column(
            name=VALID_FROM, type=type_, span=span, description="Since when the version holds, inclusive. Special members have none."
        ).that_is(nullable=True),
        Column(name=VALID_TO, type=type_, span=span, description="When the version ended, exclusive; empty while it lasts.").that_is(
            nullable=True
        ),
        Column(name=IS_CURRENT, type=BOOLEAN, span=span, description="Whether the version still holds.").that_is(nullable=False),
    )


def as_of_column(
    at: Located[Any], path: tuple[str, str], spec: RoleSpec, base: Table, dimension: Dimension | ComputedDimension, symbols: Symbols
) -> Column | None:
    """The column whose moment chooses the version that a role points to; None when the last one is meant. Mistakes are reported."""
    history = dimension.history if isinstance(dimension, Dimension) else None
    if history is not None and spec.missing == "infer":
        symbols.report.error(
            "invalid-value",
            at.at(*path, "missing"),
            f"members of `{dimension.name}` cannot be inferred: nobody knows since when they hold",
            help="use `unknown` or `fail`",
            related=[Related(span=dimension.span, message=f"`{dimension.name}` keeps history")],
        )
    if spec.as_of is None:
        return None
    span = at.at(*path, "as_of")
    if history is None:
        symbols.report.error(
            "history-needed",
            span,
            f"`{dimension.name}` keeps no history, so it has the same row at every moment",
            help="remove `as_of`, or give the dimension `history:`",
            related=[Related(span=dimension.span, message=f"`{dimension.name}` is declared here")],
        )
        return None
    column = symbols.column_in(base, spec.as_of, span)
    if column is None:
        return None
    kinds = column.type.kind, history.moment.type.kind
    if column.type.is_known and history.moment.type.is_known and kinds[0] is not kinds[1] and kinds != (Kind.DATETIME, Kind.DATE):
        symbols.report.error(
            "type-mismatch",
            span,
            f"`{column.name}` is {a(column.type)}, and versions of `{dimension.name}` begin at {a(history.moment.type)}",
            help="cast one of them in staging: whether they mean the same time zone, only you know",
            related=[declared_as(column), declared_as(history.moment)],
        )
        return None
    return column
