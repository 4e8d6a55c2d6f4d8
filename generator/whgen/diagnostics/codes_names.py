"""Codes of names: of models, tables, columns, types and warehouses."""

from __future__ import annotations

from whgen.diagnostics.code import Code

NAMES: tuple[Code, ...] = (
    Code(
        name="duplicate-name",
        title="Two things of one name",
        what="Two specs, two models, or a WITH query and a model have the same name.",
        why="A name would mean two things.",
        example="""\
# specs/order.yml
dimension: order
from: shop.orders
key: order_id
# specs/orders.yml
dimension: order
from: shop.orders
key: order_id""",
        fix="Rename or remove one of them.",
    ),
    Code(
        name="duplicate-column",
        title="Two columns of one name",
        what="A table gets two columns of the same name.",
        why="No warehouse has such tables.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns:
      id: {as: name, type: string}
      name: string""",
        fix="Give one of them another name.",
    ),
    Code(
        name="unnamed-column",
        title="A column of the source that needs a name",
        what="The source's name of a column cannot be one in the warehouse, and no other is given.",
        why="Names of lower-case letters, digits and underscores need no quotes on any warehouse and mean the same in any case.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  orders:
    columns:
      Order Total: {type: float}""",
        fix="Give it a name with `as:`.",
    ),
    Code(
        name="no-columns",
        title="A table without columns",
        what="No column is listed, or all are excluded.",
        why="A table needs at least one.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {id: integer}
    exclude: [id]""",
        fix="List its columns.",
    ),
    Code(
        name="unknown-source-columns",
        title="The columns of the source are not known",
        what="`columns: all` or `rest: keep` is used where nothing says which columns arrive.",
        why="Columns that nobody names cannot be typed, tested or described.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: all""",
        fix="Run `whgen lock`, or list them with their types under `arrives:`.",
    ),
    Code(
        name="not-locked",
        title="A table that is not in sources.lock",
        what="The project has a `sources.lock` for this warehouse, and a table of a source is missing from it.",
        why="The columns of the table cannot be checked, and their types are not known.",
        example="""\
# specs/crm.yml
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers: {columns: {id: integer}}
# sources.lock
source: crm
warehouse: duckdb
tables:
  orders: {id: integer}""",
        fix="Run `whgen lock` and commit the file.",
        is_warning=True,
    ),
    Code(
        name="source-types-differ",
        title="A column has several types",
        what="A column of a source has another type on another warehouse, and its spec declares none.",
        why="A column of the staging model has one type, whatever it is built on.",
        example="""\
# specs/crm.yml
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers: {columns: {id: {}}}
# sources.lock
source: crm
warehouse: duckdb
tables:
  customers: {id: string}
---
source: crm
warehouse: bigquery
tables:
  customers: {id: integer}""",
        fix="Declare the `type:`. The column is cast where it arrives as another.",
    ),
    Code(
        name="unknown-table",
        title="An unknown table",
        what="A table or model is not there under this name.",
        why="It may be misspelled, or its spec is missing.",
        example="""\
dimension: order
from: shop.oders
key: order_id""",
        fix="Write `source.table`, or the name of a seed or model. In SQL, models are named as the warehouse names them.",
    ),
    Code(
        name="unknown-column",
        title="An unknown column",
        what="A table has no column of this name.",
        why="It may be misspelled, not listed, excluded, or renamed by `as:`.",
        example="""\
dimension: order
from: shop.orders
key: order_id
where: upper(statsu) = 'PAID'""",
        fix="Use one of its columns, by the name that it has after renaming.",
    ),
    Code(
        name="ambiguous-column",
        title="A column of two tables",
        what="Several tables of a FROM have a column of this name.",
        why="Which one is meant decides the result.",
        example="""\
model: pairs
columns: {status: string}
sql: |
  select status
  from stg_shop__orders as a
  inner join stg_shop__orders as b on a.order_id = b.customer_id""",
        fix="Write the table before it, as in `a.status`.",
    ),
    Code(
        name="unknown-dimension",
        title="An unknown dimension",
        what="A role refers to a dimension that is not there.",
        why="A fact's keys are those of its dimensions.",
        example="""\
fact: sale
grain: one row per order
from: shop.orders
key: order_id
dimensions: {custmer: customer_id}""",
        fix="Correct the name, or say which dimension the role is of: `dimension: ...`.",
    ),
    Code(
        name="unknown-role",
        title="A role that no fact knows",
        what="`role_views:` of a dimension names a role that it plays for no fact.",
        why="The view's key is called as the key of the facts, so that they can be joined; there is none of that name.",
        example="""\
dimension: buyer
from: shop.orders
key: order_id
role_views: [byer]
---
fact: sale
grain: one row per order
from: shop.orders
key: order_id
dimensions: {buyer: order_id}""",
        fix="Correct the name, or give a fact the role.",
    ),
    Code(
        name="unknown-type",
        title="An unknown type",
        what="A type is none of the logical types.",
        why="Types are logical, so that they mean the same on every warehouse.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: varchar}""",
        fix="Use string, integer, decimal(p, s), float, boolean, date, timestamp, datetime, time, json, bytes or array<type>.",
        in_schema=True,
    ),
    Code(
        name="unknown-warehouse",
        title="An unknown warehouse",
        what="An expression is given for a warehouse that there is not.",
        why="It may be misspelled.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      sound: {type: string, expr: {duckdb: soundex(name), bigqery: soundex(name)}}""",
        fix="Correct the name, or remove the expression.",
    ),
    Code(
        name="missing-warehouse",
        title="A warehouse is left out",
        what="An expression or SELECT is given for some of the warehouses only.",
        why="The project is generated for all of them.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      sound: {type: string, expr: {duckdb: soundex(name)}}   # and on BigQuery?""",
        fix="Add one for the warehouse that lacks it.",
    ),
    Code(
        name="missing-location",
        title="A source without a location",
        what="A source does not say where its tables lie on a warehouse that a target uses.",
        why="The project is generated for every target.",
        example="""\
source: crm
location: {duckdb: {schema: crm}}   # and on BigQuery?
tables:
  customers:
    columns: {name: string}""",
        fix="Add the warehouse to `location:`.",
    ),
    Code(
        name="missing-type",
        title="A type is missing",
        what="The type of a column is neither declared nor follows from its expression.",
        why="Tests, keys and casts depend on it.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      sound: {expr: {duckdb: soundex(name), bigquery: soundex(name)}}""",
        fix="Add `type:`.",
    ),
)
