"""What the rules must be silent about: SELECTs that are right, or of which nothing can be said. What they report is in errors/."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from projects import REPOSITORY, report_text, split_files, write_project
from whgen import scaffold
from whgen.cli.check import validate as validate_command
from whgen.cli.settings import Settings
from whgen.diagnostics.machine import to_github, to_json
from whgen.diagnostics.sarif import to_sarif
from whgen.pipeline import validate

SHOP = """\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: x.duckdb}, prod: {warehouse: bigquery, project: a}}
---
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  orders: {key: order_id, columns: {order_id: integer, customer_id: integer, status: string, amount: 'decimal(10, 2)', ordered_on: date}}
  lines: {key: [order_id, line], columns: {order_id: integer, line: integer, product: string, pieces: integer}}
  customers: {key: customer_id, columns: {customer_id: integer, country: string, country_name: string}}
  prices: {key: [product, valid_from], columns: {product: string, valid_from: date, valid_to: date, is_current: boolean, price: 'decimal(10, 2)'}}
  nokey: {columns: {order_id: integer, x: integer}}
---
dimension: customer
from: shop.customers
key: customer_id
columns: [country, country_name]
---
dimension: date
calendar: {from: 2020-01-01, to: 2021-12-31}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {customer: customer_id, date: ordered_on}
degenerate: [order_id, ordered_on]
measures: {amount: {additivity: additive}, balance: {expr: amount, additivity: semi_additive, type: 'decimal(10, 2)'}, rate: {expr: amount, additivity: non_additive, type: 'decimal(10, 2)'}}
---
"""
TYPES = {
    **dict.fromkeys(("order_id", "line", "customer_id", "pieces", "x", "n", "year_number", "month_number"), "integer"),
    **dict.fromkeys(("amount", "price", "b"), "decimal(10, 2)"),
    "calendar_date": "date",
    "month_start": "date",
}
# (SELECT, columns of other types than TYPES has and than strings are `name:type`, key)
SILENT = (
    (
        "select f.order_id, c.country from fact_order f join dim_customer c on f.customer_key = c.customer_key",
        "order_id country",
        "order_id",
    ),
    (
        "select o.order_id, c.country from stg_shop__orders o left join stg_shop__customers c on c.customer_id = o.customer_id",
        "order_id country",
        "order_id",
    ),
    (
        "select o.order_id, l.line from stg_shop__orders o join stg_shop__lines l on o.order_id = l.order_id",
        "order_id line",
        "[order_id, line]",
    ),
    ("select o.order_id, l.line from stg_shop__lines l join stg_shop__orders o using (order_id)", "order_id line", "[order_id, line]"),
    (
        "select l.order_id, l.line from stg_shop__orders o, stg_shop__lines l where o.order_id = l.order_id",
        "order_id line",
        "[order_id, line]",
    ),
    (
        "select o.order_id, l.product from stg_shop__orders o join stg_shop__lines l on o.order_id = l.order_id and l.line = 1",
        "order_id product",
        "order_id",
    ),
    (
        "with t as (select order_id, sum(pieces) as pieces from stg_shop__lines group by order_id) select o.order_id, t.pieces from stg_shop__orders o left join t on t.order_id = o.order_id",
        "order_id pieces",
        "order_id",
    ),
    (
        "with t as (select distinct order_id from stg_shop__lines) select o.order_id, o.status from stg_shop__orders o join t on t.order_id = o.order_id",
        "order_id status",
        "order_id",
    ),
    (
        "select l.product, p.price, l.order_id, l.line from stg_shop__lines l join stg_shop__prices p on p.product = l.product and p.is_current",
        "product price order_id line",
        "[order_id, line]",
    ),
    (
        "select l.product, p.price, l.order_id, l.line from stg_shop__lines l join stg_shop__prices p on p.product = l.product and p.valid_to is null",
        "product price order_id line",
        "[order_id, line]",
    ),
    (
        "select o.order_id, l.line, p.price from stg_shop__orders o join stg_shop__lines l on l.order_id=o.order_id join stg_shop__prices p on p.product = l.product and o.ordered_on >= p.valid_from and o.ordered_on < p.valid_to",
        "order_id line price",
        "[order_id, line]",
    ),
    (
        "with r as (select *, row_number() over (partition by order_id order by line) as rn from stg_shop__lines) select o.order_id, r.product from stg_shop__orders o join r on r.order_id = o.order_id and r.rn = 1",
        "order_id product",
        "order_id",
    ),
    (
        "with r as (select *, row_number() over (partition by order_id order by line) as rn from stg_shop__lines) select order_id, product from r where rn = 1",
        "order_id product",
        "order_id",
    ),
    (
        "select c.country, d.month_start, sum(f.amount) as amount from fact_order f join dim_customer c on f.customer_key=c.customer_key join dim_date d on d.date_key = f.date_key group by c.country, d.month_start",
        "country month_start amount",
        "[country, month_start]",
    ),
    (
        "select d.year_number, d.month_number, d.month_name, count(*) as n from fact_order f join dim_date d using (date_key) group by 1, 2, 3",
        "year_number month_number month_name n",
        "[year_number, month_number]",
    ),
    (
        "select f.customer_key, c.country, sum(f.amount) as amount from fact_order f join dim_customer c on f.customer_key=c.customer_key group by f.customer_key, c.country",
        "customer_key country amount",
        "customer_key",
    ),
    (
        "with x as (select f.*, c.country from fact_order f join dim_customer c on f.customer_key=c.customer_key) select customer_key, country, sum(amount) as amount from x group by customer_key, country",
        "customer_key country amount",
        "customer_key",
    ),
    (
        "select l.product, sum(o.amount) as amount from stg_shop__orders o join stg_shop__lines l on o.order_id=l.order_id and l.line=1 group by l.product",
        "product amount",
        "product",
    ),
    (
        "select l.line, sum(o.amount) as amount from stg_shop__orders o join stg_shop__lines l on o.order_id=l.order_id group by l.line",
        "line amount",
        "line",
    ),
    (
        "select o.status, sum(l.pieces) as pieces from stg_shop__orders o join stg_shop__lines l on o.order_id=l.order_id group by o.status",
        "status pieces",
        "status",
    ),
    (
        "select d.calendar_date, coalesce(sum(f.amount), 0) as amount from dim_date d left join fact_order f on f.date_key = d.date_key group by d.calendar_date",
        "calendar_date amount",
        "calendar_date",
    ),
    (
        "select n.x, sum(o.amount) as amount from stg_shop__orders o join stg_shop__nokey n on n.order_id = o.order_id group by n.x",
        "x amount",
        "x",
    ),
    (
        "select o.status, count(distinct l.product) as n, avg(cast(o.amount as float64)) as a from stg_shop__orders o join stg_shop__lines l on o.order_id=l.order_id group by o.status",
        "status n a:float",
        "status",
    ),
    ("select sum(amount) as amount from stg_shop__orders", "amount", None),
    (
        "select date_trunc(o.ordered_on, month) as m, sum(amount) as amount from stg_shop__orders as o group by date_trunc(ordered_on, month)",
        "m:date amount",
        "m",
    ),
    (
        "select date_trunc(o.ordered_on, month) as m, sum(amount) as amount from stg_shop__orders as o group by m",
        "m:date amount",
        "m",
    ),
    (
        "select a.order_id from stg_shop__orders a where exists (select 1 from stg_shop__lines l where l.order_id = a.order_id)",
        "order_id",
        "order_id",
    ),
    (
        "select order_id, status from stg_shop__orders union all select order_id, 'x' as status from stg_shop__lines",
        "order_id status",
        "order_id",
    ),
    ("select d.calendar_date, c.country from dim_date d cross join stg_shop__customers c", "calendar_date country", None),
    (
        "select avg(cast(rate as float64)) as rate, max(rate) as m, safe_divide(sum(cast(rate as float64)), count(rate)) as k from fact_order",
        "rate:float m:decimal(10,2) k:float",
        None,
    ),
    (
        "select d.calendar_date, sum(f.balance) as b from fact_order f join dim_date d on d.date_key=f.date_key group by d.calendar_date",
        "calendar_date b",
        "calendar_date",
    ),
    ("select sum(balance) as b from fact_order where ordered_on = '2020-01-01'", "b", None),
    (
        "select f.order_id, f.customer_key from fact_order f join fact_order g on g.order_id = f.order_id",
        "order_id customer_key",
        "order_id",
    ),
)


def report(root: Path, select: str, columns: str, key: str | None, *, targets: str | None = None) -> str:
    declared = "".join(
        f"  {name}: {type_ or TYPES.get(name, 'string')}\n" for name, _, type_ in (c.partition(":") for c in columns.split())
    )
    head = "model: m\n" + (f"key: {key}\n" if key else "")
    sql = textwrap.indent(select, "  ")
    shop = SHOP if targets is None else SHOP.replace(", prod: {warehouse: bigquery, project: a}", targets)
    write_project(root, {"specs/shop.yml": shop, "specs/model.yml": f"{head}columns:\n{declared}sql: |\n{sql}\n"})
    return report_text(validate(root))


@pytest.mark.parametrize(("select", "columns", "key"), SILENT)
def test_nothing_is_said_of_what_is_right(select: str, columns: str, key: str | None, tmp_path: Path) -> None:
    assert report(tmp_path, select, columns, key) == ""


def test_qualify_keeps_one_row_of_each(tmp_path: Path) -> None:
    # For one warehouse alone, since QUALIFY is not portable.
    select = "select order_id, product from stg_shop__lines qualify row_number() over (partition by {} order by line) = 1"
    for partition, said in (("order_id", False), ("order_id, line", True)):
        sql = f"duckdb: {select.format(partition)!r}\nbigquery: {select.format(partition)!r}\n"
        specs = f"model: m\nkey: order_id\ncolumns: {{order_id: integer, product: string}}\nsql:\n{textwrap.indent(sql, '  ')}"
        write_project(tmp_path, {"specs/shop.yml": SHOP, "specs/model.yml": specs})
        assert ("[unproven-key]" in report_text(validate(tmp_path))) == said


def test_a_unique_column_is_a_key(tmp_path: Path) -> None:
    select = (
        "select o.status, sum(o.amount) as amount from stg_shop__orders o join stg_shop__customers c on c.country = o.status group by 1"
    )
    assert "[unproven-join]" in report(tmp_path, select, "status amount", "status")
    shop = (tmp_path / "specs/shop.yml").read_text(encoding="utf-8")
    for test, said in (("unique", False), ("{unique: true, where: \"country > 'A'\"}", True), ("not_null", True)):
        tested = shop.replace("country: string, ", f"country: {{type: string, tests: [{test}]}}, ")
        assert tested != shop
        write_project(tmp_path, {"specs/shop.yml": tested})
        assert ("[unproven-join]" in report_text(validate(tmp_path))) == said


@pytest.mark.parametrize("case", sorted((REPOSITORY / "tests/cases").iterdir()), ids=lambda p: p.name)
def test_nothing_is_said_of_the_cases(case: Path, tmp_path: Path) -> None:
    targets = "targets: {dev: {warehouse: duckdb, path: x.duckdb}, prod: {warehouse: bigquery, project: acme}}\n"
    write_project(tmp_path, {"specs/warehouse.yml": f"warehouse: shop\n{targets}"})
    write_project(tmp_path, split_files((case / "specs.yml").read_text(encoding="utf-8")))
    for beside in (*case.glob("*.csv"), *case.glob("*.lock")):
        place = beside.name if beside.suffix == ".lock" else f"specs/{beside.name}"
        write_project(tmp_path, {place: beside.read_text(encoding="utf-8")})
    assert report_text(validate(tmp_path)) == ""


def test_nothing_is_said_of_a_new_project(tmp_path: Path) -> None:
    scaffold.create(tmp_path / "new")
    for root in (tmp_path / "new", REPOSITORY, REPOSITORY / "tests/proof/seed_idea"):
        assert report_text(validate(root)) == ""


@pytest.mark.parametrize(
    "spec",
    [
        "dimension: user\nfrom: crm.users\nkey: id\ncolumns: {password: {}, api_token: {}}\nunknown: {password: Nobody1!, api_token: T0k3n-0}\n",
        "dimension: user\nfrom: crm.users\nkey: id\nwhere: \"password <> 'hunter2!' and api_token is not null\"\n",
        "dimension: user\nfrom: crm.users\nkey: id\nmeta: {sha: 5f4dcc3b5aa765d61d8327deb882cf99, secret: restricted, token: PII, api_token: by-request, credentials: 'projects/acme/secrets/db/versions/3', password: true}\n",
        "dimension: user\nfrom: crm.users\nkey: id\ndescription: Of postgres://user:password@host/db, postgres://u:<secret>@h and ftp://h:21/a@b.\n",
        "dimension: user\nfrom: crm.users\nkey: id\ndescription: Keys look like ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx or AKIAIOSFODNN7EXAMPLE or eyJ.\n",
    ],
)
def test_what_only_speaks_of_secrets_is_none(spec: str, tmp_path: Path) -> None:
    users = (
        "source: crm\nlocation: {duckdb: {schema: crm}}\n"
        "tables: {users: {key: id, columns: {id: integer, password: string, api_token: {type: string, null_if: ['n0ne-yet']}}}}\n"
    )
    warehouse = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: x.duckdb}}\n"
    write_project(tmp_path, {"specs/warehouse.yml": warehouse, "specs/crm.yml": users, "specs/user.yml": spec})
    assert report_text(validate(tmp_path)) == ""


SECRETS = {
    "access key": "AKIA" + "Q3EGRSTUVWXYZ234",
    "GitHub": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitLab": "glpat-" + "x1Y2z3A4b5C6d7E8f9G0",
    "Google": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "Google, for an hour": "ya29." + "a0AfH6SMBx1y2z3w4v5u6t7s8r9q",
    "Slack": "xoxb-" + "123456789012-abcdefGHIJKL",
    "Databricks": "dapi" + "0123456789abcdef0123456789abcdef",
    "web token": "eyJhbGciOiAiSFMyNTYifQ." + "eyJzdWIiOiAiMTIzNDU2In0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV",
    "key of an account": "-----BEGIN PRIVATE KEY-----" + "\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n-----END PRIVATE KEY-----\\n",
    "connection": "host=db user=reader password=" + "Corr3ctHorse",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_shown_nowhere(kind: str, tmp_path: Path) -> None:
    secret = SECRETS[kind]
    core = secret.rpartition("password=")[2].replace("-----BEGIN PRIVATE KEY-----", "").split("\\n")[-3 if "\\n" in secret else 0]
    # Once where anything may stand, once where a message quotes it, once in a line with another mistake.
    spec = f'warehouse: shop\nmeta: {{note: "{secret}"}}\ntargets: {{dev: {{warehouse: "{secret}", path: x}}}}\ndescripton: "{secret}"\n'
    write_project(tmp_path, {"specs/warehouse.yml": spec})
    compilation = validate(tmp_path)
    shown = [report_text(compilation), to_github(compilation.report), to_json(compilation.report)]
    shown.append(to_sarif(compilation.report, compilation.texts))
    outcome = CliRunner().invoke(validate_command, ["--fix", "--diff"], obj=Settings(folder=tmp_path))
    assert "+description:" in outcome.output
    shown.append(outcome.output)
    assert {d.span.line for d in compilation.report if d.code == "secret-in-spec"} == {2, 3, 4}
    assert {"invalid-choice", "unknown-key"} <= {d.code for d in compilation.report}
    assert json.loads(shown[2])["errors"] == len(compilation.report)
    assert not [text for text in shown if core in text]
