"""The semantic layer: read by dbt itself, and by a real MetricFlow, whose answers are those of SQL written by hand."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import pytest
import yaml

from projects import REPOSITORY, build, compiled, failed, generated_files, write_project
from test_cases import case_files
from whgen.plan.semantic_names import valid

PYTHON = os.environ.get("WHGEN_METRICFLOW", "")
"""The interpreter of the environment that has MetricFlow."""
needs_metricflow = pytest.mark.skipif(not PYTHON, reason="WHGEN_METRICFLOW names no interpreter with MetricFlow: run `make semantic`")
SHOP = {
    "raw/customers.csv": "customer_id,changed_at,city,month,amount\n"
    "1,2024-01-01 00:00:00,Bonn,may,1\n1,2024-03-01 00:00:00,Köln,may,1\n2,2024-01-01 00:00:00,Bonn,june,2\n",
    # Customer 1 moves between the orders; stock is what is there at the end of a day; nobody knows when the last one was ordered.
    "raw/orders.csv": "order_id,customer_id,referrer_id,ordered_on,ordered_at,paid_on,status,amount,stock,discount,is_gift\n"
    "1,1,2,2024-02-01,2024-02-01 10:00:00,2024-02-03,paid,10.50,5,0.1,true\n"
    "2,1,2,2024-03-02,2024-03-02 10:00:00,2024-04-01,paid,20.25,7,0.2,false\n"
    "3,2,1,2024-03-02,2024-03-02 11:00:00,,open,1.00,2,0.6,true\n"
    "4,2,,2024-03-30,2024-03-30 11:00:00,2024-04-01,paid,5.00,9,,\n"
    "5,9,,,,2024-04-02,open,7.00,4,0.5,false\n",
}
Row = tuple[str, ...]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop with its semantic layer, built by dbt."""
    root = write_project(tmp_path_factory.mktemp("shop"), case_files("semantic_layer") | SHOP)
    assert failed(build(root)) == set()
    return root


def layer_of(root: Path, warehouse: str = "duckdb") -> dict[str, Any]:
    """Its semantic models by name, in one tree with the metrics."""
    files = generated_files(root, warehouse)
    trees = [yaml.safe_load(text) for path, text in files.items() if path.parts[-2:-1] == ("semantic",) and path.suffix == ".yml"]
    found: dict[str, Any] = {"models": {}, "metrics": {}}
    for tree in trees:
        found["models"] |= {m["name"]: m for m in tree.get("semantic_models", ())}
        found["metrics"] |= {m["name"]: m for m in tree.get("metrics", ())}
    return found


def test_dbt_reads_it_and_builds_the_days(shop: Path) -> None:
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        days = connection.execute(
            "select count(*), count(distinct calendar_date), min(calendar_date) from production.metricflow_time_spine"
        )
        assert [str(v) for v in days.fetchone() or ()] == ["366", "366", "2024-01-01"]


def test_each_role_is_an_entity_and_names_mean_one_thing(shop: Path) -> None:
    layer = layer_of(shop)
    entities = {m["name"]: {e["name"]: (e["type"], e["expr"]) for e in m["entities"]} for m in layer["models"].values()}
    assert entities["fact_order"] == {
        "order_fact": ("primary", "order_key"),
        "ordered": ("foreign", "ordered_key"),
        "paid_date": ("foreign", "paid_key"),
        "customer": ("foreign", "customer_key"),
        "referrer": ("foreign", "referrer_key"),
    }
    # Each foreign entity is the primary one of exactly one semantic model.
    primary = [name for found in entities.values() for name, (type_, _) in found.items() if type_ == "primary"]
    assert len(primary) == len(set(primary))
    assert {name for found in entities.values() for name, (type_, _) in found.items() if type_ == "foreign"} <= set(primary)
    (as_of,) = [e["description"] for e in layer["models"]["fact_order"]["entities"] if e["name"] == "customer"]
    assert as_of.endswith("Of the versions of a member it is the one that was valid at `ordered_at`.")


def test_measures_are_summed_as_far_as_they_may_be(shop: Path) -> None:
    measures = {m["name"]: m for m in layer_of(shop)["models"]["fact_order"]["measures"]}
    assert {name: m["agg"] for name, m in measures.items()} == {
        "order_count": "sum",
        "order_amount": "sum",
        "order_stock": "sum",
        "order_discount_average": "average",
        "order_discount_min": "min",
        "order_discount_max": "max",
        "order_is_gift_count": "sum_boolean",
    }
    assert [name for name, m in measures.items() if "non_additive_dimension" in m] == ["order_stock"]


def test_it_is_off_unless_asked_for() -> None:
    for project in compiled(REPOSITORY).projects:
        assert not [path for path in project.files if "semantic" in path.parts]


def test_names_that_metricflow_refuses() -> None:
    assert [valid(n) for n in ("hour", "a", "x__y", "Straße", "_", "9")] == ["hour_value", "a_value", "x_y", "stra_e", "value", "value_9"]


def mf(root: Path, *words: str) -> str:
    """What the command line of MetricFlow prints."""
    folder = root / "generated/duckdb"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"WHGEN_ROOT": str(root), "DBT_PROFILES_DIR": str(folder), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"}
    command = [str(Path(PYTHON).with_name(words[0])), *words[1:]]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def answers(root: Path, metrics: Sequence[str], by: Sequence[str], *words: str) -> set[Row]:
    """What MetricFlow answers: the groups, then the metrics, numbers to six digits."""
    file = root / "answer.csv"
    mf(root, "mf", "query", "--metrics", ",".join(metrics), "--group-by", ",".join(by), "--csv", str(file), *words)
    with file.open(encoding="utf-8", newline="") as stream:
        return {tuple(_plain(row[c]) for c in (*by, *metrics)) for row in csv.DictReader(stream)}


