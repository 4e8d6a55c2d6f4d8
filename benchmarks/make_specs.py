"""A warehouse to measure with: `python benchmarks/make_specs.py N FOLDER` writes specs of N source tables of 20 columns each, with renames,
casts, clean-ups and expressions, one dimension for every three tables and one fact for every ten. The same N gives the same bytes.

Tables are as alike as they are in life: some columns stand in all of them, the others are drawn from a stock, and half of these have the
name of their system before their own. So are expressions, of which most hold a number or a text that no other one holds.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from pathlib import Path

WAREHOUSE = """\
warehouse: benchmark
description: A warehouse of {count} source tables.
targets:
{targets}
columns:
  country_code: {{type: string, description: Two letters of ISO 3166.}}
  currency_code: {{type: string, description: Three letters of ISO 4217.}}
"""
TARGETS = {
    "duckdb": "  dev: {warehouse: duckdb, path: benchmark.duckdb}",
    "bigquery": "  prod: {warehouse: bigquery, project: benchmark, location: EU}",
}
THINGS = ["customer", "order", "invoice", "shipment", "parcel", "product", "supplier", "contract", "ticket", "visit", "campaign"]
THINGS += ["lead", "payment", "refund", "stock", "delivery", "employee", "shift", "machine", "sensor", "reading", "claim", "policy"]
THINGS += ["booking", "room", "flight", "seat", "voucher", "basket", "session"]

# How a column is written: {id} stands for the number of the table, {n} for one that is drawn.
FIXED = {
    "id": "{{as: {thing}_{id}_id, type: integer, description: Number of the {thing}.}}",
    "parent_id": "{{as: parent_{id}_id, type: integer, null_if: '0'}}",
    "status": "{{trim: true, case: lower}}",
    "ctry": "{{as: country_code, trim: true, case: upper, null_if: ['', XX]}}",
    "created": "{{as: created_on, type: date, tests: [not_null]}}",
    "changed": "{{as: changed_at, type: timestamp}}",
}
STOCK: Mapping[str, Mapping[str, str]] = {
    "string": {
        "code": "{{type: string, trim: true, case: upper, tests: [not_null]}}",
        "name": "{{type: string, trim: true, description: Name of the {thing} as people know it.}}",
        "city": "{{type: string, default: unknown}}",
        "email": "{{type: string, trim: true, case: lower}}",
        "phone": "string",
        "street": "{{type: string, trim: true}}",
        "postcode": "{{type: string, null_if: ['', '00000']}}",
        "note": "{{type: string, null_if: ['', '-', n/a]}}",
        "channel": "{{type: string, default: other, tests: [{{accepted_values: [web, shop, phone, other]}}]}}",
        "segment": "{{type: string, case: lower, default: none_{n}}}",
        "owner": "{{type: string, trim: true}}",
        "batch": "string",
    },
    "number": {
        "amount": "{{type: 'decimal(12, 2)', tests: [{{between: [0, {n}000000]}}]}}",
        "tax": "{{type: 'decimal(12, 2)', default: 0}}",
        "discount": "{{type: 'decimal(9, 4)', null_if: [NA, '-']}}",
        "price": "{{type: 'decimal(18, 6)', tests: [positive]}}",
    },
    "integer": {
        "quantity": "{{type: integer, default: 0}}",
        "score": "{{type: integer, null_if: ['-1', '{n}']}}",
        "duration": "{{type: integer, unit: minute, tests: [{{at_least: 0}}]}}",
        "version": "integer",
        "rank": "{{type: integer, tests: [{{between: [1, {n}]}}]}}",
    },
    "float": {
        "weight": "{{type: float, unit: kilogram}}",
        "rate": "{{type: float, null_if: [NA, '-']}}",
        "latitude": "{{type: float, unit: degree, tests: [{{between: [-90, 90]}}]}}",
    },
    "date": {
        "due": "{{type: date, description: Day on which the {thing} is due.}}",
        "valid_until": "{{type: date, null_if: '9999-12-31'}}",
        "birthday": "date",
    },
    "datetime": {"opened": "datetime", "closed": "{{type: datetime, null_if: ''}}"},
    "boolean": {"is_active": "{{type: boolean, default: false}}", "is_test": "{{type: boolean, default: false}}"},
}
# How many of each are drawn: 12 with the 6 fixed ones and the 2 derived ones make 20 columns.
DRAWN = {"string": 4, "number": 2, "integer": 2, "float": 1, "date": 1, "datetime": 1, "boolean": 1}

# Expressions over columns of these types: {string} stands for the name of one such column, {string2} for another one.
DERIVED = {
    "string": (
        "case when {number} > {n} then 'large' when {number} > {m} then 'small' else 'none' end",
        "concat({string}, ' / ', coalesce({string2}, 'nobody {n}'))",
        "substr({string}, 1, {m})",
        "if({boolean}, {string}, 'off {n}')",
        "lower(trim({string}))",
        "case {string} when 'a{n}' then 'first' when 'b{m}' then 'second' else {string2} end",
    ),
    "number": (
        "cast({number} as float64) * {n} / 100",
        "coalesce({number}, 0) - coalesce({number2}, 0)",
        "round({number} + {number2}, 2)",
        "if({boolean}, {number}, 0)",
        "abs({integer} - {n})",
        "{float} * 1000 + {m}",
    ),
    "date": ("date_trunc({date}, month)", "date_add({date}, interval {n} day)", "last_day(created_on)"),
    "boolean": (
        "{date} < date '20{m}-01-01' and {number} > {n}",
        "status in ('open', 'late {n}', 'lost') or {integer} between {m} and {n}",
        "date_diff({date}, date({datetime}), day) > {n}",
        "{string} like 'x{n}%' and not {boolean}",
    ),
}
FILTERS = (
    "status != 'test'",
    "status not in ('deleted', 'void {n}')",
    "{boolean} and {string} is not null",
    "{integer} >= {m} or {boolean}",
)


class Table:
    """A source table: its names, and what its columns are called after renaming, by type. Drawn by its number alone."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._draw = random.Random(number)
        self.thing = THINGS[number % len(THINGS)]
        self.source, self.name = f"{self.thing}_system_{number}", f"{self.thing}s"
        self.key = f"{self.thing}_{number}_id"
        self.written = dict(FIXED)
        self.names: dict[str, list[str]] = {}
        for kind, count in DRAWN.items():
            drawn = self._draw.sample(sorted(STOCK[kind]), count)
            # Systems call things as they like: an abbreviation of their own in half of the cases.
            names = {c: c if self._draw.random() < 0.5 else f"{self.thing[:3]}{number}_{c}" for c in drawn}
            self.written |= {name: STOCK[kind][column] for column, name in names.items()}
            self.names[kind] = list(names.values())

    def number_drawn(self) -> int:
        """A number that hardly any other expression holds."""
        return self._draw.randrange(60, 9000)

    def filled(self, pattern: str) -> str:
        """An expression over columns of this table."""
        holes = {kind: names[0] for kind, names in self.names.items()} | {f"{k}2": names[-1] for k, names in self.names.items()}
        return pattern.format(**holes, n=self.number_drawn(), m=self._draw.randrange(10, 60))

    def expression(self, kind: str) -> str:
        """An expression of a type."""
        return self.filled(self._draw.choice(DERIVED[kind]))

    def yaml(self) -> str:
        """The spec."""
        columns = "\n".join(
            f"      {name}: {text.format(thing=self.thing, id=self.number, n=self.number_drawn())}" for name, text in self.written.items()
        )
        kinds = self._draw.sample(sorted(DERIVED), 2)
        derived = "\n".join(
            f'      {kind}_of_{self.thing}: {{type: {_TYPES[kind]}, expr: "{self.expression(kind)}", description: Made of others.}}'
            for kind in kinds
        )
        dedupe = "\n    dedupe: {latest: changed_at}" if self.number % 4 == 0 else ""
        files = f"duckdb: {{files: 'data/{self.source}/{{table}}.csv'}}"
        return (
            f"source: {self.source}\ndescription: The {self.thing}s of system {self.number}, as its database has them.\n"
            f"location: {{{files}, bigquery: {{dataset: raw_{self.number}}}}}\nsource_type: string\ntables:\n  {self.name}:\n"
            f"    description: One row for each {self.thing}.\n    key: {self.key}{dedupe}\n"
            f'    where: "{self.filled(self._draw.choice(FILTERS))}"\n    columns:\n{columns}\n    derive:\n{derived}\n'
        )

    def dimension(self) -> str:
        """The spec of the dimension made of it."""
        columns = [*self.names["string"], *self.names["boolean"], *self.names["date"], "country_code", "status"]
        return (
            f"dimension: {self.thing}_{self.number}\ndescription: The {self.thing}s of system {self.number}.\n"
            f"from: {self.source}.{self.name}\nkey: {self.key}\ncolumns: [{', '.join(columns)}]\n"
            f'derive:\n  is_special: {{type: boolean, expr: "{self.expression("boolean")}", description: Whether it is special.}}\n'
        )

    def fact(self, roles: list[Table]) -> str:
        """The spec of the fact made of it, with a key for each role of a dimension."""
        on = "\n".join(f"  {t.thing}_{t.number}: {{on: {self.key if t is self else f'parent_{self.number}_id'}}}" for t in roles)
        measures = [f"  {name}: {{additivity: additive}}" for name in self.names["number"]]
        measures += [f"  {name}: {{additivity: non_additive}}" for name in (*self.names["float"], self.names["integer"][0])]
        measures += [f'  adjusted: {{expr: "{self.expression("number")}", type: float, additivity: non_additive}}']
        measures += [f'  is_late: {{expr: "{self.expression("boolean")}", type: boolean}}']
        return (
            f"fact: {self.thing}_event_{self.number}\ndescription: What happened to the {self.thing}s of system {self.number}.\n"
            f"grain: one row per {self.thing}\nfrom: {self.source}.{self.name}\nkey: {self.key}\ndimensions:\n{on}\n"
            f"degenerate: [{self.names['string'][0]}]\nmeasures:\n" + "\n".join(measures) + "\n"
        )


_TYPES = {"string": "string", "number": "float", "date": "date", "boolean": "boolean"}


def specs(count: int, warehouses: tuple[str, ...] = tuple(TARGETS)) -> dict[str, str]:
    """The files by their paths."""
    found = {"specs/warehouse.yml": WAREHOUSE.format(count=count, targets="\n".join(TARGETS[w] for w in warehouses))}
    tables = {n: Table(n) for n in range(1, count + 1)}
    for table in tables.values():
        found[f"specs/sources/{table.source}.yml"] = table.yaml()
    for number in range(1, count + 1, 3):
        found[f"specs/dimensions/{tables[number].thing}_{number}.yml"] = tables[number].dimension()
    for number in range(1, count + 1, 10):
        near = [tables[t] for t in range(1 + (number // 3) * 3, count + 1, 3)][:3]
        found[f"specs/facts/{tables[number].thing}_event_{number}.yml"] = tables[number].fact(near)
    return found


def write(count: int, root: Path, warehouses: tuple[str, ...] = tuple(TARGETS)) -> None:
    """Write the specs into a folder."""
    for name, text in specs(count, warehouses).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, metavar="N")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    write(options.count, options.folder)
