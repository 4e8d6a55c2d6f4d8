"""The example warehouse against hand-written queries over the raw files, and against numbers known beforehand.

The queries under `proof/` share nothing with whgen and hash nothing: facts are compared with their surrogate keys resolved to
the natural keys that they lead to, so a key that leads nowhere, or to the wrong member, is a difference.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from proof.comparison import assert_same, connect, first_difference, query_of, sql_text

PROOF = Path(__file__).parent / "proof"
DIMENSIONS = {
    "dim_airport": ("airport_key", ["airport_code"]),
    "dim_carrier": ("carrier_key", ["carrier_code"]),
    "dim_aircraft": ("aircraft_key", ["tail_number", "valid_from"]),
    "dim_route": ("route_key", ["origin_code", "destination_code"]),
}
FACTS = {
    "fact_flight": ["flight_date", "carrier_code", "flight_number", "origin_code"],
    "fact_weather_hour": ["airport_code", "observed_at"],
    "fact_flight_progress": ["scheduled_on", "carrier_code", "flight_number", "origin_code"],
    "fact_airport_traffic_day": ["airport_code", "calendar_date"],
    "fact_carrier_traffic_month": ["carrier_code", "month_start"],
}
COLUMNS_IN_FRONT = {
    "dim_airport": ["airport_key", "airport_code"],
    "dim_carrier": ["carrier_key", "carrier_code"],
    "dim_aircraft": ["aircraft_key", "tail_number"],
    "dim_route": ["route_key", "origin_code", "destination_code"],
    "dim_date": ["date_key", "calendar_date"],
    "fact_flight": ["flight_key", "date_key", "carrier_key", "aircraft_key", "origin_key", "destination_key", "route_key"],
    "fact_weather_hour": ["weather_hour_key", "date_key", "airport_key"],
    "fact_flight_progress": [
        *("flight_progress_key", "scheduled_key", "departed_key", "arrived_key", "carrier_key", "origin_key", "destination_key"),
    ],
    "fact_airport_traffic_day": ["airport_traffic_day_key", "origin_key", "date_key"],
    "fact_carrier_traffic_month": ["carrier_traffic_month_key", "carrier_key", "date_key"],
    "carrier_month": ["carrier_code", "month_start"],
}
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# Departures scheduled in each month, January to December, counted with Python's csv module.
FLIGHTS = {
    "9E": (1573, 1459, 1627, 1511, 1462, 1437, 1494, 1456, 1540, 1673, 1595, 1633),
    "AA": (2794, 2517, 2787, 2722, 2803, 2757, 2882, 2856, 2614, 2715, 2577, 2705),
    "AS": (62, 56, 62, 60, 62, 60, 62, 62, 60, 62, 52, 54),
    "B6": (4427, 4103, 4772, 4517, 4576, 4622, 4984, 4952, 4291, 4361, 4289, 4741),
    "DL": (3690, 3444, 4189, 4092, 4082, 4126, 4251, 4318, 3883, 4093, 3849, 4093),
    "EV": (4171, 3827, 4726, 4561, 4817, 4456, 4641, 4563, 4725, 4908, 4471, 4307),
    "F9": (59, 49, 57, 57, 58, 55, 58, 55, 58, 57, 61, 61),
    "FL": (328, 296, 316, 311, 325, 252, 263, 263, 255, 236, 202, 213),
    "HA": (31, 28, 31, 30, 31, 30, 31, 31, 25, 21, 25, 28),
    "MQ": (2271, 2044, 2256, 2211, 2284, 2178, 2261, 2263, 2206, 2228, 2056, 2139),
    "OO": (1, 0, 0, 0, 0, 2, 0, 4, 20, 0, 5, 0),
    "UA": (4637, 4346, 4971, 5047, 4960, 4975, 5066, 5124, 4694, 5060, 4854, 4931),
    "US": (1602, 1552, 1721, 1727, 1785, 1736, 1786, 1779, 1698, 1846, 1699, 1605),
    "VX": (316, 271, 303, 466, 496, 480, 489, 489, 453, 472, 451, 476),
    "WN": (996, 911, 998, 980, 1006, 1028, 1076, 1047, 1010, 1091, 1033, 1099),
    "YV": (46, 48, 18, 38, 49, 49, 81, 65, 42, 66, 49, 50),
}
# What is counted: the number, how the raw files give it, how the warehouse gives it.
COUNTS = {
    "flights": (336_776, "select count(*) from raw_flights", "select count(*) from fact_flight"),
    "flights staged": (336_776, "select count(*) from raw_flights", "select count(*) from built.staging.stg_bts__flights"),
    "hours of weather": (26_115, "select count(*) from raw_weather", "select count(*) from fact_weather_hour"),
    "hours of weather staged": (26_115, "select count(*) from raw_weather", "select count(*) from built.staging.stg_noaa__weather"),
    "airlines staged": (16, "select count(*) from raw_airlines", "select count(*) from built.staging.stg_faa__airlines"),
    "airports staged": (1_458, "select count(*) from raw_airports", "select count(*) from built.staging.stg_faa__airports"),
    "aircraft staged": (3_322, "select count(*) from raw_planes", "select count(distinct tail_number) from built.staging.stg_faa__planes"),
    "aircraft that changed hands": (
        17,
        "select count(*) from (select tailnum from raw_flights semi join raw_planes using (tailnum)"
        " group by tailnum having count(distinct carrier) = 2)",
        "select count(*) from dim_aircraft where not is_current",
    ),
    "routes staged": (224, "select count(distinct (origin, dest)) from raw_flights", "select count(*) from built.staging.stg_bts__routes"),
    "flights without an observation of their hour": (
        1_556,
        "select count(*) from raw_flights anti join raw_weather using (origin, time_hour)",
        "select count(*) from fact_flight where weather_observed_at is distinct from scheduled_hour_at",
    ),
    "flights before the first observation of their day": (
        776,
        "select count(*) from raw_flights as f where not exists (select 1 from raw_weather as w where (w.origin, w.year, w.month, w.day)"
        " = (f.origin, f.year, f.month, f.day) and w.time_hour <= f.time_hour)",
        "select count(*) from fact_flight where weather_observed_at is null and wind_speed_mph is null and visibility_miles is null",
    ),
    "days": (730, "select date '2015-01-01' - date '2013-01-01'", "select count(*) from dim_date where date_key > 0"),
    "tail numbers that the registry lacks": (
        721,
        "select count(distinct tailnum) from raw_flights where tailnum <> 'NA' and tailnum not in (select tailnum from raw_planes)",
        "select count(distinct tail_number) from fact_flight where aircraft_key = '-2'",
    ),
    "flights of aircraft that the registry lacks": (
        50_094,
        "select count(*) from raw_flights where tailnum <> 'NA' and tailnum not in (select tailnum from raw_planes)",
        "select count(*) from fact_flight where aircraft_key = '-2'",
    ),
    "flights of unknown aircraft": (
        2_512,
        "select count(*) from raw_flights where tailnum = 'NA'",
        "select count(*) from fact_flight where aircraft_key = '-1'",
    ),
    "airports inferred": (
        4,
        "select count(distinct dest) from raw_flights where dest not in (select faa from raw_airports)",
        "select count(*) from dim_airport where is_inferred",
    ),
    "flights to inferred airports": (
        7_602,
        "select count(*) from raw_flights where dest in ('SJU', 'BQN', 'STT', 'PSE')",
        "select count(*) from fact_flight where destination_key in (select airport_key from dim_airport where is_inferred)",
    ),
    "carriers and routes inferred": (
        0,
        "select count(*) from raw_flights where carrier not in (select carrier from raw_airlines)",
        "select (select count(*) from dim_carrier where is_inferred) + (select count(*) from dim_route where is_inferred)",
    ),
    "facts on the member not found": (
        0,
        "select count(*) from raw_weather where origin not in (select faa from raw_airports)",
        "select (select count(*) from fact_flight where '-2' in (carrier_key, origin_key, destination_key, route_key))"
        " + (select count(*) from fact_weather_hour where airport_key = '-2' or date_key < 0)",
    ),
    "cancelled flights": (
        8_255,
        "select count(*) from raw_flights where dep_time = 'NA'",
        "select sum(cancelled_flights) from fact_flight",
    ),
    "cancelled flights by month": (
        8_255,
        "select count(*) from raw_flights where dep_delay = 'NA'",
        "select sum(cancelled_flights) from carrier_month",
    ),
    "departures at 2400": (
        29,
        "select count(*) from raw_flights where dep_time = '2400'",
        "select count(*) from fact_flight where departure_time = time '00:00:00'",
    ),
    "arrivals at 2400": (
        150,
        "select count(*) from raw_flights where arr_time = '2400'",
        "select count(*) from fact_flight where arrival_time = time '00:00:00'",
    ),
    "departures at 2400 on the day after the schedule": (
        29,
        "select count(*) from raw_flights where dep_time = '2400'",
        "select count(*) from fact_flight where departure_time = time '00:00:00'"
        " and departed_at = date_trunc('day', scheduled_departure_at) + interval 1 day",
    ),
    "aircraft without year": (
        70,
        "select count(*) from raw_planes where year = 'NA'",
        "select count(*) from dim_aircraft where manufactured_year is null and is_current and aircraft_key not in ('-1', '-2')",
    ),
    "local hours of weather observed twice": (
        3,
        "select count(*) from (from raw_weather select 1 group by origin, year, month, day, hour having count(*) = 2)",
        "select count(*) from (from fact_weather_hour select 1 group by airport_key, date_key, local_hour"
        " having count(*) = 2 and max(observed_at) - min(observed_at) = interval 1 hour)",
    ),
    "instants of weather": (
        26_115,
        "select count(distinct (origin, time_hour)) from raw_weather",
        "select count(distinct (airport_key, observed_at)) from fact_weather_hour",
    ),
    "carriers and months": (
        185,
        "select count(distinct (carrier, month)) from raw_flights",
        "select count(*) from carrier_month",
    ),
    "miles": (
        350_217_607,
        "select sum(distance::bigint) from raw_flights",
        "select sum(distance_miles) from fact_flight",
    ),
}


@pytest.fixture(scope="module")
def database(example_database: Path, raw_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(example_database) as connection:
        for table in ("airlines", "airports", "flights", "planes", "weather"):
            file = sql_text(raw_data / f"{table}.csv")
            connection.execute(f"create temp table raw_{table} as select * from read_csv('{file}', all_varchar = true)")
        connection.execute("use built.production")
        yield connection


def value(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchall()[0][0]


@pytest.mark.parametrize("table", DIMENSIONS)
def test_dimension_is_what_the_hand_written_query_gives(table: str, database: duckdb.DuckDBPyConnection, raw_data: Path) -> None:
    surrogate, key = DIMENSIONS[table]
    built = (
        f"select case {surrogate} when '-1' then 'unknown' when '-2' then 'not found' else 'member' end as member,"
        f" * exclude ({surrogate}) from {table}"
    )
    assert_same(database, table, expected=query_of(PROOF / f"{table}.sql", raw_data), built=built, key=["member", *key])


@pytest.mark.parametrize("table", FACTS)
def test_fact_is_what_the_hand_written_query_gives(table: str, database: duckdb.DuckDBPyConnection, raw_data: Path) -> None:
    expected, built = (query_of(folder / f"{table}.sql", raw_data) for folder in (PROOF, PROOF / "built"))
    assert_same(database, table, expected=expected, built=built, key=FACTS[table])


def test_carrier_month_is_what_the_hand_written_query_gives(database: duckdb.DuckDBPyConnection, raw_data: Path) -> None:
    assert_same(
        database,
        "carrier_month",
        expected=query_of(PROOF / "carrier_month.sql", raw_data),
        built="from carrier_month",
        key=["carrier_code", "month_start"],
        near=["mean_departure_delay_minutes"],
    )


def test_dim_date_is_what_duckdb_knows_of_the_days(database: duckdb.DuckDBPyConnection, raw_data: Path) -> None:
    expected = query_of(PROOF / "dim_date.sql", raw_data)
    names = [column[0] for column in database.execute(f"from ({expected}) limit 0").description]
    assert_same(database, "dim_date", expected=expected, built=f"select {', '.join(names)} from dim_date", key=["date_key"])


def day_as_python_knows_it(day: date) -> dict[str, object]:
    # October opens the fiscal year that is named by the year in which it ends.
    fiscal_month = [10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9].index(day.month) + 1
    return {
        "date_key": int(day.strftime("%Y%m%d")),
        "calendar_date": day,
        "year_number": day.year,
        "quarter_number": {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 3, 8: 3, 9: 3}.get(day.month, 4),
        "month_number": day.month,
        "month_name": MONTHS[day.month - 1],
        "month_start": day.replace(day=1),
        "month_end": day.replace(day=calendar.monthrange(day.year, day.month)[1]),
        "day_of_month": day.day,
        "day_of_year": day.timetuple().tm_yday,
        "day_of_week": day.isoweekday(),
        "day_name": WEEKDAYS[day.weekday()],
        "is_weekend": day.weekday() in (calendar.SATURDAY, calendar.SUNDAY),
        "iso_year": day.isocalendar().year,
        "iso_week": day.isocalendar().week,
        "week_start": day - timedelta(days=day.weekday()),
        "fiscal_year": day.year + 1 if day >= date(day.year, 10, 1) else day.year,
        "fiscal_quarter": {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 3, 8: 3, 9: 3}.get(fiscal_month, 4),
        "fiscal_month": fiscal_month,
    }


def test_dim_date_is_what_python_knows_of_the_days(database: duckdb.DuckDBPyConnection) -> None:
    expected = [day_as_python_knows_it(date.fromordinal(n)) for n in range(date(2013, 1, 1).toordinal(), date(2015, 1, 1).toordinal())]
    blank: dict[str, object] = dict.fromkeys(expected[0])
    expected += [
        {**blank, "date_key": -1, "month_name": "Unknown", "day_name": "Unknown"},
        {**blank, "date_key": -2, "month_name": "Not found", "day_name": "Not found"},
    ]
    cursor = database.execute("from dim_date")
    names = [column[0] for column in cursor.description]
    built = {row["date_key"]: row for row in (dict(zip(names, values, strict=True)) for values in cursor.fetchall())}
    assert sorted(names) == sorted(blank)
    assert len(built) == len(expected) == value(database, "select count(*) from dim_date") == 732
    for day in expected:
        assert built[day["date_key"]] == day


@pytest.mark.parametrize("what", COUNTS)
def test_count_of(what: str, database: duckdb.DuckDBPyConnection) -> None:
    number, raw, built = COUNTS[what]
    assert value(database, raw) == number, f"{what} in the raw files"
    assert value(database, built) == number, f"{what} in the warehouse"


@pytest.mark.parametrize(
    "query",
    [
        "select carrier, month::int, count(*) from raw_flights group by all",
        "select carrier_code, month(calendar_date), count(*) from fact_flight"
        " inner join dim_carrier using (carrier_key) inner join dim_date using (date_key) group by all",
        "select carrier_code, month(month_start), flights from carrier_month",
    ],
    ids=["raw", "fact", "carrier_month"],
)
def test_flights_of_each_carrier_and_month(query: str, database: duckdb.DuckDBPyConnection) -> None:
    expected = {(carrier, month): n for carrier, months in FLIGHTS.items() for month, n in enumerate(months, 1) if n}
    assert {(carrier, month): n for carrier, month, n in database.execute(query).fetchall()} == expected


@pytest.mark.parametrize(
    "query",
    [
        "select origin, avg(try_cast(dep_delay as int)) from raw_flights group by all",
        "select airport_code, avg(departure_delay_minutes) from fact_flight"
        " inner join dim_airport on origin_key = airport_key group by all",
    ],
    ids=["raw", "fact"],
)
def test_mean_departure_delay_of_each_origin(query: str, database: duckdb.DuckDBPyConnection) -> None:
    expected = {"EWR": 1_776_635 / 117_596, "JFK": 1_325_264 / 109_416, "LGA": 1_050_301 / 101_509}
    assert dict(database.execute(query).fetchall()) == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx({"EWR": 15.107954, "JFK": 12.112159, "LGA": 10.346876}, abs=1e-6)


def test_inferred_airports_are_the_four_in_the_caribbean_and_bear_their_code_alone(database: duckdb.DuckDBPyConnection) -> None:
    inferred = database.execute("select * exclude (airport_key) from dim_airport where is_inferred order by airport_code").fetchall()
    assert [row[0] for row in inferred] == ["BQN", "PSE", "SJU", "STT"]
    assert all(row[1:] == (None,) * 7 + (True,) for row in inferred)
    flown = database.execute(
        "select airport_code, count(*) from fact_flight inner join dim_airport on destination_key = airport_key"
        " where is_inferred group by all"
    ).fetchall()
    assert dict(flown) == {"BQN": 896, "PSE": 365, "SJU": 5_819, "STT": 522}


def test_two_routes_had_two_distances_and_the_one_of_the_last_day_stands(database: duckdb.DuckDBPyConnection) -> None:
    twice = database.execute(
        "select origin, dest, list(distinct distance::int order by distance::int), count(distinct distance)"
        " from raw_flights group by all having count(distinct distance) > 1 order by origin"
    ).fetchall()
    assert [row[:3] for row in twice] == [("EWR", "EGE", [1725, 1726]), ("JFK", "EGE", [1746, 1747])]
    assert (
        value(
            database, "select max(n) from (select count(distinct distance) as n from raw_flights group by origin, dest, year, month, day)"
        )
        == 1
    ), "no day gave two distances, so no tie had to be decided"
    stands = database.execute("select origin_code, distance_miles from dim_route where destination_code = 'EGE' order by all").fetchall()
    assert stands == [("EWR", 1725), ("JFK", 1746)]
    published = "select distance_miles, count(*) from fact_flight inner join dim_route using (route_key) where destination_code = 'EGE'"
    assert dict(database.execute(published.replace("distance_miles", "fact_flight.distance_miles") + " group by all").fetchall()) == {
        1725: 51,
        1726: 59,
        1746: 44,
        1747: 59,
    }, "the fact keeps the distance published for the flight"


@pytest.mark.parametrize("table", COLUMNS_IN_FRONT)
def test_keys_come_first(table: str, database: duckdb.DuckDBPyConnection) -> None:
    names = [column[0] for column in database.execute(f"from {table} limit 0").description]
    expected = COLUMNS_IN_FRONT[table]
    assert names[: len(expected)] == expected
    assert not [name for name in names[len(expected) :] if name.endswith("_key")]


@pytest.mark.parametrize("table", [table for table in COLUMNS_IN_FRONT if table != "carrier_month"])
def test_surrogate_keys_identify_the_rows(table: str, database: duckdb.DuckDBPyConnection) -> None:
    surrogate = COLUMNS_IN_FRONT[table][0]
    assert value(database, f"select count(*) - count(distinct {surrogate}) from {table}") == 0
    if table.startswith("dim_"):
        assert value(database, f"select count(*) from {table} where {surrogate}::varchar in ('-1', '-2')") == 2


def test_the_flight_date_and_the_date_key_agree(database: duckdb.DuckDBPyConnection) -> None:
    assert value(database, "select count(*) from fact_flight where date_key <> strftime(scheduled_departure_at, '%Y%m%d')::int") == 0


def difference(expected: str, built: str, **options: Any) -> str | None:
    return first_difference(duckdb.connect(), expected=expected, built=built, key=["id"], **options)


@pytest.mark.parametrize(
    ("built", "words"),
    [
        ("values (1, 'a', 1.5), (2, 'b', null)", None),
        ("values (2, 'b', null), (1, 'a', 1.5)", None),
        ("values (1, 'a', 1.5), (2, 'c', null)", "2 rows, expected 2; 1 keys differ, the first is {'id': 2}: name is 'c', expected 'b'"),
        ("values (1, 'a', 1.5), (2, 'b', 0.0)", "x is Decimal('0.0'), expected None"),
        ("values (1, 'a', 1.5)", "1 rows, expected 2; 1 keys differ, the first is {'id': 2}: not built"),
        (
            "values (1, 'a', 1.5), (2, 'b', null), (2, 'b', null)",
            "3 rows, expected 2; 1 keys differ, the first is {'id': 2}: built 1 times more",
        ),
        ("values (1, 'a', 1.5), (2, 'b', null), (0, null, 0.0)", "the first is {'id': 0}: built 1 times more"),
        ("values ('1', 'a', 1.5), ('2', 'b', null)", "column 1 is ('id', 'VARCHAR'), expected ('id', 'integer')"),
        ("select * from (values (1, 'a'), (2, 'b'))", "2 columns, expected 3"),
    ],
)
def test_the_comparison_itself_sees(built: str, words: str | None) -> None:
    names = "id, name, x" if built.startswith("values") else "id, name"
    found = difference("from (values (1, 'a', 1.5), (2, 'b', null)) as t(id, name, x)", f"from ({built}) as t({names})")
    assert found is None if words is None else words in (found or "")


def test_the_comparison_lets_near_columns_differ_by_rounding_only() -> None:
    expected = "select 1 as id, 0.1::double + 0.2 as x"
    assert difference(expected, "select 1 as id, 0.3::double as x") is not None
    assert difference(expected, "select 1 as id, 0.3::double as x", near=["x"]) is None
    assert "x is 0.31, expected 0.3" in str(difference(expected, "select 1 as id, 0.31::double as x", near=["x"]))
    assert "x is None" in str(difference(expected, "select 1 as id, null::double as x", near=["x"]))
