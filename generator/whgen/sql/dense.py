"""Sums by period -> the SELECT of a periodic snapshot: a row for each period, also for those in which nothing happened.

The rows that there should be are made of the combinations and the calendar; what happened is joined to them. Rows without a known day
stand in no period, and are kept as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from whgen.ir.aggregate import Dense
from whgen.ir.types import DATE, INTEGER, Kind, Type
from whgen.sql.compose import with_of
from whgen.sql.days import day_number, typed
from whgen.sql.types import sql_type

_ZERO = "_zero"


def dense_of(sums: exp.Select, dense: Dense) -> exp.Select:
    """The SELECT of the snapshot, over that of the sums."""
    day, keys = dense.day, [c.name for c in dense.keys]
    # In the order of the columns that the model declares.
    types = {c.name: c.type for c in dense.keys} | {day: INTEGER} | {c.name: c.type for c in dense.measures}
    listed, group = "".join(f"`{k}`, " for k in keys), f" GROUP BY {', '.join(f'`{k}`' for k in keys)}" if keys else ""
    first = "members.first_key" if dense.since_first else "bounds.first_key"
    bounds: dict[str, Type] = {day: INTEGER, "first_key": INTEGER, "last_key": INTEGER}
    members = f"SELECT {listed}MIN(`{day}`) AS first_key FROM sums WHERE `{day}` > 0{group}"
    periods = f"SELECT DISTINCT {day_number(dense.period)} AS `{day}` FROM {dense.calendar} WHERE calendar_date IS NOT NULL"
    wanted = f"SELECT {''.join(f'members.`{k}`, ' for k in keys)}periods.`{day}` FROM members CROSS JOIN bounds "
    wanted += f"INNER JOIN periods ON periods.`{day}` >= {first} AND periods.`{day}` <= bounds.last_key"
    queries = [
        ("sums", sums),
        ("members", _query(members, types | bounds)),
        ("bounds", _query(f"SELECT MIN(`{day}`) AS first_key, MAX(`{day}`) AS last_key FROM sums WHERE `{day}` > 0", bounds)),
        ("periods", _query(periods, {"calendar_date": DATE, "week_start": DATE})),
        ("wanted", _query(wanted, types | bounds)),
        ("snapshots", exp.Union(this=_filled(dense, types), expression=_undated(dense, types), distinct=False)),
    ]
    select = _query(f"SELECT {', '.join([*(f'`{n}`' for n in types), *_balances(dense)])} FROM snapshots", types)
    select.set("with_", with_of(queries))
    return select


def _query(text: str, types: Mapping[str, Type]) -> exp.Select:
    tree = typed(text, types)
    for identifier in tree.find_all(exp.Identifier):
        identifier.args["quoted"] = False
    assert isinstance(tree, exp.Select), "written here"
    return tree


def _filled(dense: Dense, types: Mapping[str, Type]) -> exp.Select:
    """What happened in each period; sums of nothing are 0."""
    day = dense.day
    items = [*(f"wanted.`{c.name}`" for c in dense.keys), f"wanted.`{day}`"]
    for column in dense.measures:
        held = f"sums.`{column.name}`"
        items.append(f"IF(sums.`{day}` IS NULL, {_ZERO}, {held}) AS `{column.name}`" if column.name in dense.sums else held)
    # A column that can be missing is in a combination what others are.
    on = [
        f"wanted.`{c.name}` IS NOT DISTINCT FROM sums.`{c.name}`" if c.type.nullable else f"wanted.`{c.name}` = sums.`{c.name}`"
        for c in dense.keys
    ]
    on.append(f"wanted.`{day}` = sums.`{day}`")
    select = _query(f"SELECT {', '.join(items)} FROM wanted LEFT JOIN sums ON {' AND '.join(on)}", {**types, _ZERO: INTEGER})
    for item in select.selects:
        for zero in [c for c in item.find_all(exp.Column) if c.name == _ZERO]:
            type_ = types[item.alias_or_name]
            value = exp.Literal.number(0)
            zero.replace(value if type_.kind is Kind.INTEGER else exp.Cast(this=value, to=sql_type(type_)))
    return select


def _undated(dense: Dense, types: Mapping[str, Type]) -> exp.Select:
    return _query(f"SELECT {', '.join(f'`{n}`' for n in types)} FROM sums WHERE `{dense.day}` <= 0", types)


def _balances(dense: Dense) -> list[str]:
    keys = "".join(f"`{c.name}`, " for c in dense.keys)
    return [
        f"CASE WHEN `{dense.day}` > 0 THEN SUM(COALESCE(`{of}`, 0)) OVER (PARTITION BY {keys}`{dense.day}` > 0 ORDER BY `{dense.day}` "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) END AS `{column.name}`"
        for column, of in dense.balances
    ]
