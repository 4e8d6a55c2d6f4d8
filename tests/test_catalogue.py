"""Every function and operator of the catalogue on difficult values, on three engines: DuckDB, a real Postgres, and Google's evaluator of
BigQuery's SQL. What BigQuery gives is what the others must give; a value at which BigQuery stops may be anything elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from engines import COLUMNS, ERRORS, ROWS, BigQuery, DuckDb, Postgres, same
from postgres_server import PostgresServer
from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.types import Type
from whgen.sql.catalogue.lookup import CATALOGUE, entry_of
from whgen.sql.infer import set_type
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.portable import check_functions, check_limits
from whgen.sql.types import is_nullable, logical_type
from whgen.sql.typing import assign_types
from whgen.warehouses import DIALECTS

ALL = ("bigquery", "duckdb", "postgres")
# One process for all of them: starting Postgres and compiling the evaluator takes long.
pytestmark = pytest.mark.xdist_group("engines")

AGGREGATES = [f.example for f in CATALOGUE if f.is_aggregate]
EXAMPLES = [f.example for f in CATALOGUE if not f.is_aggregate]
# The values that aggregates are taken of: all of them, none at all, one without values, one.
GROUPS = ("TRUE", "row < 1", "row = 4", "row = 1", "row <> 5 AND row <> 6")

_LISTS = dict(re.findall(r"^## (.+)\n((?:.+\n)+)", (Path(__file__).parent / "expressions.txt").read_text(encoding="utf-8"), re.MULTILINE))
MORE_AGGREGATES = _LISTS.pop("aggregates").splitlines()
MORE = [line for lines in _LISTS.values() for line in lines.splitlines()]
DIFFERS = {
    "upper('ß')": "a capital that is two letters is one letter elsewhere, or none",
    "lower('ΣΑΣ')": "a sigma at the end of a word is another letter on BigQuery alone",
    "lower('İ')": "the small letter is two on BigQuery alone",
    "safe_cast('1e309' as float64)": "Postgres has no value for a number that is too large for a float, and infinity is one on the others",
    "safe_cast('9999-12-31 23:59:59-01:00' as timestamp)": "an offset leads to the year 10000, which BigQuery does not have",
    "format_date('%Y', date(1, 1, 1))": "years before 1000 have fewer than four digits on BigQuery alone",
    "cast(1e15 / 7 as numeric)": "a float has no digits behind the fifteenth, and each warehouse makes up its own",
}


@pytest.fixture(scope="module")
def engines(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Any]]:
    postgres = Postgres(postgres_server)
    bigquery = BigQuery(request.config.cache.mkdir("zetasql"))
    yield {e.name: e for e in (bigquery, DuckDb(), postgres)}
    postgres.close()


def _typed(text: str) -> tuple[exp.Expr, Report]:
    report = Report()
    sql = SqlText(text=text, dialect="bigquery", locate=lambda start, end: Span(file="x", column=start + 1, end_column=end + 1))
    tree = parse_expression(sql, report)
    assert tree is not None, [d.message for d in report]
    check_functions(tree, sql, report, ALL)
    for column in tree.find_all(exp.Column):
        set_type(column, COLUMNS[column.name])
    assign_types(list(tree.dfs())[::-1], sql, report)
    check_limits(tree, sql, report, ALL)
    return tree, report


def sql_of_each(text: str) -> tuple[exp.Expr, Type, dict[str, str]]:
    """The tree of an expression, its type, and what it is in the SQL of each warehouse."""
    tree, report = _typed(text)
    assert not len(report), [f"{d.code}: {d.message}" for d in report]
    type_ = logical_type(tree)
    assert type_.is_known
    return tree, type_, {name: DIALECTS[name].line(DIALECTS[name].settle(tree.copy(), type_)) for name in ALL}


def _check_types(printed: Mapping[str, str], type_: Type, engines: Mapping[str, Any], *, grouped: bool = False) -> None:
    for name, sql in printed.items():
        assert _bare(engines[name].type_of(sql, grouped=grouped)) == _bare(DIALECTS[name].type_name(type_) or "?"), (name, sql)


def _bare(type_: str) -> str:
    name = re.sub(r"\(.*?\)", "", type_).strip().lower()
    for long, short in (
        ("timestamp with time zone", "timestamptz"),
        ("timestamp without time zone", "timestamp"),
        ("time without time zone", "time"),
    ):
        name = name.replace(long, short)
    return name


def values_of(engine: Any, sql: str) -> list[Any]:
    """The value in each row, or the error that it is."""
    try:
        return list(engine.values(sql))
    except ERRORS:
        # One row that stops the query must not hide the others.
        return [_value(engine, sql, row[0]) for row in ROWS]


def _value(engine: Any, sql: str, row: int) -> Any:
    try:
        return engine.values(sql, row)[0]
    except ERRORS as error:
        return error


@pytest.mark.parametrize("text", [*EXAMPLES, *MORE])
def test_expression_gives_the_same_on_every_warehouse(text: str, engines: Mapping[str, Any]) -> None:
    tree, type_, printed = sql_of_each(text)
    _check_types(printed, type_, engines)
    found = {name: values_of(engines[name], engines[name].shown(sql, type_)) for name, sql in printed.items()}
    stopped = [isinstance(v, Exception) for v in found["bigquery"]]
    assert sum(stopped) <= 2, next(v for v in found["bigquery"] if isinstance(v, Exception))
    for name in ("duckdb", "postgres"):
        for row, wanted, got, is_error in zip(ROWS, found["bigquery"], found[name], stopped, strict=True):
            assert is_error or same(got, wanted), f"{name}, row {row[0]}: {got!r}, and on BigQuery {wanted!r}; {printed[name]}"
    if not is_nullable(tree):
        assert None not in found["bigquery"]


@pytest.mark.parametrize("text", [*AGGREGATES, *MORE_AGGREGATES])
def test_aggregate_gives_the_same_on_every_warehouse(text: str, engines: Mapping[str, Any]) -> None:
    _, type_, printed = sql_of_each(text)
    _check_types(printed, type_, engines, grouped=True)
    for where in GROUPS:
        wanted = engines["bigquery"].total(printed["bigquery"], where)
        for name in ("duckdb", "postgres"):
            got = engines[name].total(engines[name].shown(printed[name], type_), where)
            assert same(got, wanted), f"{name} where {where}: {got!r}, and on BigQuery {wanted!r}; {printed[name]}"


def test_what_is_known_to_differ_still_does(engines: Mapping[str, Any]) -> None:
    for text in DIFFERS:
        _, type_, printed = sql_of_each(text)
        found = {name: _value(engines[name], engines[name].shown(sql, type_), 1) for name, sql in printed.items()}
        assert found["duckdb"] != found["bigquery"] or found["postgres"] != found["bigquery"], text


def test_every_entry_has_an_example_that_is_of_it() -> None:
    for function in CATALOGUE:
        tree, _ = _typed(function.example)
        assert function in [entry_of(node) for node in tree.walk()], function.usage


def test_there_are_enough_functions() -> None:
    names = {f.usage for f in CATALOGUE}
    assert len(names) == len(CATALOGUE), "two entries are written alike"
    assert len(names) >= 120
