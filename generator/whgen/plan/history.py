"""A dimension with history -> the queries that make versions of dated rows, and the version that a fact points to.

`changes` has what is known at each moment. `sequenced` sets each row beside the one before it, and fills what is the same in all versions
(types 0 and 1). Where a value of type 2 differs, or a member comes or goes, a version begins; it ends where the next one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.types import DATE, STRING, Kind
from whgen.ir.warehouse import Attribute, Column, Dimension, History, Role
from whgen.plan.project import HistoryView, LookupView
from whgen.plan.sql import cast, constant_item, select_item, select_list
from whgen.sql.columns import column_expression
from whgen.sql.types import sql_type

# Names that no column of a spec can have.
_GONE, _WAS_GONE = "_is_deleted", "_was_deleted"
_LINE = 106
"""What is longer than this, behind what it is indented by, would be too long a line."""


def history_view(dimension: Dimension, history: History, values: Sequence[str], dialect: Dialect) -> HistoryView:
    """The queries. `values` are the attributes as items of a SELECT from the base."""
    key = [dialect.name_sql(k) for k in dimension.business_key]
    names = [dialect.name_sql(a.column.name) for a in dimension.attributes]
    moment = _begins(history)
    deleted: exp.Expr = exp.false()
    if history.deleted is not None:
        deleted = exp.Coalesce(this=history.deleted.on(dialect.name), expressions=[exp.false()])
    changes = [*key, *values, select_item(moment, "valid_from", dialect), select_item(deleted, _GONE, dialect)]
    nothing = [constant_item(None, a.column.name, dialect, a.column.type) for a in dimension.attributes]
    windows = _Windows(", ".join(key))
    sequenced = [_item(i) for n, a in enumerate(dimension.attributes) for i in windows.sequenced(a, dialect.name_sql(a.column.name), n)]
    has_previous = any(a.scd == 3 for a in dimension.attributes)
    back = [
        windows.previous(name, n) if a.scd == 3 else name
        for n, (a, name) in enumerate(zip(dimension.attributes, names, strict=True))
    ]  # fmt: skip
    kept = [_before(n) for n, a in enumerate(dimension.attributes) if a.scd == 2]
    turns = [
        f"{name} IS DISTINCT FROM {_before(n)}" for n, (a, name) in enumerate(zip(dimension.attributes, names, strict=True)) if a.scd == 2
    ]
    return HistoryView(
        key=", ".join(key),
        moment=dialect.sql(moment),
        changes=select_list(changes),
        is_extract=history.is_extract,
        followed=select_list([*key, "valid_from", f"LEAD(valid_from) OVER ({windows.in_order}) AS _next_here"]),
        gone=select_list([*(f"followed.{k}" for k in key), *nothing, "extracts._next_extract AS valid_from", f"TRUE AS {_GONE}"]),
        sequenced=select_list([*key, *sequenced, "valid_from", _GONE, f"LAG({_GONE}) OVER ({windows.in_order}) AS {_WAS_GONE}"]),
        looked_back=select_list([*key, *back, *kept, "valid_from", _GONE, _WAS_GONE]) if has_previous else "",
        followed_up="looked_back" if has_previous else "sequenced",
        turns=(f"{_WAS_GONE} IS NULL", f"{_GONE} <> {_WAS_GONE}", *turns),
    )


def _begins(history: History) -> exp.Expr:
    column = column_expression(history.moment.name, history.moment.type)
    # dbt's clock is of another type on each warehouse.
    return exp.Cast(this=column, to=sql_type(history.moment.type)) if history.snapshot else column


class _Windows:
    def __init__(self, key: str) -> None:
        self.in_order = f"PARTITION BY {key} ORDER BY valid_from"
        # Rows that say that a member is gone know nothing else of it.
        self._alive = f"PARTITION BY {key}, {_GONE} ORDER BY"

    def sequenced(self, attribute: Attribute, name: str, number: int) -> tuple[str, ...]:
        match attribute.scd:
            case 0:
                return (f"FIRST_VALUE({name}) OVER ({self._alive} valid_from) AS {name}",)
            case 1:
                return (f"FIRST_VALUE({name}) OVER ({self._alive} valid_from DESC) AS {name}",)
            case 2:
                return name, f"LAG({name}) OVER ({self.in_order}) AS {_before(number)}"
            case _:
                return name, f"LAG({name}) OVER ({self._alive} valid_from) AS {_before(number)}"

    def previous(self, name: str, number: int) -> str:
        # The last row whose value differs from the one before it knows that one.
        changed = f"CASE WHEN {name} IS DISTINCT FROM {_before(number)} THEN 0 ELSE 1 END"
        window = f"{self._alive.removesuffix(' ORDER BY')}\n    ORDER BY {changed}, valid_from DESC"
        return f"FIRST_VALUE({_before(number)}) OVER (\n    {window}\n) AS {name}"


def _item(text: str) -> str:
    """A column of a SELECT; a window that is too long for its line has its parts on lines of their own."""
    if len(text) <= _LINE:
        return text
    call, window = text.split(" OVER (", 1)
    window, name = window.rsplit(") AS ", 1)
    broken = window.replace(" ORDER BY", "\n    ORDER BY")
    return f"{call} OVER (\n    {broken}\n) AS {name}"


def _condition(text: str) -> str:
    """A condition; two of which one must hold have a line each where they are too long for one."""
    if len(text) <= _LINE or " OR " not in text:
        return text
    one, other = text[1:-1].split(" OR ", 1)
    return f"(\n    {one}\n    OR {other}\n)"


def _before(number: int) -> str:
    return f"_before_{number + 1}"


def version_lookup(role: Role, dimension: Dimension, columns: Sequence[Column], alias: str, table: str, dialect: Dialect) -> LookupView:
    """The versions that a fact is joined to: that of its moment, or the last one."""
    assert dimension.history is not None, "only a dimension with history has versions"
    key = [dialect.name_sql(k) for k in dimension.business_key]
    in_order = f"PARTITION BY {', '.join(key)} ORDER BY valid_from"
    items = [dialect.name_sql(dimension.surrogate_key), *key]
    on = [*same_key(role, dimension, columns, alias, table, dialect)]
    if role.as_of is None:
        items.append(f"LEAD(valid_from) OVER ({in_order}) IS NULL AS is_last")
        on.append(f"{alias}.is_last")
        comment = f"The last version of each {dimension.noun.replace('_', ' ')}."
    else:
        moment = dialect.sql(_moment(role.as_of, dimension.history, table))
        items += ["valid_from", "valid_to"]
        on.append(f"({moment} < {alias}.valid_to OR {alias}.valid_to IS NULL)")
        if role.before_first == "first":
            items.append(f"LAG(valid_from) OVER ({in_order}) IS NULL AS is_first")
            on.append(f"({moment} >= {alias}.valid_from OR ({alias}.is_first AND {moment} IS NOT NULL))")
        else:
            on.append(f"{moment} >= {alias}.valid_from")
        comment = f"The versions of each {dimension.noun.replace('_', ' ')}, of which one holds at `{role.as_of.name}`."
    on = [_condition(text) for text in on]
    return LookupView(alias=alias, model=dimension.name, columns=select_list(items), comment=comment, on=tuple(on), has_composite_key=True)


def same_key(role: Role, dimension: Dimension, columns: Sequence[Column], alias: str, table: str, dialect: Dialect) -> tuple[str, ...]:
    """The conditions under which a row of a fact has the business key of a member; without a value in some of it, it has none."""
    return tuple(
        dialect.sql(exp.EQ(this=column_expression(n, c.type, table), expression=column_expression(k, c.type, alias)))
        for n, c, k in zip(role.on, columns, dimension.business_key, strict=True)
    )


def _moment(column: Column, history: History, table: str) -> exp.Expr:
    tree = column_expression(column.name, column.type, table)
    # Within a day, the version that begins on it holds.
    return cast(tree, column.type, DATE) if history.moment.type.kind is Kind.DATE and column.type.is_known else tree


def must_find_version(role: Role) -> bool:
    """Whether a fact may not be built where its moment has no version."""
    return role.missing == "fail" and isinstance(role.dimension, Dimension) and role.dimension.history is not None


def version_tests(dimension: Dimension, dialect: Dialect) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What must hold of versions, as dbt tests with their arguments: they follow each other, and miss no row."""
    history = dimension.history
    assert history is not None, "only a dimension with history has versions"
    key = [dialect.name_sql(k) for k in dimension.business_key]
    kept = [dialect.line(dimension.where.on(dialect.name))] if dimension.where is not None else []
    if history.deleted is not None:
        kept.append(f"NOT COALESCE({dialect.line(history.deleted.on(dialect.name))}, FALSE)")
    changes: dict[str, Any] = {
        "changes": f"ref('{history.snapshot or dimension.base.name}')",
        "key": key,
        "moment": dialect.line(_begins(history)),
    }
    if kept:
        changes["changes_where"] = " AND ".join(f"({k})" for k in kept) if len(kept) > 1 else kept[0]
    # dbt sees the end of each row of a snapshot itself.
    has_gaps = history.is_extract or history.deleted is not None
    return ("versions_in_order", {"key": key, "gaps": has_gaps}), ("changes_have_versions", changes)