def by_hand(database: Path, sql: str) -> set[Row]:
    with duckdb.connect(str(database)) as connection:
        return {tuple(_plain("" if v is None else str(v)) for v in row) for row in connection.execute(sql).fetchall()}


def _plain(value: str) -> str:
    value = value.removesuffix(" 00:00:00").removesuffix("T00:00:00")
    try:
        return f"{Decimal(value):.6f}"
    except ArithmeticError:
        return "" if value in ("None", "nan", "NaT") else value


@needs_metricflow
def test_metricflow_takes_it_and_answers_as_sql_does(shop: Path) -> None:
    mf(shop, "dbt", "parse")
    told = mf(shop, "mf", "validate-configs")
    assert told.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") >= 2, told
    database = shop / "shop.duckdb"
    # By the city that a customer lived in when it was ordered, and by who referred them.
    assert answers(shop, ["order_amount", "order_count"], ["customer__city", "referrer__month_value"]) == by_hand(
        database,
        """
        select c.city, r.month, sum(o.amount), count(*)
        from production.fact_order o
        left join production.dim_customer c on c.customer_key = o.customer_key
        left join production.dim_customer r on r.customer_key = o.referrer_key
        group by all
        """,
    )
    # Of a balance the last day of each month; of what has no sum, the mean.
    assert answers(shop, ["order_stock"], ["metric_time__month"]) == {
        ("2024-02-01", "5.000000"), ("2024-03-01", "9.000000")
    }  # fmt: skip
    assert answers(shop, ["order_discount_average", "order_is_gift_count"], ["paid_date__month_name"]) == by_hand(
        database,
        """
        select d.month_name, avg(o.discount), sum(case when o.is_gift then 1 else 0 end)
        from production.fact_order o
        left join production.dim_date d on d.date_key = o.paid_key
        group by all
        """,
    )


@pytest.fixture(scope="module")
def flights(raw_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its semantic layer, built by dbt."""
    root = tmp_path_factory.mktemp("flights")
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    (root / "data").mkdir()
    (root / "data/raw").symlink_to(raw_data)
    file = root / "specs/warehouse.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("\nstrict: true", "\nstrict: true\nsemantic_layer: true"), encoding="utf-8")
    assert failed(build(root, command="run")) == set()
    return root


QUESTIONS: Mapping[str, tuple[list[str], list[str], str]] = {
    "roles": (
        ["flight_distance_miles", "flight_count"],
        ["origin__airport_name", "destination__time_zone"],
        """
        select o.airport_name, d.time_zone, sum(f.distance_miles), count(*)
        from production.fact_flight f
        left join production.dim_airport o on o.airport_key = f.origin_key
        left join production.dim_airport d on d.airport_key = f.destination_key
        group by all
        """,
    ),
    "months": (
        ["flight_departure_delay_minutes_average", "flight_arrival_delay_minutes_max", "flight_cancelled_flights"],
        ["carrier__carrier_name", "metric_time__month"],
        """
        select c.carrier_name, d.month_start, avg(f.departure_delay_minutes), max(f.arrival_delay_minutes), sum(f.cancelled_flights)
        from production.fact_flight f
        left join production.dim_carrier c on c.carrier_key = f.carrier_key
        left join production.dim_date d on d.date_key = f.date_key
        group by all
        """,
    ),
    "calendar": (
        ["weather_hour_precipitation_inches", "weather_hour_wind_gust_mph_max"],
        ["airport__airport_code", "date__fiscal_quarter"],
        """
        select a.airport_code, d.fiscal_quarter, sum(w.precipitation_inches), max(w.wind_gust_mph)
        from production.fact_weather_hour w
        left join production.dim_airport a on a.airport_key = w.airport_key
        left join production.dim_date d on d.date_key = w.date_key
        group by all
        """,
    ),
}


@needs_metricflow
def test_the_example_answers_as_sql_does(flights: Path) -> None:
    mf(flights, "dbt", "parse")
    told = mf(flights, "mf", "validate-configs")
    assert told.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") >= 2, told
    for name, (metrics, by, sql) in QUESTIONS.items():
        found = answers(flights, metrics, by)
        assert found == by_hand(flights / "flights.duckdb", sql), name
        assert len(found) > 5, name


def test_days_are_made_of_keys_on_every_warehouse(shop: Path) -> None:
    days = {
        w: [d["expr"] for d in layer_of(shop, w)["models"]["fact_order"]["dimensions"] if d["name"] == "ordered_day"]
        for w in ("duckdb", "bigquery")
    }
    assert days["duckdb"] == [
        "CASE WHEN ordered_key > 0 THEN MAKE_DATE(ordered_key // 10000, (ordered_key // 100) % 100, ordered_key % 100) END"
    ]
    assert days["bigquery"] == [
        "CASE WHEN ordered_key > 0 THEN DATE(DIV(ordered_key, 10000), MOD(DIV(ordered_key, 100), 100), MOD(ordered_key, 100)) END"
    ]
    assert PurePosixPath("models/production/semantic/metricflow_time_spine.sql") in generated_files(shop, "bigquery")
