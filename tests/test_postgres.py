"""Projects built by real dbt on a real Postgres, and compared row by row with what DuckDB builds of the same raw data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml
from click.testing import CliRunner, Result

import test_milestones
from equality import OnDuckDb, OnPostgres, assert_equal
from histories import SPECS, write_tables
from postgres_server import PostgresServer, load_csv
from projects import REPOSITORY, build, failed, release, write_project
from test_aggregates import drawn_orders, write_orders
from test_cases import case_files
from test_inputs import drawn_elements, drawn_sales, drawn_shop, drawn_shops, write_shop
from whgen.cli.app import app
from whgen.dbt.failures import explained

# One process for all of them, and so one server.
pytestmark = pytest.mark.xdist_group("postgres")
LOCATIONS = "{duckdb: {files: 'raw/{table}.csv'}, postgres: {schema: till}}"
STAGING = {
    "stg_bts__flights": ["flight_date", "carrier_code", "flight_number", "origin_code"],
    "stg_bts__routes": ["origin_code", "destination_code"],
    "stg_faa__airlines": ["carrier_code"],
    "stg_faa__airports": ["airport_code"],
    "stg_faa__planes": ["tail_number", "extracted_on"],
    "stg_noaa__weather": ["airport_code", "observed_at"],
}
PRODUCTION = {
    "dim_aircraft": ["aircraft_key"],
    "dim_airport": ["airport_key"],
    "dim_carrier": ["carrier_key"],
    "dim_date": ["date_key"],
    "dim_route": ["route_key"],
    "fact_flight": ["flight_key"],
    "fact_airport_traffic_day": ["airport_traffic_day_key"],
    "fact_carrier_traffic_month": ["carrier_traffic_month_key"],
    "fact_flight_progress": ["flight_progress_key"],
    "fact_weather_hour": ["weather_hour_key"],
    "int_fact_airport_traffic_day": ["origin_key", "date_key"],
    "int_fact_carrier_traffic_month": ["carrier_key", "date_key"],
    "int_fact_flight": ["flight_date", "carrier_code", "flight_number", "origin_code"],
    "carrier_month": ["carrier_code", "month_start"],
}


def add_postgres(root: Path, target: dict[str, Any]) -> None:
    """Give a project a target on Postgres, where each source lies in the schema of its name."""
    warehouse = root / "specs/warehouse.yml"
    tree = yaml.safe_load(warehouse.read_text(encoding="utf-8"))
    tree["targets"]["server"] = target
    warehouse.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    for file in (root / "specs/sources").glob("*.yml"):
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        tree["location"]["postgres"] = {"schema": tree["source"]}
        file.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def flights(
    postgres_server: PostgresServer, raw_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, psycopg.Connection[Any]]]:
    """The example, built on Postgres: its folder and its database."""
    root = tmp_path_factory.mktemp("flights")
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    add_postgres(root, dict(postgres_server.target("flights")))
    with postgres_server.database("flights") as connection:
        for schema, tables in (("bts", ["flights"]), ("faa", ["airlines", "airports", "plane_extracts"]), ("noaa", ["weather"])):
            for table in tables:
                load_csv(connection, schema, raw_data / f"{table}.csv")
        assert failed(build(root, warehouse="postgres")) == {"stg_noaa__weather__wind_speed_mph__between"}
        yield root, connection


def test_history_is_the_same_as_on_duckdb(postgres_server: PostgresServer, tmp_path: Path) -> None:
    root = write_project(tmp_path, {"specs/shop.yml": SPECS})
    warehouse, rest = SPECS.split("---", 1)
    target = yaml.safe_dump(dict(postgres_server.target("histories")), default_flow_style=True).strip()
    specs = f"{warehouse.replace('targets: {', f'targets: {{server: {target}, ')}---{rest}"
    (root / "specs/shop.yml").write_text(specs.replace("{duckdb: {files: 'raw/{table}.csv'}}", LOCATIONS), encoding="utf-8")
    write_tables(root, 3)
    with postgres_server.database("histories") as connection:
        for table in ("customers", "products", "orders"):
            load_csv(connection, "till", root / "raw" / f"{table}.csv")
        assert failed(build(root, warehouse="postgres")) == set()
        assert failed(build(root)) == set()
        built = OnDuckDb(root / "shop.duckdb")
        keys = {"dim_customer": ["customer_key"], "dim_product": ["product_key"], "fact_order": ["order_id"]}
        try:
            assert assert_equal(built, OnPostgres(connection), "production", keys) > 600
        finally:
            built.close()


OF_PARTS = {
    "joined_inputs": (
        drawn_shop,
        {
            "dim_customer": ["customer_key"],
            "order_size": ["order_id"],
            "customer_month": ["customer_key", "month_start"],
            "fact_order": ["order_key"],
            "int_fact_order": ["order_id"],
            "int_dim_customer": ["customer_id"],
        },
    ),
    "united_inputs": (
        drawn_shops,
        {
            "dim_customer": ["customer_key"],
            "all_orders": ["order_table", "order_id"],
            "fact_order": ["order_key"],
            "int_fact_order": ["order_table", "order_id"],
            "int_dim_customer": ["customer_id"],
        },
    ),
    "unnested_inputs": (
        drawn_elements,
        {
            "fact_order_tag": ["order_tag_key"],
            "order_item": ["order_id", "item_number"],
            "split_order": ["order_id"],
            "tag_use": ["tag"],
        },
    ),
    "periods_inputs": (drawn_sales, {"dim_customer": ["customer_key"], "fact_sale": ["sale_key"], "int_fact_sale": ["sale_id"]}),
    "windowed_inputs": (
        lambda seed: {"orders": drawn_shop(seed)["orders"]},
        {"fact_order_step": ["order_step_key"], "int_fact_order_step": ["order_id"], "busy_day": ["ordered_on"]},
    ),
}
"""Cases with what draws their raw tables, and the keys of what they build."""


@pytest.mark.parametrize("case", OF_PARTS)
def test_inputs_of_parts_are_the_same_as_on_duckdb(case: str, postgres_server: PostgresServer, tmp_path: Path) -> None:
    draw, keys = OF_PARTS[case]
    target = yaml.safe_dump(dict(postgres_server.target(case)), default_flow_style=True).strip()
    files = {n: t.replace("bigquery: {dataset: raw}", "postgres: {schema: till}") for n, t in case_files(case).items()}
    files["specs/warehouse.yml"] = f"warehouse: shop\ntargets: {{server: {target}, dev: {{warehouse: duckdb, path: shop.duckdb}}}}\n"
    root, tables = write_project(tmp_path, files), draw(5)
    write_shop(root, tables)
    with postgres_server.database(case) as connection:
        for table in tables:
            load_csv(connection, "till", root / "raw" / f"{table}.csv")
        assert failed(build(root, warehouse="postgres")) == set()
        assert failed(build(root)) == set()
        built = OnDuckDb(root / "shop.duckdb")
        try:
            # What holds JSON is text for one client and a value for the other.
            raw = [t for t in built.tables("production") if t.startswith("int_") and t not in keys]
            assert assert_equal(built, OnPostgres(connection), "production", keys, raw) > 150
        finally:
            built.close()


def test_milestones_are_the_same_as_on_duckdb(postgres_server: PostgresServer, tmp_path: Path) -> None:
    files = case_files("accumulating_snapshot")
    target = yaml.safe_dump(dict(postgres_server.target("lags")), default_flow_style=True).strip()
    files["specs/warehouse.yml"] = f"warehouse: shop\ntargets: {{server: {target}, dev: {{warehouse: duckdb, path: shop.duckdb}}}}\n"
    files["specs/shop.yml"] = files["specs/shop.yml"].replace("bigquery: {dataset: raw}", "postgres: {schema: till}")
    root = write_project(tmp_path, files)
    test_milestones.write_orders(root, test_milestones.drawn_orders(3))
    with postgres_server.database("lags") as connection:
        load_csv(connection, "till", root / "raw/orders.csv")
        assert failed(build(root, warehouse="postgres")) == set()
        assert failed(build(root)) == set()
        built = OnDuckDb(root / "shop.duckdb")
        try:
            keys = {"dim_date": ["date_key"], "fact_order": ["order_id"]}
            assert assert_equal(built, OnPostgres(connection), "production", keys) > 600
        finally:
            built.close()


@pytest.mark.parametrize(
    ("case", "nouns"),
    [
        ("aggregate_facts", ("customer_month", "customer_year", "status_week", "day", "quarter")),
        ("periodic_snapshot", ("balance_month", "customer_week", "every_day")),
    ],
)
def test_facts_of_facts_are_the_same_as_on_duckdb(
    case: str, nouns: tuple[str, ...], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    files = case_files(case)
    target = yaml.safe_dump(dict(postgres_server.target("sums")), default_flow_style=True).strip()
    files["specs/warehouse.yml"] = f"warehouse: shop\ntargets: {{server: {target}, dev: {{warehouse: duckdb, path: shop.duckdb}}}}\n"
    files["specs/shop.yml"] = files["specs/shop.yml"].replace("bigquery: {dataset: raw}", "postgres: {schema: till}")
    root, tables = write_project(tmp_path, files), drawn_orders(4)
    write_orders(root, tables)
    with postgres_server.database("sums") as connection:
        for table in tables:
            load_csv(connection, "till", root / "raw" / f"{table}.csv")
        assert failed(build(root, warehouse="postgres")) == set()
        assert failed(build(root)) == set()
        built = OnDuckDb(root / "shop.duckdb")
        keys = {f"fact_{n}": [f"{n}_key"] for n in ("order", *nouns)} | {"dim_customer": ["customer_key"], "dim_date": ["date_key"]}
        try:
            assert assert_equal(built, OnPostgres(connection), "production", keys, ignore=[f"int_fact_{n}" for n in nouns]) > 1500
        finally:
            built.close()


def test_example_has_the_same_rows_as_on_duckdb(flights: tuple[Path, psycopg.Connection[Any]], example_database: Path) -> None:
    built = OnDuckDb(example_database)
    try:
        assert assert_equal(built, OnPostgres(flights[1]), "staging", STAGING) > 360_000
        assert assert_equal(built, OnPostgres(flights[1]), "production", PRODUCTION) > 360_000
    finally:
        built.close()


WAREHOUSE = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: local.duckdb}
layers:
  production: {warehouse_options: {postgres: {constraints: true, grants: {select: [reporting]}}}}
persist_docs: true
"""
SHOP = """\
source: shop
location: {duckdb: {schema: shop}}
tables:
  customers:
    key: id
    columns: {id: integer, name: {type: string, trim: true}, country: {type: string, null_if: ['']}}
    arrives: {id: integer, name: string, country: string}
  orders:
    key: [id, line]
    arrives: {id: integer, line: integer, customer: integer, placed: timestamp, amount: 'decimal(38, 9)', note: string}
    columns: all
    derive: {placed_on: {expr: date(placed)}, placed_hour: {expr: 'extract(hour from placed)'}}
    materialized: table
    warehouse_options: {postgres: {unlogged: true, indexes: [customer, {columns: [placed], method: brin}]}}
"""
MODELS = """\
dimension: customer
from: shop.customers
key: id
columns: {name: {}, country: {scd: 0}}
---
dimension: date
calendar: {from: 2024-01-01, to: 2024-12-31}
---
fact: order
description: 'The till''s "lines", 100 % of them; \\ and é.'
grain: one row per line
from: shop.orders
key: [id, line]
dimensions:
  date: placed_on
  customer: {on: customer, missing: infer}
degenerate: [id, line, placed, placed_hour, note]
measures: {amount: {additivity: additive}}
"""
RAW = """
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id BIGINT, name {text}, country {text});
CREATE TABLE shop.orders
(id BIGINT, line BIGINT, customer BIGINT, placed TIMESTAMP WITH TIME ZONE, amount {decimal}(38, 9), note {text});
"""
CUSTOMERS = [(1, " Zoë 🌍 ", ""), (2, 'O\'Brien "x"', "DE"), (3, "é", None), (4, "", "GB"), (5, None, "F\\R")]
# The largest decimals, moments around a change of day in UTC and of the clocks in Berlin, texts that are empty, long or of any script.
ORDERS = [
    (1, 1, 1, "2024-03-31 01:59:59.999999+01", "99999999999999999999999999999.999999999", "x" * 100_000),
    (1, 2, 2, "2024-03-31 00:30:00+02", "-99999999999999999999999999999.999999999", ""),
    (2, 1, 9, "2024-02-29 23:59:59.5-11", "0.000000001", "tab\there\nline 'quoted' \"twice\" \\ back"),
    (3, 1, None, "2024-12-31 23:59:59+14", None, "مرحبا 你好 \u200d\U0001f468\u200d\U0001f469\u200d\U0001f467 ﬁ İıß"),
    (4, 1, 4, None, "-0.000000000", None),
    (5, 1, 9223372036854775807, "2025-01-01 00:00:00+00", "1", "\u00a0\ufeffNULL\u3000"),
    (-9223372036854775808, 1, 3, "2024-10-27 02:30:00+02", "1.5", "NULL"),
]


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, psycopg.Connection[Any]]]:
    """A project whose values are at the limits, on both warehouses, with constraints on Postgres."""
    root = tmp_path_factory.mktemp("shop")
    write_project(root, {"specs/warehouse.yml": WAREHOUSE, "specs/sources/shop.yml": SHOP, "specs/models.yml": MODELS})
    add_postgres(root, dict(postgres_server.target("shop")))
    with duckdb.connect(str(root / "local.duckdb")) as local:
        local.execute(RAW.format(text="VARCHAR", decimal="DECIMAL"))
        local.executemany("INSERT INTO shop.customers VALUES (?, ?, ?)", CUSTOMERS)
        local.executemany("INSERT INTO shop.orders VALUES (?, ?, ?, ?, ?, ?)", ORDERS)
    with postgres_server.database("shop") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE reporting")
        cursor.execute(RAW.format(text="TEXT", decimal="NUMERIC").encode())
        cursor.executemany("INSERT INTO shop.customers VALUES (%s, %s, %s)", CUSTOMERS)
        cursor.executemany("INSERT INTO shop.orders VALUES (%s, %s, %s, %s, %s, %s)", ORDERS)
        assert failed(build(root)) == failed(build(root, warehouse="postgres")) == set()
        yield root, connection