def snapshot_properties(dimension: Dimension, dialect: Dialect) -> dict[str, Any]:
    """The file of the snapshot of a dimension's base."""
    history = dimension.history
    assert history is not None, "only history has snapshots"
    key = [dialect.name_sql(k) for k in dimension.business_key]
    read = {name for a in dimension.attributes for name in a.expression.columns}
    config = {
        "unique_key": key if len(key) > 1 else key[0],
        "strategy": "check",
        "check_cols": [dialect.name_sql(c.name) for c in dimension.base.columns if c.name in read] or "all",
        "hard_deletes": "new_record",
    }
    entry = {
        "name": history.snapshot,
        "description": f"What {dimension.base.name} held at each build.",
        "relation": f"ref('{dimension.base.name}')",
        "config": config,
        "columns": [{"name": c.name, "data_type": type_} for c in _of_snapshot(dimension, history) if (type_ := dialect.type_name(c.type))],
    }
    return {"version": 2, "snapshots": [entry]}


def _of_snapshot(dimension: Dimension, history: History) -> tuple[Column, ...]:
    ends = Column(name="dbt_valid_to", type=history.moment.type, span=history.moment.span)
    return (*dimension.base.columns, history.moment, ends, Column(name="dbt_is_deleted", type=STRING, span=history.moment.span))
