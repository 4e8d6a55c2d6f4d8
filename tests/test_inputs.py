"""Joins, groupings and computed columns, built by dbt on DuckDB over rows that are drawn, against Python that knows nothing of SQL."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from projects import build, failed, release, write_project
from test_cases import case_files
from whgen.diagnostics.diagnostic import Report
from whgen.resolve.warehouse import resolve_warehouse
from whgen.spec.load import load_specs
from whgen.spec.lock import Lock

Row = dict[str, Any]


def drawn_shop(seed: int) -> dict[str, list[Row]]:
    """Orders of nobody, of customers that there are not, without lines; lines of no order; customers without a country or a name."""
    dice = random.Random(seed)
    start = date(2024, 1, 28)
    countries = [{"country_code": c, "country_name": n} for c, n in (("NO", "Norway"), ("SE", "Sweden"), ("DK", "Denmark"))]
    customers = [
        {"customer_id": n, "name": dice.choice(["Ada", "Bo", "Nobody", None]), "country": dice.choice(["no", "NO", "Se", "XX", None])}
        for n in range(1, 25)
    ]
    orders = [
        {
            "order_id": n,
            "customer_id": dice.choice([None, *range(1, 30)]),
            "status": dice.choice(["paid", "void", "open", None]),
            "ordered_on": start + timedelta(days=dice.randint(0, 70)),
            "amount": dice.choice([None, 0, dice.randint(1, 900)]),
        }
        for n in range(1, 301)
    ]
    lines = [
        {
            "order_id": order,
            "line": line,
            "product": dice.choice("abc"),
            "pieces": dice.choice([None, 0, 1, 2, 7]),
            "is_gift": dice.choice([True, False]),
        }
        for order in dice.sample(range(1, 320), 200)
        for line in range(1, dice.randint(2, 6))
    ]
    return {"orders": orders, "lines": lines, "customers": customers, "countries": countries}


def drawn_shops(seed: int) -> dict[str, list[Row]]:
    """Two shops with customers in common, some of them changed at the same moment; rates that are not dated, or are no rates."""
    dice = random.Random(seed)
    moments = [datetime(2024, 1, 1, 12) + timedelta(hours=n) for n in range(4)]

    def customers(**more: Any) -> list[Row]:
        return [
            {"customer_id": n, "city": dice.choice(["Oslo", "Bergen", None]), "updated_at": dice.choice(moments)}
            | {k: dice.choice(v) for k, v in more.items()}
            for n in dice.sample(range(1, 60), 40)
        ]

    def orders(digits: int, **more: Any) -> list[Row]:
        return [
            {
                "order_id": n,
                "customer_id": dice.randint(1, 65),
                "currency": dice.choice(["NOK", "SEK", "XXX"]),
                "amount": Decimal(dice.randint(-3, 99999)).scaleb(-digits) * dice.choice([0, 1, 1, 1]),
            }
            | {k: dice.choice(v) for k, v in more.items()}
            for n in range(1, 101)
        ]

    return {
        "north_customers": customers(vip=[True, False]),
        "south_customers": customers(),
        "north_orders": orders(3),
        "south_orders": orders(2, note=["gift", None]),
        "rates": [
            {"rate_id": n, "currency": dice.choice(["NOK", "SEK"]), "noted_at": dice.choice([*moments, None]), "rate": dice.choice([0, n])}
            for n in range(1, 30)
        ],
    }


def drawn_sales(seed: int) -> dict[str, list[Row]]:
    """Sales at the very moments at which periods begin and end, before the first and after the last; periods with gaps, empty ones."""
    dice = random.Random(seed)
    days = [date(2024, 3, 1) + timedelta(days=n) for n in range(20)]
    moments = [datetime.combine(day, datetime.min.time()) + timedelta(hours=h) for day in days for h in (0, 7)]
    prices: list[Row] = []
    offers: list[Row] = []
    for product in "abc":
        ends = sorted(dice.sample(moments[4:36], 6))
        for begin, end in zip(ends[::2], ends[1::2], strict=True):
            prices.append({"product": product, "priced_from": begin, "priced_to": end, "is_draft": False})
        prices.append({"product": product, "priced_from": ends[-1], "priced_to": None, "is_draft": False})
        # Drafts overlap all others; a period of no length, and one without a beginning, hold nothing.
        prices.append({"product": product, "priced_from": moments[0], "priced_to": None, "is_draft": True})
        prices.append({"product": product, "priced_from": ends[1], "priced_to": ends[1], "is_draft": False})
        prices.append({"product": product, "priced_from": None, "priced_to": ends[2], "is_draft": False})
        bounds = sorted(dice.sample(days, 4))
        offers += [{"product": product, "first_day": bounds[i], "last_day": bounds[i + 1]} for i in (0, 2)]
    prices += [{"product": None, "priced_from": moments[0], "priced_to": None, "is_draft": False}] * 2
    customers = [
        {"customer_id": customer, "changed_at": moment, "city": dice.choice(["Oslo", "Bergen", None])}
        for customer in range(1, 9)
        for moment in dice.sample(moments, 4)
    ]
    sales = [
        {
            "sale_id": n,
            "product": dice.choice(["a", "b", "c", "d", None]),
            "customer_id": dice.randint(1, 10),
            "sold_at": dice.choice([*moments, *moments, None]),
            "pieces": dice.randint(0, 5),
        }
        for n in range(1, 401)
    ]
    rates = [{"product": p, "taxed_from": d, "rate": dice.choice([None, 5, 7, 19])} for p in "ab" for d in dice.sample(days, 5)]
    return {
        "sales": sales,
        "prices": [{"price_id": n, **p, "price": n * 10} for n, p in enumerate(prices)],
        "rates": rates,
        "offers": [{"offer_id": n, **o} for n, o in enumerate(offers)],
        "customers": customers,
    }


def drawn_elements(seed: int) -> dict[str, list[Row]]:
    """Texts of one tag, of several, of the same twice and of none; JSON that is no array, and arrays of all that JSON has."""
    dice = random.Random(seed)
    things: list[Any] = [
        {"product": "a", "pieces": 2},
        {"product": "b", "pieces": "three"},
        {"pieces": 4},
        {"product": {"x": 1}},
        None,
        5,
        "t",
        [1],
    ]
    arrays = [json.dumps(dice.choices(things, k=dice.randint(1, 6))) for _ in range(40)]
    orders = [
        {
            "order_id": n,
            "tags": dice.choice([None, ",".join(dice.choices(["a", "b", "x", ""], k=dice.randint(1, 5)))]) or None,
            "items": dice.choice([None, "[]", '{"product": "a"}', "7", "null", *arrays]),
        }
        for n in range(1, 201)
    ]
    return {"orders": orders, "tags": [{"tag": "a", "weight": 3}, {"tag": "b", "weight": 5}]}


def write_shop(root: Path, tables: dict[str, list[Row]]) -> None:
    """The rows as CSV files, in another order than they were drawn in."""
    (root / "raw").mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (root / f"raw/{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for row in random.Random(0).sample(rows, len(rows)):
                writer.writerow({k: str(v).lower() if isinstance(v, bool) else "" if v is None else v for k, v in row.items()})


def total(values: list[int | None]) -> int | None:
    """The sum as SQL has it: of no value, none."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def members(tables: dict[str, list[Row]]) -> dict[int, Row]:
    names = {c["country_code"]: c["country_name"] for c in tables["countries"]}
    return {
        c["customer_id"]: {"name": c["name"], "country_name": names.get((c["country"] or "").upper(), "Elsewhere")}
        for c in tables["customers"]
        if c["name"] is not None
    }