SHOP_STAGING = {"stg_shop__customers": ["id"], "stg_shop__orders": ["id", "line"]}
SHOP_PRODUCTION = {"dim_customer": ["customer_key"], "dim_date": ["date_key"], "fact_order": ["order_key"]}


def _same_shop(root: Path, connection: psycopg.Connection[Any]) -> None:
    built = OnDuckDb(root / "local.duckdb")
    try:
        assert_equal(built, OnPostgres(connection), "staging", SHOP_STAGING)
        assert_equal(built, OnPostgres(connection), "production", SHOP_PRODUCTION)
    finally:
        built.close()


def _constraints(connection: psycopg.Connection[Any], table: str) -> list[str]:
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'f') ORDER BY 1"
    return [text for (text,) in connection.execute(query, [table]).fetchall()]


def _indexes(connection: psycopg.Connection[Any], table: str) -> list[str]:
    query = "SELECT substring(pg_get_indexdef(indexrelid) FROM 'USING .*') FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1"
    return [text for (text,) in connection.execute(query, [table]).fetchall()]


OF_FACT = [
    "FOREIGN KEY (customer_key) REFERENCES production.dim_customer(customer_key)",
    "FOREIGN KEY (date_key) REFERENCES production.dim_date(date_key)",
    "PRIMARY KEY (order_key)",
]


