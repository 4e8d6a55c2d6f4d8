"""Every function and operator that expressions may use, run on DuckDB: written as BigQuery's SQL, with what BigQuery's documentation says
comes out. `tests/test_cases.py` shows the SQL; this shows that it means the same."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.types import parse_type
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.types import logical_type
from whgen.warehouses import DIALECTS

D, TS = dt.date, dt.datetime
COLUMNS = {
    "i": ("integer", "7"), "n": ("integer", "-7"), "z": ("integer", "0"), "nul": ("integer", "NULL"),
    "f": ("float", "2.5"), "s": ("string", "'Größe 1'"), "t": ("string", "chr(9) || ' a ' || chr(160)"), "e": ("string", "''"), "sn": ("string", "NULL"),
    "b": ("boolean", "TRUE"), "bn": ("boolean", "NULL"),
    "d": ("date", "DATE '2024-02-29'"), "d2": ("date", "DATE '2023-12-31'"), "dn": ("date", "NULL"),
    "ts": ("datetime", "TIMESTAMP '2024-03-31 23:59:30'"), "tz": ("timestamp", "TIMESTAMPTZ '2024-03-31 23:59:30Z'"),
    "dec": ("decimal(10, 2)", "CAST('12.35' AS DECIMAL(10, 2))"),
}  # fmt: skip

CASES: list[tuple[str, str, Any]] = [
    # operators
    ("i + 1", "integer", 8), ("i - n", "integer", 14), ("i * n", "integer", -49), ("i / 2", "float", 3.5), ("-i", "integer", -7),
    ("nul + 1", "integer", None), ("dec * 2", "decimal(38, 2)", Decimal("24.70")),
    ("s || '!'", "string", "Größe 1!"), ("sn || '!'", "string", None),
    ("i = 7 and n < 0", "boolean", True), ("i <> 7 or b", "boolean", True), ("not b", "boolean", False), ("i >= 7", "boolean", True),
    ("i > 7", "boolean", False), ("i <= 6", "boolean", False), ("nul = nul", "boolean", None),
    ("nul is null", "boolean", True), ("sn is not null", "boolean", False), ("b is true", "boolean", True),
    ("i in (1, 7)", "boolean", True), ("i not in (1, 2)", "boolean", True), ("i between 1 and 7", "boolean", True),
    ("i not between 1 and 7", "boolean", False), ("s like 'Gr%'", "boolean", True), ("s not like '_rö%'", "boolean", False),
    ("1 - (2 - 3)", "integer", 2), ("(i + 1) * 2", "integer", 16),
    # whole numbers: both cut towards zero
    ("div(i, 2)", "integer", 3), ("div(n, 2)", "integer", -3), ("mod(i, 4)", "integer", 3), ("mod(n, 4)", "integer", -3),
    ("div(i - 1, 3 + 1)", "integer", 1), ("mod(i - 1, 4) * 2", "integer", 4), ("div(div(i, 2), 2)", "integer", 1),
    # conditions
    ("case when i > 1 then 'a' else 'b' end", "string", "a"), ("case i when 7 then 1 end", "integer", 1), ("if(b, 1, 2)", "integer", 1),
    ("if(bn, 1, 2)", "integer", 2), ("coalesce(nul, i)", "integer", 7), ("ifnull(sn, 'x')", "string", "x"), ("nullif(i, 7)", "integer", None),
    ("greatest(i, n)", "integer", 7), ("greatest(i, nul)", "integer", None), ("least(i, n)", "integer", -7), ("safe_divide(i, z)", "float", None),
    ("safe_divide(i, 2)", "float", 3.5),
    # casts
    ("cast(i as string)", "string", "7"), ("cast('7' as int64)", "integer", 7), ("safe_cast('x' as int64)", "integer", None),
    ("cast(d as string)", "string", "2024-02-29"), ("cast('2024-02-29' as date)", "date", D(2024, 2, 29)), ("cast(b as string)", "string", "true"),
    ("cast(i as float64)", "float", 7.0), ("cast(ts as date)", "date", D(2024, 3, 31)), ("safe_cast('1e400x' as float64)", "float", None),
    # text
    ("lower(s)", "string", "größe 1"), ("upper(substr(s, 1, 3))", "string", "GRÖ"), ("trim(t)", "string", "a"), ("trim('xax', 'x')", "string", "a"),
    ("concat(s, '-', 'y')", "string", "Größe 1-y"), ("concat(s, sn)", "string", None), ("length(s)", "integer", 7), ("length(e)", "integer", 0),
    ("substr(s, 3, 2)", "string", "öß"), ("substr(s, 4)", "string", "ße 1"),
    ("replace(s, 'ö', 'oe')", "string", "Groeße 1"), ("starts_with(s, 'Gr')", "boolean", True), ("regexp_contains(s, r'[0-9]$')", "boolean", True),
    # numbers
    ("abs(n)", "integer", 7), ("round(f)", "float", 3.0), ("round(2.45, 1)", "float", 2.5), ("floor(-f)", "float", -3.0), ("ceil(f)", "float", 3.0),
    ("sign(n)", "integer", -1),
    # dates
    ("date(2024, 2, 29)", "date", D(2024, 2, 29)), ("datetime(2024, 2, 29, 23, 5, 0)", "datetime", TS(2024, 2, 29, 23, 5)),
    ("time(23, 5, 0)", "time", dt.time(23, 5)), ("date(ts)", "date", D(2024, 3, 31)),
    ("extract(year from d)", "integer", 2024), ("extract(quarter from d)", "integer", 1), ("extract(month from d)", "integer", 2),
    ("extract(day from d)", "integer", 29), ("extract(dayofyear from d)", "integer", 60), ("extract(dayofweek from d)", "integer", 5),
    ("extract(dayofweek from d2)", "integer", 1), ("extract(isoyear from d2)", "integer", 2023), ("extract(isoweek from d2)", "integer", 52),
    ("extract(dayofweek from d) * 2", "integer", 10),
    ("extract(hour from ts)", "integer", 23), ("extract(minute from ts)", "integer", 59), ("extract(second from ts)", "integer", 30),
    ("date_trunc(d, year)", "date", D(2024, 1, 1)), ("date_trunc(d, quarter)", "date", D(2024, 1, 1)), ("date_trunc(d, month)", "date", D(2024, 2, 1)),
    ("date_trunc(d, isoweek)", "date", D(2024, 2, 26)), ("last_day(d)", "date", D(2024, 2, 29)), ("last_day(d2)", "date", D(2023, 12, 31)),
    ("date_add(d, interval 1 day)", "date", D(2024, 3, 1)), ("date_add(d, interval 1 year)", "date", D(2025, 2, 28)),
    ("date_sub(d, interval 1 month)", "date", D(2024, 1, 29)), ("date_add(d, interval i day)", "date", D(2024, 3, 7)),
    ("date_add(dn, interval 1 day)", "date", None),
    ("date_diff(d, d2, day)", "integer", 60), ("date_diff(d, d2, month)", "integer", 2), ("date_diff(d, d2, year)", "integer", 1),
    ("datetime_add(ts, interval 45 second)", "datetime", TS(2024, 4, 1, 0, 0, 15)),
    ("datetime_sub(ts, interval 1 hour)", "datetime", TS(2024, 3, 31, 22, 59, 30)),
    ("datetime_add(ts, interval nul minute)", "datetime", None),
    # what was once translated with another meaning
    ("(extract(dayofweek from d2)) in (1, 7)", "boolean", True),
    ("date_sub(d, interval extract(dayofweek from d) - 1 day)", "date", D(2024, 2, 25)),
    ("trim(lower(trim(t)))", "string", "a"), ("cast(date_trunc(d, month) as string)", "string", "2024-02-01"),
    ("cast(replace(cast(date_trunc(d, month) as string), '-', '') as int64)", "integer", 20240201),
    ("cast(f as int64)", "integer", 3), ("cast(-f as int64)", "integer", -3), ("cast(dec as int64)", "integer", 12),
    ("z * 0.1 + 0.2 + 0.1 = 0.3", "boolean", False), ("dec * 1.5", "decimal(38, 9)", Decimal("18.525")), ("coalesce(nul, 0.5)", "float", 0.5),
    (r"'100%' like '100\\%'", "boolean", True), (r"'100x' like '100\\%'", "boolean", False), ("i / nullif(z, 0)", "float", None),
    ("countif(nul > 1) over ()", "integer", 0), ("max(0.5) over ()", "float", 0.5),
    # windows, over the one row that there is
    ("row_number() over (partition by s order by i desc)", "integer", 1), ("rank() over (order by i)", "integer", 1),
    ("dense_rank() over (order by i)", "integer", 1), ("lag(i) over (order by d)", "integer", None), ("lead(i) over (order by d)", "integer", None),
    ("sum(i) over (partition by s)", "integer", 7), ("count(*) over ()", "integer", 1), ("count(nul) over ()", "integer", 0),
    ("avg(i) over ()", "float", 7.0), ("min(i) over ()", "integer", 7), ("max(d) over ()", "date", D(2024, 2, 29)),
    ("countif(i > 1) over ()", "integer", 1), ("max(i) over (order by i rows between 1 preceding and current row)", "integer", 7),
]  # fmt: skip


def _tree(text: str) -> exp.Expr:
    report = Report()
    sql = SqlText(text=text, dialect="bigquery", locate=lambda start, end: Span(file="x", column=start + 1, end_column=end + 1))
    parsed = parse_expression(sql, report)
    scope = {name: parse_type(type_) for name, (type_, _) in COLUMNS.items()}
    tree = infer(parsed, scope, sql, report, where="the row", warehouses=("bigquery", "duckdb")) if parsed is not None else None
    assert not report.has_errors, [d.message for d in report]
    assert tree is not None
    return tree


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    found = duckdb.connect()
    found.execute("SET TimeZone = 'UTC'")
    items = ", ".join(
        f"CAST({value} AS {DIALECTS['duckdb'].type_name(parse_type(type_))}) AS {name}" for name, (type_, value) in COLUMNS.items()
    )
    found.execute(f"CREATE TABLE one_row AS SELECT {items}")
    return found


@pytest.mark.parametrize(("text", "type_", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_expression_means_on_duckdb_what_it_means_on_bigquery(
    text: str, type_: str, wanted: Any, connection: duckdb.DuckDBPyConnection
) -> None:
    dialect, declared = DIALECTS["duckdb"], parse_type(type_)
    tree = _tree(text)
    printed = dialect.sql(dialect.settle(tree, declared))
    assert connection.sql(f"SELECT {printed} FROM one_row").fetchall() == [(wanted,)], printed
    if declared.kind.value != "decimal":
        assert logical_type(tree).kind is declared.kind, "the inferred type"
        found = connection.sql(f"SELECT {printed} AS x FROM one_row").types[0]
        assert re.sub(r"\(.*", "", str(found)) == dialect.type_name(declared), printed


REFUSED = {
    "not-portable": [
        "substr(s, 0, 3)", "substr(s, -2)", "substr(s, i)", "substr(s, 1, i)", "left(s, i)", "cast(f as string)", "cast(dec as string)", "cast(ts as string)",
        "d + interval 1 day", "extract(week from d)", "date_trunc(d, isoyear)", "initcap(s)", "farm_fingerprint(s)", "(i, n) in ((1, 2))", "lpad(s, i)",
        "regexp_contains(s, e)", "regexp_extract(s, r'(a)(b)')", "regexp_replace(s, r'a', r'\\0')", "split(s, '')", "split(s, ',')[offset(1)]", "round(f, i)",
        "format_date('%c', d)", "parse_date('%Y%m%d', s)", "safe.parse_date('%x', s)", "date(tz, s)", "cast(s as bytes)", "cast(s as bool)", "rand()",
        "approx_count_distinct(i) over ()", "string_agg(s, ',') over ()", "any_value(i) over ()", "s like any ('a', 'b')",
    ],
    "unsafe-division": ["i / z", "i / nul", "div(i, n)", "mod(i, z)", "i / (n - 1)", "dec / 2", "safe_divide(dec, 2)", "avg(dec) over ()"],
    "unknown-function": ["soundexx(s)", "ieee_divide(f, 2)"],
    "wrong-argument": ["concat(s, f)", "s || dec", "d - d2", "div(f, 2)", "mod(dec, 2)", "date(s)", "sum(b) over ()", "length(i)", "date_add(d, interval f day)", "json_value(s, '$.a')"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [(text, code) for code, texts in REFUSED.items() for text in texts])
def test_what_differs_between_warehouses_is_refused(text: str, code: str) -> None:
    report = Report()
    sql = SqlText(text=text, dialect="bigquery", locate=lambda start, end: Span(file="x", column=start + 1, end_column=end + 1))
    scope = {name: parse_type(type_) for name, (type_, _) in COLUMNS.items()}
    assert infer(parse_expression(sql, report), scope, sql, report, where="the row", warehouses=("bigquery", "duckdb")) is None
    assert {d.code for d in report} == {code}
