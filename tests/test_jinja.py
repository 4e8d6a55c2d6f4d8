"""Jinja is refused in every text and every key of every kind of document: dbt would run it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from projects import write_project
from whgen.pipeline import validate
from whgen.spec.load import NOUNS

# Each document with every key that its noun has, also far down.
DOCUMENTS = {
    "warehouse": """\
warehouse: shop
description: A shop.
dialect: bigquery
targets:
  dev: {warehouse: duckdb, path: shop.duckdb, publish: audited, threads: 2, schema_prefix: dev_, per_developer: true}
  prod:
    warehouse: bigquery
    project: acme
    location: EU
    execution_project: billing
    maximum_bytes_billed: 1073741824
    priority: batch
    impersonate_service_account: dbt@acme.example
    job_execution_timeout_seconds: 60
    job_retries: 2
    emulator: http://127.0.0.1:9050
  qa:
    warehouse: postgres
    host: db
    port: 5432
    user: u
    dbname: d
    sslmode: require
    sslrootcert: c
    role: r
    search_path: s
    connect_timeout: 3
    retries: 2
  snow:
    warehouse: snowflake
    account: acme
    user: u
    role: r
    virtual_warehouse: w
    database: d
    query_tag: q
layers:
  staging: {schema: staging, materialized: view, prefix: stg_}
  production:
    schema: production
    dimension_prefix: dim_
    fact_prefix: fact_
    warehouse_options:
      postgres:
        unlogged: true
        constraints: true
        grants: {select: [a]}
        key_indexes: true
        indexes: [{columns: [a], unique: true, method: btree}]
      bigquery: {date_partitions: true, key_clusters: true, labels: {team: sales}, grants: {roles/viewer: [a]}}
      snowflake: {transient: true, secure: true, grants: {select: [a]}}
columns: {status: {type: string, unit: code, pii: contact, tests: [], tags: a}}
pii:
  contact: {description: Reached., policy_tag: {prod: projects/acme/locations/eu/taxonomies/1/policyTags/2}}
ci: {install: [pip install .], prepare: make data, python: '3.12', branch: main, deploy: [prod], approve: prod, preview: dev}
strict: false
persist_docs: true
run_history: true
unit_tests: true
semantic_layer: true
meta: {owner: [a, {b: c}]}
tags: [daily]
""",
    "source": """\
source: shop
description: The till.
location:
  duckdb: {files: "raw/{table}.csv", delimiter: ";", schema: till}
  bigquery: {project: raw, dataset: till}
  snowflake: {database: raw, schema: till, quoted: true}
source_type: string
freshness: {column: loaded_at, warn_after: 12 hours, error_after: 1 day}
tables:
  orders:
    identifier: Orders
    union: {tables: {orders_eu: EU}, column: region}
    key: [order_id]
    arrives: {ID: string}
    columns:
      ID: {as: order_id, source_type: string, format: '%Y', trim: true, null_if: ['', NA], case: upper, default: x, meta: {pii: 'no'}}
    rest: drop
    derive: {is_x: {type: boolean, expr: {duckdb: a = 'x', bigquery: a = 'x'}}}
    dedupe: {key: order_id, latest: seen_at, earliest: seen_at, order_by: [seen_at desc], where: a > 1}
    where: a = 'x'
    include: [order_id]
    exclude: [a]
    materialized: view
    tests:
      - {expression: a > 1, severity: warn, where: a > 1}
      - {accepted_values: [a, b]}
      - {references: shop.customers}
      - {dbt: {dbt_utils.at_least_one: {column_name: a}}}
      - {between: [2020-01-01, 2020-02-01]}
      - {at_least: 2020-01-01}
      - {at_most: 2020-01-01}
      - {not_null: true}
      - {unique: true}
      - {positive: true}
    warehouse_options:
      bigquery:
        partition_by: {column: a, granularity: day, ingestion: day, range: {start: 0, end: 9, interval: 1}}
        cluster_by: [a]
        require_partition_filter: true
        copy_partitions: true
        partition_expiration_days: 9
        hours_to_expiration: 9
    dbt: {persist_docs: {relation: [x]}}
""",
    "dimension": """\