def order_sizes(tables: dict[str, list[Row]]) -> dict[int, Row]:
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in tables["lines"]:
        lines[line["order_id"]].append(line)
    known = {k for k, c in members(tables).items() if c["name"] != "Nobody"}
    found = {}
    for order in tables["orders"]:
        if order["customer_id"] in known and order["status"] != "void":
            own = lines[order["order_id"]]
            found[order["order_id"]] = {
                "customer_id": order["customer_id"],
                "ordered_on": order["ordered_on"],
                "amount": order["amount"],
                "line_count": len(own),
                "pieces": total([x["pieces"] for x in own]),
                "gifts": total([x["pieces"] for x in own if x["is_gift"]]) or 0,
                "products": len({x["product"] for x in own}) if own else None,
            }
    last: dict[int, int] = {}
    for order_id, row in sorted(found.items(), key=lambda item: (item[1]["ordered_on"], item[0])):
        row["previous_order_id"] = last.get(row["customer_id"])
        row["is_first"] = row["previous_order_id"] is None
        last[row["customer_id"]] = order_id
    return found


def customer_months(tables: dict[str, list[Row]]) -> dict[tuple[int, date], Row]:
    groups: dict[tuple[int, date], list[Row]] = defaultdict(list)
    for row in order_sizes(tables).values():
        groups[(row["customer_id"], row["ordered_on"].replace(day=1))].append(row)
    found = {
        key: {
            "orders": len(rows),
            "large_orders": sum((r["pieces"] or 0) > 5 or r["line_count"] > 3 for r in rows),
            "amount": total([r["amount"] for r in rows]) or 0,
            "last_ordered_on": max(r["ordered_on"] for r in rows),
        }
        for key, rows in groups.items()
    }
    for (customer, month), row in found.items():
        row["amount_so_far"] = sum(r["amount"] for (c, m), r in found.items() if c == customer and m <= month)
    return found


