"""The catalogue of all codes, as a project meets them: files, shape, names, SQL, meaning, rules, schedules, changes, build.

`docs/errors.md` is made of it (`whgen.docs.errors`); tests/test_errors.py holds it against the code and the error cases.
"""

from __future__ import annotations

from collections.abc import Mapping

from whgen.diagnostics.code import Code
from whgen.diagnostics.codes_change import CHANGE
from whgen.diagnostics.codes_facts import FACTS
from whgen.diagnostics.codes_names import NAMES
from whgen.diagnostics.codes_publish import PUBLISH
from whgen.diagnostics.codes_rules import RULES
from whgen.diagnostics.codes_run import RUN
from whgen.diagnostics.codes_schedule import SCHEDULE
from whgen.diagnostics.codes_spec import SPEC
from whgen.diagnostics.codes_sql import SQL
from whgen.diagnostics.codes_warehouse import WAREHOUSE

_TOPICS = (SPEC, NAMES, WAREHOUSE, SQL, RULES, FACTS, SCHEDULE, CHANGE, RUN, PUBLISH)
CODES: Mapping[str, Code] = {code.name: code for codes in _TOPICS for code in codes}
"""Code -> its explanation."""

EXAMPLE_PROJECT: Mapping[str, str] = {
    "specs/warehouse.yml": """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  prod: {warehouse: bigquery, project: acme}
""",
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  orders:
    key: order_id
    columns:
      order_id: integer
      customer_id: integer
      ordered_on: date
      ordered_at: timestamp
      status: string
      amount: decimal(10, 2)
      weight: float
""",
}
"""What the examples take for granted: file -> text. One that begins with `# specs/...` says itself which files there are."""