def test_values_at_the_limits_are_the_same_as_on_duckdb(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    _same_shop(*shop)


def test_keys_indexes_and_logging_are_as_the_spec_says(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    _, connection = shop
    assert _constraints(connection, "production.fact_order") == OF_FACT
    assert _constraints(connection, "production.dim_customer") == ["PRIMARY KEY (customer_key)"]
    assert _indexes(connection, "production.fact_order") == [
        "USING btree (customer_key)",
        "USING btree (date_key)",
        "USING btree (order_key)",
    ]
    assert _indexes(connection, "staging.stg_shop__orders") == ["USING brin (placed)", "USING btree (customer)"]
    logged = dict(connection.execute("SELECT relname, relpersistence FROM pg_class WHERE relkind = 'r'").fetchall())
    assert (logged["stg_shop__orders"], logged["fact_order"]) == ("u", "p")


def test_roles_may_use_what_the_spec_grants_them(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    _, connection = shop
    query = "SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = %s AND grantee <> current_user"
    assert connection.execute(query, ["fact_order"]).fetchall() == [("reporting", "SELECT")]
    assert connection.execute(query, ["stg_shop__orders"]).fetchall() == []


def test_descriptions_are_in_both_warehouses(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = shop
    of_fact, of_key = 'The till\'s "lines", 100 % of them; \\ and é.', "Surrogate key: the MD5 hash of the grain (id, line)."
    query = "SELECT obj_description(%s::regclass), col_description(%s::regclass, 1)"
    assert connection.execute(query, ["production.fact_order"] * 2).fetchone() == (of_fact, of_key)
    with duckdb.connect(str(root / "local.duckdb"), read_only=True) as local:
        assert local.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'fact_order'").fetchone() == (of_fact,)
        query = "SELECT comment FROM duckdb_columns() WHERE table_name = 'fact_order' AND column_name = 'order_key'"
        assert local.execute(query).fetchone() == (of_key,)


def test_a_second_build_replaces_tables_that_are_referred_to(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = shop
    for statement in (
        "UPDATE shop.customers SET country = 'XX', name = 'New' WHERE id = 2",
        "INSERT INTO shop.customers VALUES (9, 'Late', 'PL')",
        "DELETE FROM shop.orders WHERE id = 4",
    ):
        connection.execute(statement.encode())
        with duckdb.connect(str(root / "local.duckdb")) as local:
            local.execute(statement)
    for _ in range(2):
        assert failed(build(root)) == failed(build(root, warehouse="postgres")) == set()
        _same_shop(root, connection)
        assert _constraints(connection, "production.fact_order") == OF_FACT
    found = connection.execute("SELECT id, name, country FROM production.dim_customer WHERE id IN (2, 9) ORDER BY id").fetchall()
    assert found == [(2, "New", "DE"), (9, "Late", "PL")], "the first country stays, and the late member gets its own"


def test_a_dimension_built_alone_loses_the_foreign_key_until_the_fact_is_built(shop: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = shop
    assert failed(build(root, "--select", "dim_date", warehouse="postgres")) == set()
    assert _constraints(connection, "production.fact_order") == [text for text in OF_FACT if "dim_date" not in text]
    assert failed(build(root, "--select", "fact_order", warehouse="postgres")) == set()
    assert _constraints(connection, "production.fact_order") == OF_FACT


def whgen(root: Path, *arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


TYPED = """\
CREATE SCHEMA shop;
CREATE TYPE shop."Mood" AS ENUM ('good', 'bad');
CREATE TABLE shop."Today's Orders" (
    id INTEGER, "Status" VARCHAR(10), placed TIMESTAMP(3), seen TIMESTAMP WITH TIME ZONE,
    price NUMERIC(10, 2), any_number NUMERIC, weight REAL,
    length DOUBLE PRECISION, day DATE, clock TIME, tags TEXT[], data JSON, raw BYTEA, code CHAR(3), ok BOOLEAN, mood shop."Mood", who UUID
);
INSERT INTO shop."Today's Orders" VALUES (1, 'open', '2024-02-29 12:00:00.123', '2024-02-29 12:00:00+02',
1.5, 1, 0.5, 0.5, '2024-02-29', '12:00', '{a}', '{"a": 1}', 'x', 'ab', true, 'bad', null);
"""
LOCK = """\
# What the tables of the sources hold. Written by `whgen lock`: commit it, and do not edit it.
source: shop
warehouse: postgres
tables:
  Today's Orders:
    id: {type: integer, native: INTEGER}
    Status: {type: string, native: CHARACTER VARYING(10)}
    placed: {type: datetime, native: TIMESTAMP(3)}
    seen: timestamp
    price: decimal(10, 2)
    any_number: {native: NUMERIC}
    weight: {type: float, native: REAL}
    length: float
    day: date
    clock: time
    tags: array<string>
    data: {type: json, native: JSON}
    raw: bytes
    code: {native: CHARACTER(3)}
    ok: boolean
    mood: {native: shop."Mood"}
    who: {native: UUID}
"""


@pytest.fixture(scope="module")
def typed(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project over a table with columns of many types."""
    root = tmp_path_factory.mktemp("typed")
    source = "source: shop\nlocation: {postgres: {schema: shop}}\ntables:\n  orders: {identifier: Today's Orders, key: id, columns: all}\n"
    listed = source.replace("columns: all", "columns: {id: integer, Status: {as: status}}")
    write_project(root, {"specs/warehouse.yml": _project(postgres_server.target("typed")), "specs/shop.yml": listed})
    with postgres_server.database("typed") as connection:
        connection.execute(TYPED.encode())
        yield root


def _project(target: Mapping[str, Any]) -> str:
    return yaml.safe_dump({"warehouse": "shop", "targets": {"dev": dict(target)}}, sort_keys=False)


def test_lock_reads_the_types_of_postgres(typed: Path) -> None:
    assert whgen(typed, "lock").exit_code == 0
    assert (typed / "sources.lock").read_text(encoding="utf-8") == LOCK
    result = whgen(typed, "lock", "--check")
    assert result.exit_code == 0, result.output
    result = whgen(typed, "build")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"host": "127.0.0.1", "port": 59_999}, "no server answers at 127.0.0.1, port 59999"),
        ({"host": "/nowhere"}, "no server answers at the socket /nowhere/"),
        ({"dbname": "nodb"}, "there is no database `nodb`"),
        ({"user": "nobody"}, "the server knows no role `nobody`"),
    ],
    ids=str,
)
def test_a_server_that_cannot_be_used_is_explained(
    changed: dict[str, Any], message: str, typed: Path, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    write_project(tmp_path, {"specs/shop.yml": (typed / "specs/shop.yml").read_text(encoding="utf-8")})
    target = {**postgres_server.target("typed"), "connect_timeout": 3, "retries": 0, **changed}
    write_project(tmp_path, {"specs/warehouse.yml": _project(target)})
    result = whgen(tmp_path, "lock")
    assert result.exit_code == 1
    assert f"error[dbt-failed]: dbt could not run: {message}" in result.stderr
    assert "  = help: " in result.stderr


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "ada"',
            "the server refuses the password of `ada`",
        ),
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: fe_sendauth: no password supplied',
            "the server asks for a password, and there is none",
        ),
        ('could not translate host name "nix" to address: Name or service not known', "there is no host `nix`"),
        ('connection to server at "10.0.0.1", port 5432 failed: timeout expired', "10.0.0.1 does not answer"),
        ("permission denied for schema raw\nLINE 1: select", "the role that dbt logs in as may not use the schema `raw`"),
        ('column "statsu" does not exist\nLINE 3: statsu', "the table that it reads has no column `statsu`"),
        ("operator does not exist: bigint ~ unknown\nLINE 9", "operator does not exist: bigint ~ unknown"),
    ],
)
def test_what_a_server_says_is_explained(said: str, message: str) -> None:
    headline, details = explained(f"Database Error in model m (models/m.sql)\n  {said}\n  compiled code at m.sql", {})
    assert headline == message
    assert len(details) == 1


def test_a_table_that_is_not_there_is_explained_at_its_place(typed: Path, tmp_path: Path) -> None:
    write_project(tmp_path, {name: (typed / name).read_text(encoding="utf-8") for name in ("specs/warehouse.yml", "specs/shop.yml")})
    file = tmp_path / "specs/shop.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("Today's Orders", "tomorrow"), encoding="utf-8")
    result = whgen(tmp_path, "run")
    assert result.exit_code == 1
    message = "error[model-failed]: `stg_shop__orders` could not be built: there is no table `shop.tomorrow`"
    assert message in result.output, result.output
    assert " --> specs/shop.yml:4:3" in result.output


def test_docs_are_generated_from_what_is_built(flights: tuple[Path, psycopg.Connection[Any]]) -> None:
    folder = flights[0] / "generated/postgres"
    command = [sys.executable, "-m", "dbt.cli.main", "docs", "generate", "--no-compile", "--profiles-dir", ".", "--no-version-check"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    catalog = json.loads((folder / "target/catalog.json").read_text(encoding="utf-8"))
    columns = catalog["nodes"]["model.flights.fact_flight"]["columns"]
    assert (columns["flight_key"]["type"], columns["date_key"]["type"]) == ("text", "bigint")
    assert len(catalog["sources"]) == 5
