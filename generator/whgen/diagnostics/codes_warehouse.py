"""Codes of what specs mean: SQL, types, keys."""

from __future__ import annotations

from whgen.diagnostics.code import Code

WAREHOUSE: tuple[Code, ...] = (
    Code(
        name="sql-syntax",
        title="SQL that cannot be read",
        what="The SQL breaks off, or has a word, quote or parenthesis too many or too few.",
        why="An expression is parsed so that it can be written for every warehouse.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      place: {type: string, expr: "upper(concat(name, city)"}""",
        fix="Look at the place that is pointed at, and just before it.",
    ),
    Code(
        name="not-an-expression",
        title="SQL that is no expression",
        what="A statement, a sub-query, a `*` or a named value stands where one value belongs.",
        why="An expression gives one value for each row.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      place: {type: string, expr: "(select max(city) from customers)"}""",
        fix="Write what would stand between SELECT and FROM. Queries go into a `model:`.",
    ),
    Code(
        name="not-a-select",
        title="SQL that is no SELECT",
        what="A model's SQL is another statement.",
        why="A model is the rows that one SELECT yields.",
        example="""\
model: sales
columns: {amount: float}
sql: delete from stg_shop__orders""",
        fix="Begin with SELECT or WITH.",
    ),
    Code(
        name="aggregate-not-allowed",
        title="An aggregate in an expression",
        what="A function that sums up several rows stands where each row gives one value.",
        why="The rows would collapse into one.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      last_city: {type: string, expr: max(city)}""",
        fix="Write it as a window, or aggregate in a `model:`.",
    ),
    Code(
        name="not-portable",
        title="SQL that differs between warehouses",
        what="A function, operator or unit is not known to mean the same on every warehouse of the targets.",
        why="It would run on one and give another result, or none, on the other.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string, city: string}
    derive:
      sound: {type: string, expr: soundex(name)}""",
        fix="Give an expression for each warehouse, with a declared type.",
    ),
    Code(
        name="derive-in-steps",
        title="A dimension derives in steps",
        what="A derived attribute needs another one of the same dimension.",
        why="The attributes of a dimension are computed at once, from its table.",
        example="""\
dimension: order
from: shop.orders
key: order_id
derive:
  shipped: {type: boolean, expr: status = 'S'}
  kept: {type: boolean, expr: not shipped}""",
        fix="Derive the first of them in staging.",
    ),
    Code(
        name="circular-reference",
        title="A circle",
        what="Columns or models need each other in a circle.",
        why="None of them can be first.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {name: string}
    derive:
      a: {type: string, expr: upper(b)}
      b: {type: string, expr: lower(a)}""",
        fix="Take one of the references out.",
    ),
    Code(
        name="type-mismatch",
        title="Types that do not agree",
        what="A value, expression or rule is of another type than the column or place that it is for.",
        why="The build would fail, or turn values into others.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers:
    columns: {age: {type: integer, default: none}}""",
        fix="Change the value, the expression or the declared type.",
    ),
    Code(
        name="test-needs-column",
        title="A test of the wrong thing",
        what="A test of a column stands among the tests of whole rows, or in the dictionary.",
        why="It has no column to speak of.",
        example="""\
dimension: order
from: shop.orders
key: order_id
tests: [not_null]""",
        fix="Put it under the `tests:` of the column.",
    ),
    Code(
        name="not-additive",
        title="A measure that cannot be summed",
        what="A measure is declared additive whose type has no sum.",
        why="Reports would try to sum it.",
        example="""\
fact: sale
grain: one row per order
from: shop.orders
key: order_id
measures: {status: {additivity: additive}}""",
        fix="Declare it `non_additive`, or count it as 0 and 1.",
    ),
    Code(
        name="not-a-key",
        title="Not a key",
        what="The key of a dimension is not the key of its table, or the table has none.",
        why="Members could occur twice, and facts with them.",
        example="""\
dimension: customer
from: shop.orders   # whose key is order_id
key: customer_id""",
        fix="Use the key of the table, or make one with `dedupe:`.",
    ),
    Code(
        name="history-needed",
        title="History that is not kept",
        what="An attribute of type 2 or 3, or the version as of a moment, where the dimension has no `history`.",
        why="Without dated rows there is one version of each member, and nothing is known of the one before.",
        example="""\
dimension: order
from: shop.orders
key: order_id
columns: {status: {scd: 2}}""",
        fix="Give the dimension `history:`, with the column that dates the rows of its table.",
    ),
    Code(
        name="not-a-key-type",
        title="A type that no key can have",
        what="A key has a column whose text differs between warehouses.",
        why="Surrogate keys are hashes of the text, and must be the same everywhere.",
        example="""\
fact: parcel
grain: one row per weight
from: shop.orders
key: weight   # a float""",
        fix="Cast it to string or integer in staging.",
    ),
    Code(
        name="key-mismatch",
        title="Keys that do not fit",
        what="Columns are matched with a key of another number or type of columns.",
        why="They would never meet.",
        example="""\
# specs/order.yml
dimension: order
from: shop.orders
key: order_id
# specs/sale.yml
fact: sale
grain: one row per order
from: shop.orders
key: order_id
dimensions: {order: status}   # a text, where the key is a number""",
        fix="Name one column for each column of the key, in its order and of its type.",
    ),
    Code(
        name="unknown-class",
        title="A class of personal data that there is not",
        what="`pii:` of a column names a class that the project file does not declare.",
        why="A class that nobody declared protects nothing.",
        example="""\
# specs/warehouse.yml
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
pii: {contact: {}}
columns: {email: {type: string, pii: contacts}}""",
        fix="Correct the name, or declare the class under `pii:` of the project file.",
    ),
    Code(
        name="unusable-policy-tag",
        title="A policy tag that a target cannot use",
        what="A class of personal data has a policy tag from another location than a target, or none for one of them.",
        why="BigQuery takes only tags from where the table lies, and a column without its tag can be read by everyone who reads the table.",
        example="""\
# specs/warehouse.yml
warehouse: shop
targets: {prod: {warehouse: bigquery, project: acme, location: EU}}
pii: {contact: {policy_tag: projects/acme/locations/us/taxonomies/1/policyTags/2}}""",
        fix="Give each target on BigQuery a tag from its location.",
    ),
    Code(
        name="impossible-option",
        title="An option that the table cannot have",
        what="`warehouse_options` ask for what the warehouse cannot do with this table.",
        why="Views have no rows of their own to index or partition, and constraints, partitions and clusters need fitting columns.",
        example="""\
# specs/warehouse.yml
warehouse: shop
targets: {dev: {warehouse: postgres, host: localhost, user: whgen, dbname: shop}}
# specs/shop.yml
source: shop
location: {postgres: {schema: raw}}
tables:
  orders:
    key: order_id
    columns: {order_id: integer, status: string}
    warehouse_options: {postgres: {unlogged: true}}""",
        fix="Do what the help says, or take the option out.",
    ),
    Code(
        name="seed-columns",
        title="A seed with another header",
        what="The first line of a CSV file names other columns than its spec.",
        why="Values would be loaded into the wrong columns.",
        example="""\
# specs/country.csv
code,name
DE,Germany
# specs/country.yml
seed: country
file: country.csv
columns: {code: string, title: string}""",
        fix="Make both alike, also in their order.",
    ),
    Code(
        name="seed-rows",
        title="A seed that is no table",
        what="The CSV file of a seed is empty, has no commas between its values, or a row with more or fewer values than columns.",
        why="dbt would fill the rest of a short row with NULL, or stop at the first long one.",
        example="""\
# specs/country.csv
code,name
DE,Germany
US
# specs/country.yml
seed: country
file: country.csv
columns: {code: string, name: string}""",
        fix="Mend the line that is named, or save the file anew: with commas, and values that have commas in them in quotes.",
    ),
    Code(
        name="model-columns",
        title="A SELECT with other columns",
        what="A SELECT yields other columns than its model declares, or one without a name.",
        why="The columns of a model are its contract.",
        example="""\
model: sales
columns: {amount: float}
sql: select sum(amount) from stg_shop__orders""",
        fix="Declare what it yields, and name every column with `as`.",
    ),
    Code(
        name="not-described",
        title="A description is missing",
        what="In strict mode, a model or column has no description.",
        why="A warehouse that nobody can read is not used.",
        example="""\
# specs/warehouse.yml
warehouse: shop
strict: true
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
# specs/crm.yml
source: crm
location: {duckdb: {schema: crm}}
tables:
  customers:
    columns: {id: integer}""",
        fix="Add `description:`, for a column also in the dictionary of the warehouse file.",
    ),
    Code(
        name="not-used",
        title="Nothing uses it",
        what="In strict mode, nothing reads a staging table or seed, or no fact, model or exposure uses a dimension. A warning.",
        why="It costs time in every build. Outside of strict mode a warehouse may grow from its dimensions, which come before the facts.",
        example="""\
# specs/warehouse.yml
warehouse: shop
strict: true
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
# specs/crm.yml
source: crm
location: {duckdb: {schema: crm}}
tables:
  customers:
    description: Who buys.
    columns: {id: {type: integer, description: Number of the customer.}}""",
        fix="Remove it, or make something of it.",
        is_warning=True,
    ),
)
