"""Compares a table as built with the rows that a hand-written query expects, and names the first difference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

# What a surrogate key leads to. A key without a member in the dimension is the worst that can happen to a fact.
MEMBER_OF = """
create or replace temp macro member_of(key, is_inferred) as
    case
        when key is null then 'DANGLING KEY'
        when key::varchar = '-1' then 'unknown'
        when key::varchar = '-2' then 'not found'
        when is_inferred then 'inferred'
        else 'known'
    end
"""
FAMILIES = {
    "integer": {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"},
    "float": {"FLOAT", "DOUBLE"},
}
Row = tuple[Any, ...]


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """A connection in memory that sees the built database as `built`, and cannot change it."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"attach '{sql_text(database)}' as built (read_only)")
    connection.execute(MEMBER_OF)
    return connection


def sql_text(value: object) -> str:
    """The inside of a SQL text literal."""
    return str(value).replace("'", "''")


def query_of(file: Path, raw: Path) -> str:
    """A hand-written query, reading the raw files of this folder."""
    return file.read_text(encoding="utf-8").replace("{raw}", sql_text(raw))


def assert_same(
    connection: duckdb.DuckDBPyConnection, name: str, *, expected: str, built: str, key: Sequence[str], near: Sequence[str] = ()
) -> None:
    """Fail unless both queries give the same columns and rows. Columns in `near` may differ by rounding."""
    difference = first_difference(connection, expected=expected, built=built, key=key, near=near)
    assert difference is None, f"{name}: {difference}"


def first_difference(
    connection: duckdb.DuckDBPyConnection, *, expected: str, built: str, key: Sequence[str], near: Sequence[str] = ()
) -> str | None:
    """What differs first, in words."""
    connection.execute(f"create or replace temp table expected as {expected}")
    connection.execute(f"create or replace temp table actual as {built}")
    columns = _columns(connection, "expected")
    if columns != (found := _columns(connection, "actual")):
        wrong = next((f"column {i} is {b}, expected {e}" for i, (e, b) in enumerate(zip(columns, found, strict=False), 1) if e != b), None)
        return wrong or f"{len(found)} columns, expected {len(columns)}: {found}, expected {columns}"
    counts = [_rows(connection, f"select count(*) from {table}")[0][0] for table in ("expected", "actual")]
    keyed = ", ".join(key)
    kept = f"* exclude ({', '.join(near)})" if near else "*"
    for name, other in (("expected", "actual"), ("actual", "expected")):
        connection.execute(f"create or replace temp table only_{name} as select {kept} from {name} except all select {kept} from {other}")
    wrong_keys = _rows(
        connection,
        f"select distinct {keyed} from (select {keyed} from only_expected union all select {keyed} from only_actual)"
        f" order by {', '.join(f'{column} nulls first' for column in key)}",
    )
    if not wrong_keys:
        assert counts[0] == counts[1], "equal multisets have equal counts"
        return _first_far(connection, key, near)
    where = dict(zip(key, wrong_keys[0], strict=True))
    condition = " and ".join(f"{column} is not distinct from ?" for column in key)
    sides = [
        _rows(connection, f"select {kept} from only_{side} where {condition} order by all", wrong_keys[0])
        for side in ("expected", "actual")
    ]
    names = [column for column, _ in columns if column not in near]
    start = f"{counts[1]:,} rows, expected {counts[0]:,}; {len(wrong_keys):,} keys differ, the first is {where}: "
    return start + _in_words(names, *sides)


def _in_words(names: Sequence[str], expected: list[Row], built: list[Row]) -> str:
    if not built:
        return f"not built, expected {expected[0]}"
    if not expected:
        return f"built {len(built)} times more than expected: {built[0]}"
    pairs = zip(names, expected[0], built[0], strict=True)
    wrong = [f"{name} is {b!r}, expected {e!r}" for name, e, b in pairs if e != b]
    return "; ".join(wrong) or f"built {len(built)} times, expected {len(expected)} times"


def _first_far(connection: duckdb.DuckDBPyConnection, key: Sequence[str], near: Sequence[str]) -> str | None:
    joined = " and ".join(f"e.{column} is not distinct from a.{column}" for column in key)
    for column in near:
        far = _rows(
            connection,
            f"select {', '.join(f'e.{name}' for name in key)}, e.{column}, a.{column} from expected as e inner join actual as a on {joined}"
            f" where (e.{column} is null) <> (a.{column} is null) or abs(e.{column} - a.{column}) > 1e-9 * greatest(1, abs(e.{column}))"
            f" order by {', '.join(f'e.{name}' for name in key)} limit 1",
        )
        if far:
            *where, expected, built = far[0]
            return f"{dict(zip(key, where, strict=True))}: {column} is {built!r}, expected {expected!r}"
    return None


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """Names and kinds of the columns in their order. The widths of integers and floats are the generator's own business."""
    described = _rows(
        connection,
        "select column_name, data_type from duckdb_columns() where database_name = 'temp' and table_name = ? order by column_index",
        [table],
    )
    return [(name, next((family for family, types in FAMILIES.items() if kind in types), kind)) for name, kind in described]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[object] = ()) -> list[Row]:
    return connection.execute(sql, list(values)).fetchall()
