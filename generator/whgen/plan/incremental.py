"""An incremental fact -> its configuration, the rows that a run loads, and the part of the table that tests compare."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.dialects.incremental import Increment, Window
from whgen.ir.incremental import Incremental
from whgen.ir.types import Kind
from whgen.ir.warehouse import Fact
from whgen.plan.project import IncrementView
from whgen.plan.sql import hashed_key
from whgen.sql.columns import column_expression
from whgen.sql.types import sql_type

_BACK = {Kind.DATE: exp.DateSub, Kind.DATETIME: exp.DatetimeSub, Kind.TIMESTAMP: exp.TimestampSub}
_TRUNCATED = {Kind.DATE: exp.DateTrunc, Kind.DATETIME: exp.DatetimeTrunc, Kind.TIMESTAMP: exp.TimestampTrunc}
# A name that no column of a spec can have.
_NEWEST = "_newest"


def increment_view(fact: Fact, dialect: Dialect) -> IncrementView | None:
    """What the model of an incremental fact says of its runs; None for other facts."""
    if fact.incremental is None:
        return None
    found = _increment(fact, fact.incremental, dialect)
    config = [
        "materialized='incremental'",
        f"incremental_strategy='{found.strategy}'",
        *([f"unique_key='{fact.surrogate_key}'"] if found.has_unique_key else []),
        f"on_schema_change='{fact.incremental.on_schema_change}'",
        *(["pre_hook=before"] if found.before else []),
    ]
    return IncrementView(config=tuple(config), before=found.before, rows=found.rows, comment=found.comment)


def compared_part(fact: Fact, dialect: Dialect) -> dict[str, Any]:
    """Arguments for comparing an incremental fact with its base: what was loaded long ago may have left the base since."""
    if fact.incremental is None:
        return {}
    column = dialect.name_sql(fact.incremental.column)
    return {"since_column": column, "since": _start(fact, fact.incremental, dialect, f"MAX({column})")}


def _increment(fact: Fact, incremental: Incremental, dialect: Dialect) -> Increment:
    window = Window(
        column=dialect.name_sql(incremental.column),
        type=dialect.type_name(incremental.type) or "",
        start=partial(_start, fact, incremental, dialect),
        key=dialect.name_sql(fact.surrogate_key),
        key_of_base=dialect.line(hashed_key(fact.grain_key)),
        base=f"{{{{ ref('{fact.base.name}') }}}}",
        where=dialect.line(fact.where.on(dialect.name)) if fact.where is not None else "",
    )
    return dialect.increment(fact, window)


def _start(fact: Fact, incremental: Incremental, dialect: Dialect, newest: str) -> str:
    """Where the run begins when the newest value is that SQL: at midnight, or at the beginning of a partition, of events."""
    type_ = incremental.type
    number, unit = incremental.lookback
    tree = _BACK[type_.kind](this=column_expression(_NEWEST, type_), expression=exp.Literal.number(number), unit=exp.var(unit.upper()))
    tree.type = sql_type(type_)
    granularity = dialect.granularity(fact) if incremental.is_event else ""
    if granularity and (granularity, type_.kind) != ("day", Kind.DATE):
        tree = _TRUNCATED[type_.kind](this=tree, unit=exp.var(granularity.upper()))
        tree.type = sql_type(type_)
    return dialect.line(tree).replace(_NEWEST, newest)
