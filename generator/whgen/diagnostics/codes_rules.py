"""Codes of what only the whole of the specs shows: keys that cannot be, joins that multiply, types and names in conflict, secrets."""

from __future__ import annotations

from whgen.diagnostics.code import Code

_LINES = """\
# specs/shop.yml
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  orders: {key: order_id, columns: {order_id: integer, status: string, amount: integer}}
  lines: {key: [order_id, line], columns: {order_id: integer, line: integer, product: string}}
"""
_STOCK = """\
# specs/shop.yml
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  stock: {key: [product, day], columns: {product: string, day: date, pieces: integer, temperature: float}}
# specs/stock.yml
fact: stock
grain: one row per product and day
from: shop.stock
key: [product, day]
degenerate: [product, day]
measures: {pieces: {additivity: semi_additive}, temperature: {additivity: non_additive}}
"""

RULES: tuple[Code, ...] = (
    Code(
        name="unfit-increment",
        title="A column that increments cannot go by",
        what="The column under `incremental:` is not kept by the fact, can be missing, or depends on when the run is.",
        why="How far a fact is loaded is read from the column in its own table; a row without a value would never be loaded.",
        example="""\
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [order_id]
incremental: {by: ordered_on, lookback: 3 days}   # not kept, and may be missing""",
        fix="List it under `degenerate:`, and say `where: ordered_on is not null`, or give it a `default:` in staging.",
    ),
    Code(
        name="fan-out-join",
        title="A join that multiplies rows",
        what="A join covers a part of the other side's key only, so that a row may meet several of its rows: "
        "a sum counts values more than once, or the declared key is not unique. Of a `join:`, nothing proves that it finds one row.",
        why="Sums come out too high, and nobody sees it: the SQL is valid and the build succeeds.",
        example=_LINES
        + """\
# specs/model.yml
model: revenue
key: status
columns: {status: string, amount: integer}
sql: |
  select orders.status, sum(orders.amount) as amount
  from stg_shop__orders as orders
  inner join stg_shop__lines as lines on lines.order_id = orders.order_id   -- several lines an order
  group by orders.status""",
        fix="Join on the whole key, aggregate the other side first (in a WITH query, or by `aggregates:` of a `join:`), or put what is "
        "missing into the `key:` of the model; where a `join:` is to give a row for each match, say `matches: many`.",
    ),
    Code(
        name="unordered-window",
        title="A window without an order",
        what="ROW_NUMBER, LAG, LEAD or another function that depends on the order of rows has no ORDER BY.",
        why="Which row comes first is then up to the warehouse: numbers and neighbours would differ from run to run.",
        example=_LINES
        + """\
# specs/model.yml
model: order_sequence
from: shop.orders
derive:
  number: {expr: row_number() over (partition by status)}   # in which order?""",
        fix="Add an ORDER BY that ends with the key of the rows.",
    ),
    Code(
        name="tied-window",
        title="A window in whose order rows may be equal",
        what="A function that depends on the order of rows, or a sum over so many ROWS, has an ORDER BY in which rows may be equal.",
        why="Which of equal rows comes first is up to the warehouse: numbers and neighbours may differ from run to run.",
        example=_LINES
        + """\
# specs/model.yml
model: order_sequence
from: shop.orders
derive:
  number: {expr: row_number() over (partition by status order by amount)}   # two of one amount""",
        fix="End the ORDER BY with the key of the rows.",
        is_warning=True,
    ),
    Code(
        name="union-columns",
        title="Tables of a union that differ",
        what="A table of a `union:` lacks a column that others of it have, or has it of another type.",
        why="What a table lacks would be missing in its rows, and nobody would have said so; values of two types have no common column.",
        example="""\
# specs/shop.yml
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  north: {key: order_id, columns: {order_id: integer, amount: integer, discount: integer}}
  south: {key: order_id, columns: {order_id: integer, amount: integer}}
# specs/order.yml
model: all_orders
union: {tables: [shop.north, shop.south], column: branch}   # south has no discount""",
        fix="List the column under `may_lack:`, take only some with `columns:`, or cast one of them in staging.",
    ),
    Code(
        name="unproven-join",
        title="A join on what is no key",
        what="A join of a hand-written model covers nothing of the other side's key, and its rows are summed; "
        "or neither side's key, and the model declares none. A warning: the columns may be unique without being declared so.",
        why="If they are not, rows are counted more than once.",
        example=_LINES
        + """\
# specs/model.yml
model: revenue
key: product
columns: {product: string, lines: integer}
sql: |
  select lines.product, sum(lines.line) as lines
  from stg_shop__lines as lines
  inner join stg_shop__orders as orders on orders.status = lines.product
  group by lines.product""",
        fix="Where the columns are unique, say so: `tests: [unique]` on the column, or a `key:`. Otherwise aggregate before the join.",
        is_warning=True,
    ),
    Code(
        name="impossible-key",
        title="A key that cannot be unique",
        what="The key of a fact or hand-written model leaves out a column that its input or its GROUP BY has a row for each of, "
        "or the key of a table is shorter than what its `dedupe:` keeps a row of.",
        why="The specs contradict each other: if this key were unique, the other one would be longer than it need be.",
        example=_LINES
        + """\
# specs/sale.yml
fact: sale
grain: one row per order
from: shop.lines   # whose key is [order_id, line]
key: order_id""",
        fix="Add the column, or aggregate before.",
    ),
    Code(
        name="unproven-key",
        title="A key that nothing proves",
        what="The key of a fact or hand-written model is neither the key of what it is made of, nor does it follow from it. A warning.",
        why="It may be unique for reasons that the specs do not tell. Until they do, the first build that finds it out fails.",
        example="""\
fact: sale
grain: one row per customer and instant
from: shop.orders   # whose key is order_id
key: [customer_id, ordered_at]""",
        fix="Use the declared key; or say where it comes from that it is unique: `tests: [unique]`, or a `key:`.",
        is_warning=True,
    ),
    Code(
        name="non-additive-sum",
        title="A measure is summed that has no sum",
        what="A hand-written model sums a measure that its fact declares non-additive.",
        why="A sum of temperatures or ratios is a number without a meaning.",
        example=_STOCK
        + """\
# specs/model.yml
model: product
key: product
columns: {product: string, temperature: float}
sql: select product, sum(temperature) as temperature from fact_stock group by product""",
        fix="Take its mean, minimum or maximum, or divide its sum by a count; or correct the declaration.",
    ),
    Code(
        name="several-units",
        title="A measure in several units is summed",
        what="A measure has `unit_in`, the column that says in what unit each of its values is, and a hand-written model or an "
        "`aggregate:` sums it over rows of several units.",
        why="Dollars and yen have no sum.",
        example="""\
# specs/order.yml
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [status, customer_id]
measures: {amount: {unit_in: status, additivity: additive}}
---
fact: order_by_customer
grain: one row per customer
aggregate: {of: order, by: customer_id}
measures: [amount]""",
        fix="Keep the column with the unit in the groups; or convert the measure to one unit, with rates that are joined as of the event, "
        "and sum that.",
    ),
    Code(
        name="semi-additive-sum",
        title="A stock is summed over time",
        what="A hand-written model sums a measure that its fact declares semi-additive, and speaks of no time in its groups or conditions. "
        "A warning.",
        why="The balances of several days are no balance.",
        example=_STOCK
        + """\
# specs/model.yml
model: product
key: product
columns: {product: string, pieces: integer}
sql: select product, sum(pieces) as pieces from fact_stock group by product""",
        fix="Group by a day or period, or choose one with WHERE.",
        is_warning=True,
    ),
    Code(
        name="not-in-missing",
        title="NOT IN over values that can be missing",
        what="A hand-written model keeps the rows whose value is not among those of a sub-query, in which one can be missing, "
        "and no test of the column says that none is. A warning.",
        why="Of a list in which one value is unknown, nothing is surely not a member: with a single NULL among the values the filter keeps "
        "no row at all, and the table is silently empty.",
        example=_STOCK
        + """\
# specs/model.yml
model: unsold
key: [product, day]
columns: {product: string, day: date}
sql: |
  select product, day from stg_shop__stock
  where pieces not in (select pieces from fact_stock)""",
        fix="Leave the missing values out in the sub-query, or write `not exists`.",
        is_warning=True,
    ),
    Code(
        name="cast-twice",
        title="A value is cast twice",
        what="A cast stands in an expression and again in `type:`, is one to the type that the column has already, "
        "or takes back an earlier one. A warning.",
        why="One of them does nothing. Where a value goes back to the type that it came from, the first cast may have lost a part of it, "
        "such as leading zeros.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  parcels:
    columns: {note: string}
    derive: {weight: {type: integer, expr: cast(note as int64)}}""",
        fix="Take one of them out. What needs both types gets two columns, each cast once from the source.",
        is_warning=True,
    ),
    Code(
        name="conflicting-types",
        title="One thing of two types",
        what="A column has another type than the dictionary gives to its name, or than the key of the dimension whose name it bears. "
        "A warning.",
        why="One name is one thing: where its type differs, joins compare texts with numbers.",
        example="""\
# specs/warehouse.yml
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
columns: {customer_id: integer}
# specs/crm.yml
source: crm
location: {duckdb: {schema: crm}}
tables: {calls: {columns: {customer_id: {type: string}}}}""",
        fix="Give both the same type in staging, or the other thing another name.",
        is_warning=True,
    ),
    Code(
        name="name-collision",
        title="Two names that become one",
        what="Names that differ here are the same on a warehouse of the targets: columns of a source that differ only in case, "
        "or a model and the table of a source that it is made of.",
        why="One would be read in place of the other, or overwritten by it.",
        example="""\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  customers: {columns: {Id: {as: first_id, type: integer}, ID: {as: second_id, type: integer}}}""",
        fix="List the column once, or rename the model or its schema.",
    ),
    Code(
        name="reserved-name",
        title="A schema that the warehouse keeps for itself",
        what="A layer would be built in a schema of the system.",
        why="The warehouse refuses it.",
        example="""\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
layers: {production: {schema: information_schema}}""",
        fix="Choose another schema, or another `schema_prefix:`.",
    ),
    Code(
        name="secret-in-spec",
        title="A secret in a spec",
        what="A password, key or token stands in a spec, a SELECT or a seed. It is not shown in any output of whgen.",
        why="Specs are read by many, and a version control system keeps what was in it once.",
        example="""\
dimension: order
from: shop.orders
key: order_id
meta: {replica: 'postgres://reader:Tr0ub4dor@db.example.org/shop'}""",
        fix="Take it out and have it replaced where it was issued, since it must count as known. "
        "Generated profiles read credentials from environment variables; their names are in `profiles.yml`.",
    ),
)