def query(root: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module", params=[1, 2])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Row]]]:
    root = write_project(tmp_path_factory.mktemp("shop"), case_files("joined_inputs"))
    tables = drawn_shop(request.param)
    write_shop(root, tables)
    assert failed(build(root)) == set()
    release()
    return root, tables


def test_a_dimension_of_joined_rows(shop: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shop
    built = query(root, "select customer_id, name, country_name from production.dim_customer where customer_key not in ('-1', '-2')")
    wanted = {(k, c["name"], c["country_name"]) for k, c in members(tables).items()}
    assert len(built) == len(wanted)
    assert set(built) == wanted
    assert {country for _, _, country in built} > {"Elsewhere", "Norway"}


def test_a_model_of_joined_and_summed_up_rows(shop: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shop
    names = "customer_id, ordered_on, amount, line_count, pieces, gifts, products, previous_order_id, is_first"
    built = query(root, f"select order_id, {names} from production.order_size order by 1")
    wanted = [(k, *(row[n] for n in names.split(", "))) for k, row in sorted(order_sizes(tables).items())]
    assert built == wanted
    # Each difficulty occurs.
    assert {row[4] == 0 for row in built} == {True, False}
    assert any(row[5] is None and row[4] > 0 for row in built)
    assert any(row[8] is not None for row in built)


def test_a_model_of_grouped_rows(shop: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shop
    names = ["orders", "large_orders", "amount", "last_ordered_on", "amount_so_far"]
    sql = f"select customer_id, month_start, {', '.join('m.' + n for n in names)} from production.customer_month m"
    built = query(root, f"{sql} join production.dim_customer using (customer_key) order by 1, 2")
    assert built == [(*key, *(row[n] for n in names)) for key, row in sorted(customer_months(tables).items())]


def test_a_fact_of_parts(shop: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shop
    sql = "select order_year, f.country, f.pieces, f.is_first, amount_per_line, md5(o.order_id::varchar) = order_key, d.customer_id"
    sql += " from production.fact_order f join production.order_size o on md5(o.order_id::varchar) = order_key"
    built = query(root, f"{sql} join production.dim_customer d on d.customer_key = f.customer_key order by o.order_id")
    known = members(tables)
    wanted = [
        (
            row["ordered_on"].year,
            known[row["customer_id"]]["country_name"],
            row["pieces"] or 0,
            row["is_first"],
            row["amount"] / row["line_count"] if row["amount"] is not None and row["line_count"] else None,
            True,
            row["customer_id"],
        )
        for _, row in sorted(order_sizes(tables).items())
    ]
    assert built == wanted


@pytest.fixture(scope="module", params=[1, 2, 3])
def shops(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Row]]]:
    root = write_project(tmp_path_factory.mktemp("shops"), case_files("united_inputs"))
    tables = drawn_shops(request.param)
    write_shop(root, tables)
    assert failed(build(root)) == set()
    release()
    return root, tables


def test_a_dimension_of_several_tables_has_each_member_once(shops: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shops
    rows = [r | {"vip": r.get("vip"), "shop": shop[0].upper()} for shop in ("north", "south") for r in tables[f"{shop}_customers"]]
    # Of rows of one moment the last in the order of the other columns, in which what is missing comes last.
    newest: dict[int, Row] = {}
    for row in sorted(rows, key=lambda r: (r["updated_at"], r["city"] or "", (r["vip"] is not None, bool(r["vip"])), r["shop"])):
        newest[row["customer_id"]] = row
    built = query(
        root, "select customer_id, city, vip, shop from production.dim_customer where customer_key not in ('-1', '-2') order by 1"
    )
    assert built == [(k, r["city"], r["vip"], r["shop"]) for k, r in sorted(newest.items())]
    assert {r[2] for r in built} == {True, False, None}
    assert {r[3] for r in built} == {"N", "S"}


def test_a_fact_of_several_tables_and_of_the_last_of_many(shops: tuple[Path, dict[str, list[Row]]]) -> None:
    root, tables = shops
    last: dict[str, Row] = {}
    for row in sorted(tables["rates"], key=lambda r: (r["noted_at"] is not None, r["noted_at"] or datetime.min, r["rate_id"])):
        last[row["currency"]] = row
    wanted = []
    for shop in ("north", "south"):
        for order in tables[f"{shop}_orders"]:
            rate = last.get(order["currency"], {"rate": 0})["rate"]
            if order["amount"]:
                wanted.append((f"shops.{shop}_orders", order["amount"], rate or None))
    assert len(wanted) < 200
    built = query(root, "select order_table, amount, rate from production.fact_order")
    assert sorted(map(repr, ((t, Decimal(a), r) for t, a, r in built))) == sorted(
        map(repr, ((t, a.quantize(Decimal("0.001")), r) for t, a, r in wanted))
    )


@pytest.fixture(scope="module", params=[1, 2])
def sequences(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    root = write_project(tmp_path_factory.mktemp("sequences"), case_files("windowed_inputs"))
    tables = drawn_shop(request.param)
    write_shop(root, {"orders": tables["orders"]})
    assert failed(build(root)) == set()
    release()
    return root, tables["orders"]


def test_columns_of_other_rows(sequences: tuple[Path, list[Row]]) -> None:
    root, orders = sequences
    found: dict[int, Row] = {}
    for customer in {o["customer_id"] for o in orders} - {None}:
        own = sorted((o for o in orders if o["customer_id"] == customer), key=lambda o: (o["ordered_on"], o["order_id"]))
        amount = total([o["amount"] for o in own])
        for n, order in enumerate(own[:3]):
            found[order["order_id"]] = {
                "number": n + 1,
                "first_status": own[0]["status"],
                "amount": order["amount"],
                "amount_so_far": total([o["amount"] for o in own[: n + 1]]),
                "days_since": (order["ordered_on"] - own[n - 1]["ordered_on"]).days if n else None,
                "share": order["amount"] / amount if order["amount"] is not None and amount else None,
            }
    names = ["number", "first_status", "amount", "amount_so_far", "days_since", "share"]
    sql = f"select o.order_id, {', '.join('f.' + n for n in names)} from production.fact_order_step f"
    built = query(root, f"{sql} join staging.stg_shop__orders o on md5(o.order_id::varchar) = order_step_key order by 1")
    assert built == [(k, *(row[n] for n in names)) for k, row in sorted(found.items())]
    # Two orders of a customer on one day, and an order of nobody, occur.
    assert any(row[5] == 0 for row in built)
    assert any(o["customer_id"] is None for o in orders)


def test_groups_are_kept_by_what_was_summed_up(sequences: tuple[Path, list[Row]]) -> None:
    root, orders = sequences
    days: dict[date, list[Row]] = defaultdict(list)
    for order in orders:
        days[order["ordered_on"]].append(order)
    counts = sorted((len(rows) for rows in days.values()), reverse=True)
    wanted = [
        (day, len(rows), total([o["amount"] for o in rows]), counts.index(len(rows)) + 1)
        for day, rows in sorted(days.items())
        if len(rows) > 1 and counts.index(len(rows)) + 1 < 40
    ]
    assert query(root, "select * from production.busy_day order by 1") == wanted
    assert len(wanted) < len(days)


def _the_one(found: list[Row]) -> Row:
    assert len(found) < 2
    return found[0] if found else defaultdict(lambda: None)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_are_found_by_their_periods(seed: int, tmp_path: Path) -> None:
    root, tables = write_project(tmp_path, case_files("periods_inputs")), drawn_sales(seed)
    write_shop(root, tables)
    assert failed(build(root)) == set()
    release()
    wanted = []
    for sale in tables["sales"]:
        product, at = sale["product"], sale["sold_at"]
        price = rate = offer = customer = defaultdict(lambda: None)  # type: ignore[var-annotated]
        if at is not None and product is not None:
            own = [p for p in tables["prices"] if p["product"] == product and not p["is_draft"] and p["priced_from"] is not None]
            price = _the_one([p for p in own if p["priced_from"] <= at and (p["priced_to"] is None or at < p["priced_to"])])
            rates = [r for r in tables["rates"] if r["product"] == product and r["rate"] is not None and r["taxed_from"] <= at.date()]
            rate = _the_one(sorted(rates, key=lambda r: r["taxed_from"])[-1:])
            offer = _the_one([o for o in tables["offers"] if o["product"] == product and o["first_day"] <= at.date() <= o["last_day"]])
        if at is not None:
            before = [c for c in tables["customers"] if c["customer_id"] == sale["customer_id"] and c["changed_at"] <= at]
            customer = _the_one(sorted(before, key=lambda c: c["changed_at"])[-1:])
        amount = price["price"] * sale["pieces"] if price["price"] is not None else None
        wanted.append((sale["sale_id"], price["price"], rate["rate"], offer["offer_id"], customer["city"], amount))
    sql = "select sale_id, f.price, f.rate, f.offer_id, f.city, f.amount from production.fact_sale f"
    built = query(root, f"{sql} join staging.stg_shop__sales on md5(sale_id::varchar) = sale_key order by 1")
    assert built == wanted
    assert all(any(row[n] is not None for row in built) and any(row[n] is None for row in built) for n in range(1, 6))
    # On the last day of an offer, and at the end of a price.
    assert any(o["last_day"] == s["sold_at"].date() for s in tables["sales"] if s["sold_at"] for o in tables["offers"])


def test_periods_that_overlap_are_found(tmp_path: Path) -> None:
    root, tables = write_project(tmp_path, case_files("periods_inputs")), drawn_sales(1)
    end = next(p["priced_to"] for p in tables["prices"] if p["product"] == "a" and p["priced_to"] and not p["is_draft"])
    late = {"price_id": 99, "product": "a", "priced_from": end - timedelta(hours=1), "priced_to": end, "price": 1, "is_draft": False}
    tables["prices"].append(late)
    # The day on which one ends is the first of the next.
    first = tables["offers"][0]
    tables["offers"].append({**first, "offer_id": 98, "first_day": first["last_day"], "last_day": first["last_day"]})
    write_shop(root, tables)
    statuses = build(root)
    release()
    periods = {"stg_shop__prices__periods_apart", "stg_shop__offers__periods_apart"}
    assert {name for name in failed(statuses) if statuses[name] == "fail"} == periods


@pytest.mark.parametrize("seed", [1, 2])
def test_elements_are_rows(seed: int, tmp_path: Path) -> None:
    root, tables = write_project(tmp_path, case_files("unnested_inputs")), drawn_elements(seed)
    write_shop(root, tables)
    assert failed(build(root)) == set()
    release()
    weights = {r["tag"]: r["weight"] for r in tables["tags"]}
    tags = [(o["order_id"], n, t) for o in tables["orders"] if o["tags"] for n, t in enumerate(o["tags"].split(","), 1)]
    built = query(root, "select order_id, tag_number, tag, weight from production.fact_order_tag order by 1, 2")
    assert built == [(order, n, tag, weights.get(tag)) for order, n, tag in tags if tag != "x"]
    assert "" in {row[2] for row in built}

    uses: dict[str, set[int]] = defaultdict(set)
    for order, _, tag in tags:
        uses[tag].add(order)
    assert query(root, "select tag, orders from production.tag_use order by 1") == [(t, len(o)) for t, o in sorted(uses.items())]

    items: list[tuple[Any, ...]] = []
    for order in tables["orders"]:
        found = json.loads(order["items"]) if order["items"] else None
        elements = found if isinstance(found, list) else []
        for number, item in enumerate(elements, 1):
            own = item if isinstance(item, dict) else {}
            product = own.get("product") if isinstance(own.get("product"), str) else None
            items.append((order["order_id"], number, product, own.get("pieces") if isinstance(own.get("pieces"), int) else None))
        if not elements:
            items.append((order["order_id"], None, None, None))
    assert query(root, "select order_id, item_number, product, pieces from production.order_item order by all") == items


DRAWN = {
    "joined_inputs": drawn_shop,
    "united_inputs": drawn_shops,
    "windowed_inputs": lambda seed: {"orders": drawn_shop(seed)["orders"]},
    "periods_inputs": drawn_sales,
    "unnested_inputs": drawn_elements,
}


@pytest.mark.parametrize("case", DRAWN)
def test_what_is_said_never_to_be_missing_is_there(case: str, tmp_path: Path) -> None:
    root = write_project(tmp_path, case_files(case))
    write_shop(root, DRAWN[case](7))
    assert failed(build(root)) == set()
    release()
    report = Report()
    warehouse = resolve_warehouse(load_specs(root, report), Lock(), report)
    assert warehouse is not None
    looked_at = 0
    for table in (*warehouse.inputs, *warehouse.models, *warehouse.facts):
        for column in table.columns:
            if not column.type.nullable:
                looked_at += 1
                (found,) = query(root, f"select count(*) from production.{table.name} where {column.name} is null")
                assert found == (0,), f"{table.name}.{column.name}"
    # All that is found by periods may be missing, and so may all of this source.
    assert (looked_at > 0) is (case != "periods_inputs")


def test_words_of_sql_are_names_like_others(tmp_path: Path) -> None:
    specs = """\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
---
seed: order
file: order.csv
key: group
columns: {group: string, limit: integer}
---
model: words
from: order
join:
  select: {table: order, on: group, columns: {from: limit}}
group_by: [from]
aggregates: {order: sum(`limit`)}
"""
    root = write_project(tmp_path, {"specs/shop.yml": specs, "specs/order.csv": "group,limit\na,1\nb,1\nc,2\n"})
    assert failed(build(root)) == set()
    release()
    assert query(root, 'select "from", "order" from production.words order by 1') == [(1, 2), (2, 2)]
