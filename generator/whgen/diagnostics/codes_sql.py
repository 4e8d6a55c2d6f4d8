"""The codes of what is wrong inside SQL, where its names are known: types, and what may stand where."""

from __future__ import annotations

from whgen.diagnostics.code import Code

SQL: tuple[Code, ...] = (
    Code(
        name="wrong-argument",
        title="An argument of the wrong type",
        what="A function or operator is given a value of a type that it does not take.",
        why="One warehouse would refuse the SQL, another turn the value into what nobody meant.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {number: integer}
    derive:
      kind: {expr: upper(number)}""",
        fix="Cast the value, or take another function.",
    ),
    Code(
        name="incomparable-types",
        title="A comparison of different types",
        what="Values of two types are compared that have nothing in common, such as a number and a string, in an expression or in a join.",
        why="BigQuery and Postgres refuse it; DuckDB would cast one of them, and fail at the first value that cannot be cast.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {number: integer}
    where: number = '100'""",
        fix="Write the value in the type of the column, or cast one of them.",
    ),
    Code(
        name="text-compared-to-date",
        title="A string compared to a date",
        what="A column of strings is compared to a date, a time or an instant.",
        why="Strings sort by their letters: 31.1.2013 comes after 1.12.2013.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {joined: string, left_on: date}
    where: joined < left_on""",
        fix="Cast the string, or give the column its type in the source.",
    ),
    Code(
        name="malformed-literal",
        title="A date that is none",
        what="A text stands where a date or time is needed, and is not one.",
        why="The build would fail on it, on some warehouses only when there are rows.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {joined_on: date}
    where: joined_on >= '2013-02-30'""",
        fix="Write dates as 2013-01-31, with the time as 2013-01-31 23:59:59.",
    ),
    Code(
        name="comparison-with-null",
        title="A comparison with NULL",
        what="A value is compared to NULL by an operator.",
        why="The result is neither true nor false, whatever the value: the filter keeps no row.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {left_on: date}
    where: left_on = null""",
        fix="Write `is null` or `is not null`.",
    ),
    Code(
        name="mixed-types",
        title="Results of different types",
        what="The branches of a CASE, an IF or a COALESCE have types that nothing has in common.",
        why="A column has one type.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {number: integer}
    derive:
      kind: {expr: "coalesce(number, 'none')"}""",
        fix="Cast the branches to one type.",
    ),
    Code(
        name="not-a-condition",
        title="A value where a condition belongs",
        what="AND, OR, NOT, IF or WHEN is given something that is neither true nor false.",
        why="Only some warehouses take a number for a truth.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {number: integer}
    derive:
      kind: {expr: "if(number, 'large', 'small')"}""",
        fix="Compare the value with something.",
    ),
    Code(
        name="impossible-cast",
        title="A cast that cannot be",
        what="A value is cast to a type that no value of its own type has a meaning in.",
        why="Warehouses refuse such casts, or differ in what they give.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {is_open: boolean}
    derive:
      kind: {expr: cast(is_open as date)}""",
        fix="Leave the cast out, or take another column.",
    ),
    Code(
        name="unsafe-division",
        title="A division that differs between warehouses",
        what="The divisor may be 0, or decimals are divided or averaged.",
        why="BigQuery and Postgres stop at a division by 0 where DuckDB gives NULL; the last digits of divided decimals differ.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {number: integer}
    derive:
      kind: {expr: 100 / number}""",
        fix="Use safe_divide(a, b), or nullif(b, 0); cast decimals to float64, and the result back.",
    ),
    Code(
        name="unknown-function",
        title="A function that is not in the catalogue",
        what="A function is called that whgen does not know.",
        why="What it means, and whether it means the same on every warehouse of the targets, cannot be told.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string}
    derive:
      kind: {expr: soundexx(name)}""",
        fix="Take one of the functions in docs/functions.md, or give an expression for each warehouse, with a declared type.",
    ),
    Code(
        name="window-not-allowed",
        title="A window in a filter",
        what="A window function stands in a filter, a join or a GROUP BY.",
        why="Windows are computed after rows are filtered and grouped.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {id: integer}
    where: row_number() over (order by id) = 1""",
        fix="Compute it in a derived column first, and filter by that in the table that reads from it.",
    ),
    Code(
        name="not-grouped",
        title="A column that is not grouped by",
        what="A SELECT with GROUP BY or aggregates has a column that is neither grouped by nor aggregated.",
        why="It has many values in each group.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
---
model: cities
columns: {city: string, name: string, customers: integer}
sql: select city, name, count(*) as customers from stg_crm__customers group by city""",
        fix="Add the column to GROUP BY, or aggregate it.",
    ),
)
