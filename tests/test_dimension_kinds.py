"""The kinds of dimensions, built together by dbt on DuckDB, against SQL and Python that know nothing of whgen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from equality import OnDuckDb, OnPostgres, assert_equal
from postgres_server import PostgresServer, load_csv
from projects import build, failed, release, write_project
from test_cases import case_files

CASES = ("time_of_day", "role_views", "hierarchies", "junk_dimension", "outriggers", "bridge", "mini_dimension", "several_units")

RAW = {
    "calls": """\
call_id,began_at,ended_at
1,2024-05-01 00:00:00,00:00:59
2,2024-05-01 09:05:07,12:00:00
3,2024-05-01 23:59:59.999,23:59:59.5
4,,
5,2024-03-31 02:30:00,12:59:01
""",
    "airports": "airport_code,city,runways\nJFK,New York,4\nLGA,New York,2\nBOS,Boston,6\n",
    "flights": """\
flight_id,left_from,flew_to,left_on,arrived_on
1,JFK,BOS,2024-05-01,2024-05-01
2,BOS,LGA,2024-05-02,2024-05-03
3,XXX,YYY,2025-01-01,
4,,,,
""",
    "stores": """\
store_id,city,state,country,chain
1,Springfield,Illinois,us,A
2,Springfield,Illinois,us,B
3,Chicago,Illinois,us,A
4,Bremen,Bremen,de,
5,,Hesse,de,A
6,,Illinois,us,A
""",
    "articles": """\
article_id,changed_on,category,department
1,2024-01-01,shoes,clothes
2,2024-01-01,shoes,clothes
1,2024-02-01,shoes,sports
2,2024-02-01,shoes,sports
3,2024-02-01,balls,sports
""",
    "orders": """\
order_id,ordered_on,is_gift,method,lane
1,2024-01-01,true,card,1
2,2024-01-01,true,card,1
3,2024-01-02,false,,
4,2024-01-02,,,
5,2024-01-09,true,,2
6,2024-01-10,,card,1
""",
    "returns": """\
return_id,was_gift,refund_method,lane
1,true,card,1
2,true,,3
3,,,
4,false,cash,
5,true,,2
""",
    "branches": """\
branch_id,branch_name,region,opened_on,manager_id,parent_id
1,Main,N,2024-02-01,7,
2,South,S,2023-02-01,8,1
3,Lost,X,,,1
4,,N,2024-02-01,9,1
5,Bare,,2024-12-31,7,2
""",
    "regions": "region_code,region_name\nN,North\nS,South\n",
    "managers": "manager_id,manager_name\n7,Ada\n",
    "policies": "policy_id,product\n1,life\n2,car\n",
    "persons": "person_id,person_name\n1,Ada\n2,Bob\n3,Eve\n",
    "insured": """\
policy_id,person_id,share
1,1,0.3333
1,2,0.3333
1,3,0.3333
2,1,0.25
2,9,0.75
""",
    "premiums": "premium_id,policy_id,amount\n1,1,300\n2,1,30\n3,2,100\n",
    "diagnoses": "claim_id,code\n1,A\n1,B\n1,C\n2,A\n",
    "members": "member_id,member_name,age,income\n1,Ada,17,0\n2,Bob,70,60000\n3,Eve,64,50000\n4,Zoe,,70000\n",
    "visits": "visit_id,member_id\n1,1\n2,2\n3,3\n4,3\n5,4\n6,9\n",
    "accounts": "account_id,branch_id\n1,1\n2,3\n3,77\n4,\n",
    "transfers": """\
transfer_id,sent_at,amount,currency
1,2024-01-01 00:00:00,100.00,USD
2,2024-01-31 23:59:59,100.00,USD
3,2024-02-01 00:00:00,100.00,USD
4,2023-12-31 23:59:59,100.00,USD
5,2024-03-01 12:00:00,10000.00,JPY
6,2024-03-01 12:00:00,7.77,XXX
7,,5.00,USD
8,2024-03-01 12:00:00,,USD
9,2024-03-01 12:00:00,1.00,
10,2024-03-01 12:00:00,-0.01,USD
""",
    "quotes": """\
