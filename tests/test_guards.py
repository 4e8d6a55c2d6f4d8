"""The tests that whgen writes unasked: each defect of the data is found by the test that is meant for it, and nothing else fails."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from projects import REPOSITORY, build, failed, split_files, write_project
from whgen import scaffold


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    scaffold.create(root, "shop")
    assert failed(build(root)) == set()
    return root


def _with(shop: Path, tmp_path: Path, *, customers: str = "", orders: str = "", specs: tuple[str, str, str] | None = None) -> Path:
    """A copy of the shop with rows appended to its files, and one text of a spec replaced by another."""
    scaffold.create(tmp_path, "shop")
    for table, rows in (("customers", customers), ("orders", orders)):
        path = tmp_path / "data/raw" / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8") + rows, encoding="utf-8")
    if specs is not None:
        path = tmp_path / "specs" / specs[0]
        text = path.read_text(encoding="utf-8")
        assert specs[1] in text
        path.write_text(text.replace(specs[1], specs[2]), encoding="utf-8")
    return tmp_path


def _failing_tests(statuses: dict[str, str]) -> set[str]:
    return {n for n, s in statuses.items() if s == "fail"}


DEFECTS = {
    "a key that is there twice": ({"customers": "1,Ada again,gb\n"}, "stg_shop__customers__customer_id__unique"),
    "a key that is missing": ({"customers": ",Nobody,gb\n"}, "stg_shop__customers__customer_id__not_null"),
    "a number that is none": ({"orders": "105,two,2025-03-01,1.00,2025-03-02T12:00:00Z\n"}, "stg_shop__orders__casts_keep_values"),
    "a number that a cast would round": (
        {"orders": "105.5,2,2025-03-01,1.00,2025-03-02T12:00:00Z\n"},
        "stg_shop__orders__casts_keep_values",
    ),
    "a day that is none": ({"orders": "105,2,2025-02-30,1.00,2025-03-02T12:00:00Z\n"}, "stg_shop__orders__casts_keep_values"),
    "a time that only one warehouse reads": ({"orders": "105,2,2025-03-01,1.00,2025-03-02 12:00\n"}, "stg_shop__orders__casts_keep_values"),
    "a value below its bound": ({"orders": "105,2,2025-03-01,-1.00,2025-03-02T12:00:00Z\n"}, "stg_shop__orders__amount__at_least"),
    "a member that the dimension lacks": (
        {"specs": ("facts/order.yml", "missing: infer", "missing: fail")},
        "fact_order__customer_key__members_exist",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_defect_is_found(defect: str, shop: Path, tmp_path: Path) -> None:
    change, test = DEFECTS[defect]
    assert _failing_tests(build(_with(shop, tmp_path, **change))) == {test}


def test_day_outside_the_calendar_points_to_not_found(shop: Path, tmp_path: Path) -> None:
    root = _with(shop, tmp_path, orders="105,2,1999-01-01,1.00,2025-03-02T12:00:00Z\n106,2,,1.00,2025-03-02T12:00:00Z\n")
    assert failed(build(root)) == set()
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        keys = connection.sql("SELECT order_id, date_key FROM production.fact_order WHERE order_id > 104 ORDER BY ALL").fetchall()
    assert keys == [(105, -2), (106, -1)]


def test_missing_member_points_to_not_found_without_losing_rows(shop: Path, tmp_path: Path) -> None:
    root = _with(shop, tmp_path, specs=("facts/order.yml", "missing: infer", "missing: unknown"))
    assert failed(build(root)) == set()
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        keys = dict(connection.sql("SELECT order_id, customer_key FROM production.fact_order").fetchall())
        names = dict(connection.sql("SELECT customer_key, customer_name FROM production.dim_customer").fetchall())
    assert {order: names[key] for order, key in keys.items()} == {
        100: "Ada Lovelace", 101: "Grace Hopper", 102: "Unknown", 103: "O'Brien, Zoë 🌍", 104: "Not found",
    }  # fmt: skip


def test_value_lost_by_a_cast_is_counted_though_a_filter_on_it_hides_the_row(shop: Path, tmp_path: Path) -> None:
    where = ("sources/shop.yml", "    key: customer_id\n", "    key: customer_id\n    where: customer_id is not null\n")
    root = _with(shop, tmp_path, customers="x5,Eve,gb\n", specs=where)
    assert _failing_tests(build(root)) == {"stg_shop__customers__casts_keep_values"}


def test_last_row_of_a_key_decides_before_the_filter(shop: Path, tmp_path: Path) -> None:
    where = ("sources/shop.yml", "    exclude: sent_at\n", "    exclude: sent_at\n    where: amount > 0\n")
    root = _with(shop, tmp_path, orders="103,4,2025-03-01,0.00,2025-03-09T00:00:00Z\n", specs=where)
    assert failed(build(root)) == set()
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        orders = {r[0] for r in connection.sql("SELECT order_id FROM production.fact_order").fetchall()}
    assert orders == {100, 101, 102, 104}


def test_empty_tables_build(shop: Path, tmp_path: Path) -> None:
    root = _with(shop, tmp_path)
    for table in ("customers", "orders"):
        path = root / "data/raw" / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert failed(build(root)) == set()


def test_attribute_of_type_0_keeps_its_first_value(tmp_path: Path) -> None:
    scaffold.create(tmp_path, "shop")
    spec = tmp_path / "specs/dimensions/customer.yml"
    spec.write_text(
        spec.read_text().replace("columns: [customer_name, country_code]", "columns: {customer_name: {}, country_code: {scd: 0}}")
    )
    raw = tmp_path / "data/raw/customers.csv"

    def members() -> dict[int, tuple[str, str]]:
        assert failed(build(tmp_path)) == set()
        with duckdb.connect(str(tmp_path / "shop.duckdb"), read_only=True) as connection:
            query = "SELECT customer_id, customer_name, country_code FROM production.dim_customer WHERE customer_id IS NOT NULL"
            return {i: (name, country) for i, name, country in connection.sql(query).fetchall()}

    first = members()
    assert first[1] == ("Ada Lovelace", "GB")
    assert first[7] == (None, None)
    raw.write_text(raw.read_text(encoding="utf-8").replace("1,Ada Lovelace,gb", "1,Ada King,fr") + "7,Zuse,de\n", encoding="utf-8")
    second = members()
    assert second[1] == ("Ada King", "GB"), "the name is overwritten, the country is the first"
    assert second[7] == ("Zuse", "DE"), "an inferred member has no first value yet"
    assert len(members()) == len(second) == len(first)


def test_project_outlives_specs_and_generator(shop: Path, tmp_path: Path) -> None:
    """Delete the specs: the dbt project still builds, with dbt alone."""
    import shutil
    import subprocess
    import sys

    shutil.copytree(shop, tmp_path / "alone")
    shutil.rmtree(tmp_path / "alone/specs")
    (tmp_path / "alone/shop.duckdb").unlink()
    folder = tmp_path / "alone/generated/duckdb"
    ran = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "-q", "build", "--profiles-dir", "."], cwd=folder, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_views_over_files_are_read_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold.create(tmp_path / "it's a shop", "shop")
    assert failed(build(tmp_path / "it's a shop")) == set()
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(tmp_path / "it's a shop/shop.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT COUNT(*) FROM staging.stg_shop__customers").fetchall() == [(4,)]


def test_seed_and_verbatim_model_build(tmp_path: Path) -> None:
    write_project(tmp_path, {
        "specs/warehouse.yml": "warehouse: small\ntargets: {dev: {warehouse: duckdb, path: small.duckdb}}\n",
        "specs/seed.yml": "seed: codes\nfile: codes.csv\nkey: code\ncolumns: {code: string, rank: integer}\n",
        "specs/codes.csv": "code,rank\na,1\n\"b,c\",\n",
        "specs/model.yml": "model: ranked\nfile: ranked.sql\nkey: code\ncolumns: {code: string}\n",
        "specs/ranked.sql": "select code from {{ ref('codes') }} where rank is not null\n",
    })  # fmt: skip
    assert failed(build(tmp_path)) == set()
    with duckdb.connect(str(tmp_path / "small.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT code FROM production.ranked").fetchall() == [("a",)]
        assert connection.sql("SELECT code, rank FROM staging.codes ORDER BY code").fetchall() == [("a", 1), ("b,c", None)]


def test_names_that_sql_keeps_for_itself_build(tmp_path: Path) -> None:
    specs = (REPOSITORY / "tests/cases/reserved_words/specs.yml").read_text(encoding="utf-8")
    warehouse = "# specs/warehouse.yml\nwarehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n"
    raw = {
        "raw/select.csv": 'order,group,table,from\n1,"a|b","it\'s",true\n2,a,,\n,a,"😀",false\n',
        "raw/group.csv": 'order,desc\n1,"first, ""best"""\n',
    }
    write_project(tmp_path, split_files(specs) | split_files(warehouse) | raw)
    statuses = build(tmp_path)
    assert failed(statuses) == set(statuses) & {n for n, s in statuses.items() if s == "skipped"} | {"stg_shop__select__order__not_null"}
    (tmp_path / "raw/select.csv").write_text(raw["raw/select.csv"].replace(',a,"😀",false\n', ""), encoding="utf-8")
    assert failed(build(tmp_path)) == set()
    with duckdb.connect(str(tmp_path / "shop.duckdb"), read_only=True) as connection:
        query = 'SELECT "group", "table", width, limit_key = \'-2\' FROM production.fact_case ORDER BY "group"'
        assert connection.sql(query).fetchall() == [("a", None, None, True), ("a|b", "it's", 4, False)]