dimension: customer
from: shop.customers
key: [customer_id]
columns: {title: {column: name, was: label, scd: 1, description: A title.}}
history: {changed_at: at, extracted_at: at, snapshot: true, deleted: a > 1}
derive: {big: {expr: upper(name)}}
where: name > 'a'
unknown: {title: Nobody}
not_found: {title: Lost}
calendar: {from: 2020-01-01, to: 2020-12-31, week_starts: monday, fiscal_year_starts: april, fiscal_year_named_by: end}
time_of_day: {by: minute, day_parts: {Night: 0}}
role_views: {buyer: {description: Who bought.}}
hierarchies: {geography: [country, city]}
junk: {is_gift: {description: Wrapped.}, method: {}}
outriggers: {area: {dimension: region, was: zone, on: [region_code], missing: infer, description: Where.}}
""",
    "fact": """\
fact: sale
grain: one row per sale
from: shop.orders
key: [order_id]
join:
  customer: {table: shop.customers, on: {customer_id: buyer_id}, kind: inner, where: b > 1, columns: {buyer_name: name}, matches: many}
  line: {table: shop.lines, on: [order_id], aggregates: {lines: {expr: count(*), where: b > 1, default: 0}}}
  price: {table: shop.prices, on: product, between: {value: at, from: begins, to: ends, ends: with}}
union: {tables: {shop.orders: a, shop.returns: b}, column: kind, columns: [order_id], may_lack: amount}
qualify: day > 'a'
unnest: {array: tags, element: tag, type: string, position: n, empty: keep}
group_by: {day: date(at)}
dimensions: {buyer: {dimension: customer, on: [customer_id], as_of: at, before_first: first, missing: infer, description: Who.}}
degenerate: {order_id: {description: Number.}}
measures: {amount: {expr: price, additivity: additive, default: none, unit_in: buyer, balance_of: amount}}
milestones: [sold]
bridge: {group: [buyer], weight: amount}
aggregate: {of: order, by: [buyer], periods: {sold: month}, dense: always}
incremental: {by: at, loaded: seen_at, lookback: 3 days, on_schema_change: fail}
""",
    "seed": "seed: country\nfile: country.csv\nkey: code\ncolumns: {code: string}\n",
    "model": """\
model: sales
grain: one row per day
key: day
sql: {duckdb: select 1 as day, bigquery: select 1 as day}
file: x.sql
columns: {day: integer}
""",
    "exposure": """\
exposure: report
label: Report
type: dashboard
owner: {name: Sales, email: a@example.org}
url: https://example.org
maturity: high
depends_on: [sales]
""",
    "breaking": "breaking: paid\nbecause: Nobody reads it.\nchanges: [column-removed fact_order.is_paid]\n",
    "schedule": """\
schedule: daily
description: Everything.
tags: [night]
target: dev
cron: 30 5 * * *
time_zone: Europe/Berlin
groups: {all: {layers: [staging], sources: shop, tags: daily, tables: [sales]}}
freshness_gate: skip
retries: {count: 2, wait: 5 minutes}
alerts: {webhook: ALERTS}
""",
}


def _keys(annotation: object, seen: set[type[BaseModel]]) -> Iterator[str]:
    """The keys of all models that an annotation leads to."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for name, field in annotation.model_fields.items():
            yield field.alias or name
            yield from _keys(field.annotation, seen)
    for argument in typing.get_args(annotation):
        yield from _keys(argument, seen)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from _scalars(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _scalars(value)


def test_the_documents_have_every_key() -> None:
    there = {node.value for text in DOCUMENTS.values() for node in _scalars(yaml.compose(text))}
    assert set(DOCUMENTS) == set(NOUNS)
    assert {key for noun in NOUNS.values() for key in _keys(noun, set())} - there == set()


@pytest.mark.parametrize("noun", DOCUMENTS)
def test_jinja_is_refused_in_every_text_and_key(noun: str, tmp_path: Path) -> None:
    text = DOCUMENTS[noun]
    openings = ("{{", "{%", "{#")
    for number, node in enumerate(_scalars(yaml.compose(text))):
        opening = openings[number % len(openings)]
        start, end = node.start_mark.index, node.end_mark.index
        damaged = f'{text[:start]}"{node.value}{opening} x"{text[end:]}'
        write_project(tmp_path, {"specs/any.yml": damaged})
        at = [(d.span.line, d.span.column) for d in validate(tmp_path).report if d.code == "jinja-in-spec"]
        column = node.start_mark.column + 1 + len(node.value) + 1
        assert at == [(node.start_mark.line + 1, column)], damaged


@pytest.mark.parametrize("name", ["{{ x }}.yml", "{# x #}.yml", "{% x %}/shop.yml"])
def test_jinja_is_refused_in_file_names(name: str, tmp_path: Path) -> None:
    write_project(tmp_path, {f"specs/{name}": DOCUMENTS["exposure"]})
    assert "wrong-file-name" in {d.code for d in validate(tmp_path).report}
