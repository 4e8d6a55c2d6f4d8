"""docs/needs.md: its specs compile on every warehouse without SQL by hand, its SQL is what they become, and its table adds up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from projects import REPOSITORY, build, compiled, failed, release, write_project

PAGE = (REPOSITORY / "docs" / "needs.md").read_text(encoding="utf-8")
WAREHOUSE = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  prod: {warehouse: bigquery, project: acme}
  server: {warehouse: postgres, host: localhost, dbname: shop, user: shop}
"""
STUDIED = [(37, 25), (40, 31), (48, 36), (61, 51), (78, 69), (82, 75), (87, 80), (87, 81), (90, 85), (94, 92), (96, 96), (100, 100)]
"""What the study has for its classes, each with all before it: the share of dimensions and facts, and the same pooled."""
GOAL = 80


@dataclass(frozen=True)
class Section:
    """A class of features: its specs, and excerpts of what they become."""

    title: str
    specs: str
    excerpts: tuple[str, ...]


def _fences(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _sections() -> Iterator[Section]:
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        yield Section(part.split("\n", 1)[0], "---\n".join(_fences(part, "yaml")), tuple(_fences(part, "sql")))


SECTIONS = tuple(_sections())
SHOP = _fences(PAGE.split("\n## ")[0], "yaml")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| .* % ", line)]


@pytest.mark.parametrize("section", SECTIONS, ids=[s.title for s in SECTIONS])
def test_a_class_of_features_can_be_declared(section: Section, tmp_path: Path) -> None:
    assert section.excerpts
    for spec in yaml.safe_load_all(section.specs):
        assert not {"sql", "file"} & spec.keys()
    root = write_project(tmp_path, {"specs/warehouse.yml": WAREHOUSE, "specs/shop.yml": SHOP, "specs/shown.yml": section.specs})
    compilation = compiled(root)
    assert [d.message for d in compilation.report] == []
    assert sorted(p.warehouse for p in compilation.projects) == ["bigquery", "duckdb", "postgres"]
    written = "\n".join(t for p in compilation.projects if p.warehouse == "duckdb" for path, t in p.files.items() if path.suffix == ".sql")
    for excerpt in section.excerpts:
        assert excerpt.strip() in written


RAW = {
    "orders": "order_id,customer_id,store_id,status,ordered_at,amount,tags\n"
    '1,1,1,paid,2024-01-01 10:00:00,5.00,"a,b"\n2,1,1,open,2024-01-02 10:00:00,7.50,\n3,9,2,paid,2024-02-01 00:00:00,,c\n',
    "lines": "order_id,line,product_id,pieces,price\n1,1,1,2,2.00\n1,2,2,1,1.00\n2,1,1,3,2.50\n",
    "refunds": "refund_id,order_id,refunded_at,amount,details\n"
    '1,1,2024-01-03 00:00:00,2.00,"[{""reason"": ""late""}, {}]"\n2,1,2024-01-04 00:00:00,1.00,\n',
    "old_refunds": "refund_id,order_id,refunded_at,amount\n1,2,2023-01-03 00:00:00,3.00\n",
    "customers": "customer_id,name,country_code,referred_by,is_deleted,updated_at\n"
    "1,Ada,no,,false,2024-01-01 00:00:00\n2,Bo,xx,1,true,2024-01-01 00:00:00\n",
    "countries": "country_code,country_name\nNO,Norway\n",
    "stores": "store_id,changed_at,region\n1,2023-01-01 00:00:00,North\n1,2024-01-02 00:00:00,South\n",
    "prices": "price_id,product_id,priced_from,priced_to,list_price\n1,1,2024-01-01 00:00:00,2024-01-02 10:00:00,2.20\n"
    "2,1,2024-01-02 10:00:00,,2.60\n",
}


def test_the_specs_of_the_page_build(tmp_path: Path) -> None:
    shown = "---\n".join(s.specs for s in SECTIONS)
    warehouse = "".join(line for line in WAREHOUSE.splitlines(keepends=True) if "prod:" not in line and "server:" not in line)
    root = write_project(tmp_path, {"specs/warehouse.yml": warehouse, "specs/shop.yml": SHOP, "specs/shown.yml": shown})
    write_project(root, {f"raw/{name}.csv": text for name, text in RAW.items()})
    assert failed(build(root)) == set()
    release()
    wanted = {
        ("dim_customer where customer_id = 2", "country_name, referred_by_name, is_referred"): [("Elsewhere", "Ada", "yes")],
        ("fact_line", "country_name, revenue"): [("Norway", 1), ("Norway", 4), ("Norway", 7.5)],
        ("fact_paid_order", "name, amount"): [("Ada", 5)],
        ("fact_refund", "days, amount"): [(2, 2), (3, 1)],
        ("customer_day", "orders, paid_amount"): [(1, 0), (1, 5)],
        ("fact_country_day", "country_code, customers, orders"): [("no", 1, 1), ("no", 1, 1)],
        ("fact_order", "line_count, pieces, refunded"): [(0, None, 0), (1, 3, 0), (2, 3, 3)],
        ("fact_order_step", "step, last_refunded_at::date::text, days_since"): [(1, "2024-01-04", None), (1, None, None), (2, None, 1)],
        ("dim_order_kind where store_id > 0", "status, store_id"): [("open", 1), ("paid", 1), ("paid", 2)],
        ("fact_any_refund", "system, amount"): [("new", 1), ("new", 2), ("old", 3)],
        ("fact_priced_line f join production.dim_store d using (store_key)", "list_price::text, f.region, d.region"): [
            ("2.20", "North", "North"),
            ("2.60", "South", "South"),
            (None, "North", "North"),
        ],
        ("fact_order_tag", "tag, tag_number"): [("a", 1), ("b", 2), ("c", 1)],
        ("refund_reason", "refund_id, detail_number, reason"): [(1, 1, "late"), (1, 2, None)],
    }
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        for (table, columns), rows in wanted.items():
            assert connection.execute(f"select {columns} from production.{table} order by all").fetchall() == rows, table


def test_the_table_is_that_of_the_study_and_adds_up() -> None:
    assert [tuple(int(re.match(r"\d+", cell)[0]) for cell in row[1:3]) for row in ROWS] == [  # type: ignore[index]
        (mean - before[0], pooled - before[1]) for (mean, pooled), before in zip(STUDIED, [(0, 0), *STUDIED], strict=False)
    ]
    linked = [re.match(r"\[(.+)\]\(#(.+)\)", row[0]) for row in ROWS]
    shown = [m for m in linked if m is not None]
    # What is declared is shown, in the order of the table, and nothing else counts.
    assert linked[: len(shown)] == shown
    titles = [s.title.lower() for s in SECTIONS]
    assert [m[1].lower() for m in shown] == titles
    assert [m[2] for m in shown] == [re.sub("[^a-z-]", "", title.replace(" ", "-")) for title in titles]
    sums = [tuple(sum(int(row[n].rstrip(" %")) for row in ROWS[: i + 1]) for n in (1, 2)) for i in range(len(shown))]
    assert [tuple(int(cell.rstrip(" %")) for cell in row[3:5]) for row in ROWS[: len(shown)]] == sums
    assert sums[-1] == (87, 81)
    assert min(sums[-1]) >= GOAL
    assert f"**{sums[-1][0]} %** of public dimensions and facts ({sums[-1][1]} % pooled)" in PAGE
