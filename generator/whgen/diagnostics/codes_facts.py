"""Codes of facts that are made of other facts."""

from __future__ import annotations

from whgen.diagnostics.code import Code

_ORDERS = """\
# specs/order.yml
dimension: date
calendar: {{from: {first}, to: 2024-12-31}}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {{ordered: {{dimension: date, on: ordered_on}}}}
measures: {{amount: {{additivity: additive}}, weight: {{additivity: non_additive}}}}
---
fact: order_month
grain: one row per month
aggregate: {{of: order, periods: {{ordered: month}}}}
measures: {measures}"""

FACTS: tuple[Code, ...] = (
    Code(
        name="not-summable",
        title="An aggregate sums what has no sum",
        what="A measure of an `aggregate:` is the sum of one that its fact does not declare additive, or a sum over time of one that is "
        "semi-additive.",
        why="A sum of temperatures, or of the balances of several days, is a number without a meaning.",
        example=_ORDERS.format(first="2024-01-01", measures="[amount, weight]"),
        fix="Declare the measure additive, if it is; or give the aggregate an `expr:` such as `avg(weight)` or `max(weight)`.",
    ),
    Code(
        name="calendar-starts-late",
        title="A calendar lacks the first day of a period",
        what="An `aggregate:` has rows for weeks, months, quarters or years, and the calendar begins in the middle of one.",
        why="A period is known by its first day. That of the first one would not be in the calendar: rows would point to nothing.",
        example=_ORDERS.format(first="2024-01-15", measures="[amount]"),
        fix="Let the calendar begin on the first day of a period.",
    ),
    Code(
        name="no-balance",
        title="A balance of what is carried nowhere",
        what="`balance_of:` stands in a fact that is not a dense `aggregate:`, or names a measure that is no sum and no count.",
        why="A balance adds up what happened in all periods so far. Without a row for each it would be missing where nothing happened.",
        example=_ORDERS.format(first="2024-01-01", measures="{amount: {}, so_far: {balance_of: amount}}"),
        fix="Add `dense:` to the aggregate, and name a measure that is summed or counted there.",
    ),
    Code(
        name="needs-calendar",
        title="A semantic layer without a calendar",
        what="`semantic_layer: true` stands in a project that has no dimension with `calendar:`.",
        why="MetricFlow counts time by a table of all days, which is made of the calendar.",
        example="""\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
semantic_layer: true
""",
        fix="Add `dimension: date` with `calendar: {from: ..., to: ...}`, or turn the semantic layer off.",
    ),
)
