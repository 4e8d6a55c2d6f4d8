"""A warehouse to measure with: `python benchmarks/make_specs.py N FOLDER` writes specs of N source tables of 20 columns each, with renames,
casts, clean-ups and expressions, one dimension for every three tables and one fact for every ten. The same N gives the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

WAREHOUSE = """\
warehouse: benchmark
description: A warehouse of {count} source tables.
targets:
  dev: {{warehouse: duckdb, path: benchmark.duckdb}}
  prod: {{warehouse: bigquery, project: benchmark, location: EU}}
columns:
  country: {{type: string, description: Two letters of ISO 3166.}}
"""
TABLE = """\
source: system_{n}
description: System {n}, as its database has it.
location: {{duckdb: {{files: 'data/{{table}}.csv'}}, bigquery: {{dataset: raw}}}}
source_type: string
tables:
  records_{n}:
    description: Records of system {n}.
    key: record_{n}_id
    where: status != 'test'
    columns:
      id: {{as: record_{n}_id, type: integer, description: Number of the record.}}
      parent: {{as: parent_id, type: integer, null_if: '0'}}
      code: {{type: string, trim: true, case: upper}}
      name: {{type: string, trim: true, description: Name that people know it by.}}
      ctry: {{as: country, trim: true}}
      city: {{type: string, default: unknown}}
      status: string
      created: {{as: created_on, type: date}}
      changed: {{as: changed_at, type: timestamp}}
      amount: {{type: 'decimal(12, 2)', tests: [{{between: [0, 1000000]}}]}}
      quantity: {{type: integer, default: 0}}
      weight: float
      rate: {{type: float, null_if: [NA, '-']}}
      is_active: {{type: boolean, default: false}}
      email: {{type: string, case: lower}}
      phone: string
      opened: {{as: opened_at, type: datetime}}
      note: string
    derive:
      created_month: {{expr: 'date_trunc(created_on, month)'}}
      value_class: {{expr: "case when amount > {n} then 'large' when amount > 10 then 'small' else 'none' end"}}
"""
DIMENSION = """\
dimension: thing_{n}
description: The things of system {n}.
from: system_{n}.records_{n}
key: record_{n}_id
columns: [code, name, country, city, is_active, value_class]
"""
FACT = """\
fact: event_{n}
description: What happened in system {n}.
grain: one row per record
from: system_{n}.records_{n}
key: record_{n}_id
dimensions:
{roles}
degenerate: [code, status]
measures:
  amount: {{}}
  quantity: {{additivity: additive}}
  weight_in_grams: {{expr: weight * 1000, type: float, additivity: non_additive}}
  is_late: {{expr: 'date_diff(created_on, date(opened_at), day) > {n}', type: boolean}}
"""


def specs(count: int) -> dict[str, str]:
    """The files by their paths."""
    found = {"specs/warehouse.yml": WAREHOUSE.format(count=count)}
    for n in range(1, count + 1):
        found[f"specs/sources/system_{n}.yml"] = TABLE.format(n=n)
    things = range(1, count + 1, 3)
    for n in things:
        found[f"specs/dimensions/thing_{n}.yml"] = DIMENSION.format(n=n)
    for n in range(1, count + 1, 10):
        near = [t for t in things if abs(t - n) < 15][:3]
        roles = "\n".join(f"  thing_{t}: {{on: {'parent_id' if t != n else f'record_{n}_id'}}}" for t in near)
        found[f"specs/facts/event_{n}.yml"] = FACT.format(n=n, roles=roles)
    return found


def write(count: int, root: Path) -> None:
    """Write the specs into a folder."""
    for name, text in specs(count).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