currency,quoted_at,euros
USD,2024-02-01 00:00:00,0.925000
USD,2024-01-01 00:00:00,0.905555
JPY,2024-01-01 00:00:00,0.006400
""",
}


def project(root: Path, server: Mapping[str, Any] | None = None) -> Path:
    """All cases as one project, with its data; also for a server of Postgres."""
    on_server = ("bigquery: {dataset: raw}", "postgres: {schema: till}" if server else "bigquery: {dataset: raw}")
    files = {name: text.replace(*on_server) for case in CASES for name, text in case_files(case).items()}
    tree = {**yaml.safe_load(files["specs/warehouse.yml"]), "unit_tests": True}
    if server:
        tree["targets"] = {"dev": tree["targets"]["dev"], "server": dict(server)}
    files["specs/warehouse.yml"] = yaml.safe_dump(tree, sort_keys=False)
    raw = {f"raw/{name}.csv": text for name, text in RAW.items()}
    return write_project(root, files | raw)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = project(tmp_path_factory.mktemp("kinds"))
    assert failed(build(found)) == set()
    release()
    return found


@pytest.fixture(scope="module")
def database(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        connection.execute("use production")
        yield connection


@pytest.fixture
def spoiled(root: Path, tmp_path: Path) -> Callable[[str, str], int]:
    """How many rows a test finds, as dbt compiled it, once a statement has changed the tables."""

    def found(statement: str, test: str) -> int:
        copy = tmp_path / "shop.duckdb"
        shutil.copy(root / "shop.duckdb", copy)
        (compiled,) = (root / "generated/duckdb/target/compiled").rglob(f"{test}.sql")
        with duckdb.connect(str(copy)) as connection:
            connection.execute("use production")
            connection.execute(statement)
            return len(connection.execute(compiled.read_text(encoding="utf-8")).fetchall())

    return found


def wanted_times(step: timedelta, layout: str, label: str, parts: dict[int, str]) -> set[tuple[object, ...]]:
    moment, found = datetime(2024, 1, 1), set()
    while moment.day == 1:
        begun = [name for hour, name in parts.items() if hour <= moment.hour]
        part = begun[-1] if begun else [*parts.values()][-1]
        clock = moment.strftime(label).removeprefix("0")
        hour = int(moment.strftime("%I"))
        found.add((int(moment.strftime(layout)), moment.time(), moment.hour, moment.minute, hour, moment.strftime("%p"), clock, part))
        moment += step
    return found


def test_each_time_of_a_day_is_there_once(database: duckdb.DuckDBPyConnection) -> None:
    columns = "time_of_day, hour_number, minute_number, hour_of_half_day, half_day, time_label, day_part"
    for table, key, step, layout, label, parts in [
        ("dim_time", "time_key", timedelta(minutes=1), "%H%M", "%I:%M %p", {6: "Morning", 12: "Afternoon", 18: "Evening", 22: "Night"}),
        ("dim_second", "second_key", timedelta(seconds=1), "%H%M%S", "%I:%M:%S %p", {0: "Night", 6: "Day", 15: "Kids' hour", 23: "Late"}),
    ]:
        rows = database.execute(f"select {key}, {columns} from {table}").fetchall()
        wanted = wanted_times(step, layout, label, parts)
        special = {(-1, None, None, None, None, *["Unknown"] * 3), (-2, None, None, None, None, *["Not found"] * 3)}
        assert len(rows) == len(wanted) + 2
        assert set(rows) == wanted | special
    counted = "select max(minute_of_day), count(distinct minute_of_day), max(second_of_day), count(distinct second_of_day) from dim_second"
    assert database.execute(counted).fetchone() == (1439, 1440, 86399, 86400)
    assert database.execute("select minute_of_day from dim_time where time_of_day = time '13:05'").fetchone() == (785,)


def test_facts_compute_the_keys_of_times(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute("select call_id, begin_time_key, begin_second_key, end_time_key from fact_call order by 1").fetchall()
    assert rows == [(1, 0, 0, 0), (2, 905, 90507, 1200), (3, 2359, 235959, 2359), (4, -1, -1, -1), (5, 230, 23000, 1259)]
    joined = "select time_of_day from fact_call join dim_second on begin_second_key = second_key where call_id in (2, 3) order by 1"
    assert database.execute(joined).fetchall() == [(time(9, 5, 7),), (time(23, 59, 59),)]


def test_views_of_roles_join_by_the_names_of_the_fact(database: duckdb.DuckDBPyConnection) -> None:
    joined = """
        select flight_id, origin_airport_code, origin_city, destination_airport_code, destination_city, flight_calendar_date
        from fact_flight
        join dim_origin_airport using (origin_key)
        join dim_destination_airport using (destination_key)
        join dim_flight_day using (flight_day_key)
        order by 1
    """
    assert database.execute(joined).fetchall() == [
        (1, "JFK", "New York", "BOS", "Boston", date(2024, 5, 1)),
        (2, "BOS", "Boston", "LGA", "New York", date(2024, 5, 2)),
        (3, "XXX", None, None, "Not found", None),
        (4, None, "Unknown", None, "Unknown", None),
    ]
    for view, own, dimension in [
        ("dim_origin_airport", "origin_key", "dim_airport"),
        ("dim_destination_airport", "destination_key", "dim_airport"),
        ("dim_flight_day", "flight_day_key", "dim_day"),
    ]:
        differing = f"(select {own} as a, * exclude ({own}) from {view}) except all select * from {dimension}"
        assert database.execute(differing).fetchall() == []
        assert database.table(view).shape == database.table(dimension).shape
    # A model that is made of a view.
    cities = "select * from city order by origin_city"
    assert database.execute(cities).fetchall() == [("Boston", 1), ("New York", 2), ("Not found", 1), ("Unknown", 1)]


def test_a_level_with_two_parents_is_found(spoiled: Callable[[str, str], int]) -> None:
    test = "dim_store__city__one_state"
    assert spoiled("update dim_store set state = 'Missouri' where store_id = 2", test) == 1
    # None is a parent like the others; what has no value is on no level; inferred members are not the source's.
    assert spoiled("update dim_store set state = null where store_id = 2", test) == 1
    assert spoiled("update dim_store set state = 'Ohio' where store_id = 6", test) == 0
    assert spoiled("update dim_store set state = 'Missouri', is_inferred = true where store_id = 2", test) == 0
    assert spoiled("update dim_store set chain = 'C' where store_id = 1", "dim_store__store_id__one_chain") == 0
    # Versions that are over may have had other parents.
    moved = "update dim_article set department = 'toys' where article_id = 2 and"
    assert spoiled(f"{moved} not is_current", "dim_article__category__one_department") == 0
    assert spoiled(f"{moved} is_current", "dim_article__category__one_department") == 1


FLAGS = "select distinct is_gift, method, lane from stg.orders union select was_gift, refund_method, lane from stg.returns"


def test_each_combination_of_flags_is_one_member(database: duckdb.DuckDBPyConnection) -> None:
    wanted = FLAGS.replace("stg.orders", "staging.stg_web__orders").replace("stg.returns", "staging.stg_web__returns")
    members = "select is_gift, method, lane from dim_order_flags where order_flags_key not in ('-1', '-2')"
    assert len(database.execute(members).fetchall()) == 7
    assert database.execute(f"({members}) except all ({wanted})").fetchall() == []
    for fact, base, number, columns in [
        ("fact_web_order", "staging.stg_web__orders", "order_id", "is_gift, method, lane"),
        ("fact_web_return", "staging.stg_web__returns", "return_id", "was_gift, refund_method, lane"),
    ]:
        joined = f"select {number}, is_gift, method, lane from {fact} join dim_order_flags using (order_flags_key)"
        assert database.table(fact).shape[0] == database.execute(f"select count(*) from ({joined})").fetchone()[0]  # type: ignore[index]
        assert database.execute(f"({joined}) except all select {number}, {columns} from {base}").fetchall() == []
    joined = "fact_web_return join dim_gift_flags g on found_flags_key = gift_flags_key"
    found = f"select return_id, g.is_gift, g.method, found_flags_key from {joined}"
    rows = {number: (*flags, key if key == "-2" else "") for number, *flags, key in database.execute(found).fetchall()}
    gift, none = (True, None, ""), (None, None, "-2")
    assert rows == {1: (True, "card", ""), 2: gift, 3: none, 4: none, 5: gift}


@pytest.mark.xdist_group("postgres")
def test_postgres_has_the_same_rows(root: Path, postgres_server: PostgresServer, tmp_path: Path) -> None:
    on_server = project(tmp_path, postgres_server.target("kinds"))
    with postgres_server.database("kinds") as connection:
        for file in sorted((on_server / "raw").glob("*.csv")):
            load_csv(connection, "till", file)
        assert failed(build(on_server, "--exclude", "test_type:unit", warehouse="postgres")) == set()
        built = OnDuckDb(root / "shop.duckdb")
        try:
            keys = {table: [name for name, _ in built.columns("production", table)] for table in built.tables("production")}
            # The seconds of a day alone.
            assert assert_equal(built, OnPostgres(connection), "production", keys) > 86_400
        finally:
            built.close()


def test_what_increments_point_to_stays(root: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(root, again)
    # The source has lost its first days, which are before the look-back, and has a new combination.
    lines = RAW["orders"].splitlines()
    later = "\n".join([lines[0], *lines[5:], "7,2024-01-11,false,cash,4"])
    write_project(again, {"raw/orders.csv": later, "raw/returns.csv": RAW["returns"].splitlines()[0]})
    statuses = build(again, "--select", "+fact_web_order", "+dim_order_flags", "--exclude", "test_name:same_row_count")
    assert failed(statuses) == set()
    assert any(name.startswith("fact_web_order__order_flags_key__relationships") for name in statuses)
    release()
    with duckdb.connect(str(again / "shop.duckdb"), read_only=True) as connection:
        connection.execute("use production")
        joined = "select order_id, is_gift, method, lane from fact_web_order join dim_order_flags using (order_flags_key) order by 1"
        rows = connection.execute(joined).fetchall()
    assert rows == [
        (1, True, "card", 1),
        (2, True, "card", 1),
        (3, False, None, None),
        (4, None, None, None),
        (5, True, None, 2),
        (6, None, "card", 1),
        (7, False, "cash", 4),
    ]


def test_members_refer_to_other_dimensions(database: duckdb.DuckDBPyConnection) -> None:
    joined = """
        select branch_id, branch_name, region_name, calendar_date, manager.manager_id, manager_name, manager.is_inferred
        from dim_branch join dim_region using (region_key)
        join dim_opening_day on opening_key = opening_day_key
        join dim_manager as manager using (manager_key)
        order by branch_id nulls last, branch_name
    """
    none, lost = "Unknown", "Not found"
    assert database.execute(joined).fetchall() == [
        (1, "Main", "North", date(2024, 2, 1), 7, "Ada", False),
        (2, "South", "South", None, 8, None, True),
        (3, "Lost", lost, None, None, none, False),
        (5, "Bare", none, date(2024, 12, 31), 7, "Ada", False),
        (77, None, none, None, None, none, False),
        (None, lost, lost, None, None, lost, False),
        (None, none, none, None, None, none, False),
    ]
    # The day before the calendar, and the members themselves; a manager of a branch that is left out is none.
    assert database.execute("select opening_key from dim_branch where branch_id = 2").fetchone() == (-2,)
    assert database.execute("select count(*) from dim_manager where manager_id = 9").fetchone() == (0,)


def test_an_outrigger_without_its_member_is_found(spoiled: Callable[[str, str], int]) -> None:
    assert spoiled("delete from dim_region where region_code = 'N'", "dim_branch__region_key__relationships") == 1
    assert spoiled("update dim_branch set manager_key = null where branch_id = 1", "dim_branch__manager_key__not_null") == 1


def test_a_bridge_shares_out_what_is_measured(database: duckdb.DuckDBPyConnection) -> None:
    shared = """
        select person_id, round(sum(amount * share), 1) from fact_premium
        join bridge_policy_person using (policy_key) join dim_person using (person_key)
        group by person_id order by 1
    """
    # A third of 330 each, and of 100 a quarter and three.
    assert database.execute(shared).fetchall() == [(1, 135.0), (2, 110.0), (3, 110.0), (9, 75.0)]
    weights = "select claim_id, count(*), sum(weight) from bridge_claim_diagnosis group by 1 order by 1"
    assert database.execute(weights).fetchall() == [(1, 3, pytest.approx(1)), (2, 1, 1)]


def test_weights_that_do_not_sum_to_one_are_found(spoiled: Callable[[str, str], int]) -> None:
    test, bridge = "bridge_policy_person__weights_sum_to_one", "bridge_policy_person"
    assert spoiled(f"update {bridge} set share = 0.5 where share = 0.25", test) == 1
    assert spoiled(f"update {bridge} set share = share + 0.4 where share < 0.5", test) == 2
    assert spoiled(f"update {bridge} set share = case when share > 0.5 then 1 end where share <> 0.3333", test) == 1
    assert spoiled(f"update {bridge} set share = case when share > 0.5 then 1.25 else -0.25 end where share <> 0.3333", test) == 1
    assert spoiled(f"delete from {bridge} where share < 0.5", test) == 1


def test_bands_of_members_are_a_dimension_of_their_own(database: duckdb.DuckDBPyConnection) -> None:
    joined = "select visit_id, age_band, income_band from fact_visit join dim_profile using (profile_key) order by 1"
    assert database.execute(joined).fetchall() == [
        (1, "child", "low"),
        (2, "senior", "high"),
        (3, "adult", "high"),
        (4, "adult", "high"),
        (5, None, "high"),
        # A visit of nobody who is known has a combination, too.
        (6, None, None),
    ]
    assert database.execute("select count(*) from dim_profile").fetchone() == (7,)


def test_measures_are_converted_as_of_the_event(database: duckdb.DuckDBPyConnection) -> None:
    by_hand = """
        select transfer_id, amount, round(amount * euros, 4)::decimal(24, 4)
        from staging.stg_exchange__transfers as sent asof left join staging.stg_exchange__quotes as quoted
        on sent.currency = quoted.currency and sent.sent_at >= quoted.quoted_at
    """
    rows = "select transfer_id, amount, amount_in_euros from fact_transfer"
    assert database.execute(f"({rows}) except all ({by_hand})").fetchall() == []
    assert database.table("fact_transfer").shape[0] == len(RAW["transfers"].splitlines()) - 1
    worth = "select transfer_id, amount_in_euros from fact_transfer where transfer_id < 5 order by 1"
    assert [str(euros) for _, euros in database.execute(worth).fetchall()] == ["90.5555", "90.5555", "92.5000", "None"]
    # A transfer without a rate has no member to point to, either.
    pointed = "select transfer_id from fact_transfer where currency_key in ('-1', '-2') order by 1"
    assert [number for (number,) in database.execute(pointed).fetchall()] == [4, 6, 7, 9]
    sums = "select euros, f.amount, f.amount_in_euros from fact_transfer_currency f join dim_currency using (currency_key) where euros > 0"
    summed = {tuple(map(float, row)) for row in database.execute(sums).fetchall()}
    assert summed == {(0.925, 99.99, 92.4907), (0.905555, 200.0, 181.111), (0.0064, 10000.0, 64.0)}
