"""The idea that whgen grew from: users and orders of a shop, as a hand-written project would stage and model them.

`proof/seed_idea` holds the raw files, the specs, and the hand-written queries; they share nothing with whgen.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from proof.comparison import assert_same, connect, query_of

SHOP = Path(__file__).parent / "proof" / "seed_idea"
RAW = SHOP / "raw"


@pytest.fixture(scope="module")
def database(seed_idea_database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(seed_idea_database) as connection:
        for table in ("stg_users", "stg_orders"):
            connection.execute(f"create temp table {table} as {hand_written(table)}")
        yield connection


def hand_written(table: str) -> str:
    return query_of(SHOP / "expected" / f"{table}.sql", RAW)


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@pytest.mark.parametrize(("table", "key"), [("users", "user_id"), ("orders", "order_id")])
def test_staging_is_what_the_hand_written_query_gives(table: str, key: str, database: duckdb.DuckDBPyConnection) -> None:
    built = f"from built.staging.stg_shop__{table}"
    assert_same(database, f"stg_shop__{table}", expected=hand_written(f"stg_{table}"), built=built, key=[key])


def test_dim_user_is_what_the_hand_written_query_gives(database: duckdb.DuckDBPyConnection) -> None:
    built = (
        "select case user_key when '-1' then 'unknown' when '-2' then 'not found' else 'member' end as member, * exclude (user_key)"
        " from built.production.dim_user"
    )
    assert_same(database, "dim_user", expected=hand_written("dim_user"), built=built, key=["member", "user_id"])


def test_dim_date_is_what_the_hand_written_query_gives(database: duckdb.DuckDBPyConnection) -> None:
    expected = hand_written("dim_date")
    names = [column[0] for column in database.execute(f"from ({expected}) limit 0").description]
    assert {column[0] for column in database.execute("from built.production.dim_date limit 0").description} == set(names)
    built = f"select {', '.join(names)} from built.production.dim_date"
    assert_same(database, "dim_date", expected=expected, built=built, key=["date_key"])


def test_fact_sales_is_what_the_hand_written_query_gives(database: duckdb.DuckDBPyConnection) -> None:
    built = query_of(SHOP / "built" / "fact_sales.sql", RAW)
    assert_same(database, "fact_sales", expected=hand_written("fact_sales"), built=built, key=["order_id"])


def test_numbers_counted_by_hand(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, "select count(*) from built.staging.stg_shop__users") == [(11,)]
    assert rows(database, "select count(*), count(distinct order_id) from built.staging.stg_shop__orders") == [(21, 21)]
    assert rows(database, "select count(*), sum(sales_amount), sum(quantity) from built.production.fact_sales") == [
        (21, Decimal("767.02"), 37)
    ]
    assert rows(database, "select count(*) from built.production.dim_user") == [(14,)]
    assert rows(database, "select count(*) from built.production.dim_date") == [(368,)]


def test_every_key_of_the_fact_leads_to_one_member(database: duckdb.DuckDBPyConnection) -> None:
    for dimension, key in (("dim_user", "user_key"), ("dim_date", "date_key")):
        assert rows(database, f"from built.production.fact_sales anti join built.production.{dimension} using ({key})") == []
        assert rows(database, f"select count(*) - count(distinct {key}) from built.production.{dimension}") == [(0,)]


def test_sales_are_never_negative_and_first_names_never_missing(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, "from built.production.fact_sales where sales_amount < 0 or sales_amount is null") == []
    assert rows(database, "from built.staging.stg_shop__users where first_name is null") == []


def test_a_number_with_zeros_before_it_is_the_same_user(database: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        database,
        "select order_id, user_id, first_name from built.production.fact_sales inner join built.production.dim_user using (user_key)"
        " where order_id in ('A-5', 'A-6') order by order_id",
    )
    assert found == [("A-5", 7, "Жанна"), ("A-6", 7, "Жанна")]


def test_orders_of_a_user_whom_nobody_knows_share_one_inferred_member(database: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        database,
        "select order_id, dim_user.* exclude (user_key) from built.production.fact_sales"
        " inner join built.production.dim_user using (user_key) where is_inferred order by order_id",
    )
    assert found == [("A-7", 99, None, None, None, None, True), ("A-8", 99, None, None, None, None, True)]


def test_text_survives_quotes_line_ends_and_emoji(database: duckdb.DuckDBPyConnection) -> None:
    notes = dict(rows(database, "select order_id, note from built.production.fact_sales"))
    assert notes["A-5"] == 'she said "later"'
    assert notes["A-11"] == "🎉 last day of the fiscal year"
    assert notes["A-12"] == "two\nlines"
    assert notes["A-2"] is None
    names = dict(rows(database, "select user_id, first_name from built.production.dim_user where user_id is not null"))
    assert names == {
        1: "Ada",
        2: "Grace",
        3: "",
        4: "",
        5: 'Conan "the Barbarian"',
        6: "O'Brien",
        7: "Жанна",
        8: "🦊 Renée",
        9: "Smith, John",
        10: "",
        12: "null",
        99: None,
    }


def test_the_row_sent_last_stands_and_the_higher_amount_of_two_sent_at_once(database: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        database,
        "select order_id, status, sales_amount from built.production.fact_sales where order_id in ('A-17', 'A-18', 'A-19') order by all",
    )
    assert found == [("A-17", "paid", Decimal("12.00")), ("A-18", "paid", Decimal("15.00")), ("A-19", "paid", Decimal("21.00"))]
