"""`fact:` - events or states at a declared grain, with a key for each dimension and measures."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from whgen.spec.aggregate import AGGREGATED, AggregateSpec
from whgen.spec.base import ValueOf
from whgen.spec.combination import Combination, Excludes, Needs, OneOf
from whgen.spec.common import (
    ColumnSpec,
    Config,
    DerivedColumn,
    Documented,
    ListedNames,
    Materialized,
    Name,
    Names,
    Scalar,
    SpecModel,
    Sql,
    SqlByWarehouse,
    TestRule,
    Text,
    columns_as_mapping,
    eg,
)
from whgen.spec.incremental import Incremental
from whgen.spec.inputs import GROUPED, Parts
from whgen.spec.options import TableOptions


class Role(Documented):
    """A dimension in the role that it plays for a fact."""

    short_form: ClassVar[ValueOf] = ValueOf("on")

    dimension: Annotated[Name | None, eg("airport")] = None
    """The dimension; the one named like the role when not given."""
    was: Annotated[Name | None, eg("client")] = None
    """The name of the role before, when it was renamed: its key had another name then."""
    on: Annotated[Names, eg("customer_id", ["origin_code", "destination_code"])]
    """The columns of the fact's table that hold the business key, in the order of the dimension's key."""
    as_of: Annotated[Name | None, eg("ordered_at")] = None
    """The column of the fact's table whose moment decides which version of the member the key points to. Without it, the last version."""
    before_first: Literal["first", "unknown"] = "first"
    """What a moment before the member's first version points to: that version, or the member -2."""
    missing: Literal["infer", "unknown", "fail"] = "unknown"
    """When the dimension lacks the value: add an inferred member to it, point to the member -2, or fail the build."""


class Measure(ColumnSpec):
    """What is measured."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        Excludes(("balance_of", "expr", "type", "additivity", "default", "unit_in"), "`balance_of` says itself what the measure is"),
        Excludes(("unit", "unit_in"), "a measure has one unit, or that which a column names"),
    )

    expr: Annotated[SqlByWarehouse | None, eg("quantity * price")] = None
    """SQL expression over columns of the table; the column of the same name when not given. In an `aggregate`, see there."""
    additivity: Literal["additive", "semi_additive", "non_additive"] | None = None
    """Whether sums of it mean something: over all dimensions, some, or none."""
    unit_in: Annotated[Name | None, eg("currency")] = None
    """The role or degenerate column that says in what unit each row's value is, such as its currency. `additivity` is then that within one
    unit: a sum over several is reported. Beside it may stand a measure in one unit, by rates that are joined as of the event."""
    default: Annotated[Scalar | None, eg(0)] = None
    """The value that stands in for a missing one."""
    balance_of: Annotated[Name | None, eg("quantity_moved")] = None
    """In a dense `aggregate`: the measure that this one adds up over all periods so far, as a stock does with what came and went."""


class Bridge(SpecModel):
    """What makes a fact a bridge: which rows belong together, and what part of their group each is."""

    group: Annotated[Names, eg("account", ["claim_id"])]
    """The roles or degenerate columns that a group of members is known by; facts have the same ones."""
    weight: Annotated[Name, eg("share")]
    """The measure that says what part of its group a row is. Those of a group sum to 1. Tested."""


class FactSpec(Parts):
    """A fact."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("from", "union", "aggregate"), "a fact is made `from` a table, is a `union` of several, or an `aggregate` of another fact"),
        Needs(("from", "key"), "`from` needs `key`: the grain as columns of that table"),
        Needs(("union", "key"), "`union` needs `key`: the grain as columns of those tables"),
        AGGREGATED,
        Excludes(("bridge", "aggregate", "milestones", "incremental"), "a `bridge` has whole groups, and neither sums nor milestones"),
        GROUPED,
        Excludes(
            ("incremental", "materialized"), "what is loaded by increments is a table of its own kind, and `materialized` says another"
        ),
    )

    fact: Annotated[Name, eg("order")]
    """Name of the fact."""
    was: Annotated[Name | None, eg("sale")] = None
    """The name of the fact before, when it was renamed: `whgen plan` then shows one table with a new name."""
    grain: Annotated[Text, eg("one row per order")]
    """What one row stands for, in words."""
    from_: Annotated[Text | None, Field(alias="from"), eg("shop.orders")] = None
    """The table whose rows it takes: `source.table`, a seed, a model, a dimension or a fact."""
    key: Annotated[Names | None, eg("order_id", ["order_id", "line_number"])] = None
    """The grain as columns of that table: unique together. Tested."""
    aggregate: Annotated[AggregateSpec | None, eg({"of": "order", "by": "customer", "periods": {"order_date": "month"}})] = None
    """Instead of `from`: the fact that this one sums up. A measure without `expr` is the sum of the additive one of that name; an `expr`
    has aggregates over the columns of that fact, as in `count(*)`."""
    where: Annotated[Sql | None, eg("not is_deleted")] = None
    """Keep only the rows for which this holds."""
    derive: Annotated[dict[Name, DerivedColumn], eg({"ship_date": {"expr": "date(shipped_at)", "type": "date"}})] = {}
    """Columns computed from the columns so far, in any order, for the key, dimensions and measures to use."""
    dimensions: Annotated[dict[Name, Role], eg({"customer": "customer_id", "ship_date": {"dimension": "date", "on": "shipped_on"}})] = {}
    """The dimensions by the role they play."""
    milestones: Annotated[Names | None, eg(["ordered", "shipped", "delivered"])] = None
    """Makes an accumulating snapshot: roles of a calendar, in the order in which they are reached. The days from each to the next are
    measures, such as `ordered_to_shipped_days`, and tests prove the order."""
    degenerate: Annotated[
        dict[Name, ColumnSpec],
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, ColumnSpec] | ListedNames),
        eg(["order_number"]),
    ] = {}
    """Columns of the table kept on the fact itself, such as an order number."""
    measures: Annotated[
        dict[Name, Measure],
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, Measure] | ListedNames),
        eg(["quantity"], {"amount": {"additivity": "additive", "tests": ["positive"]}}),
    ] = {}
    """What is measured."""
    bridge: Annotated[Bridge | None, eg({"group": "account", "weight": "share"})] = None
    """Makes it a bridge between dimensions of which each member may belong to many of the other. It is named `bridge_` and its name."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    incremental: Annotated[Incremental | None, eg({"by": "ordered_on", "lookback": "3 days"})] = None
    """Keep the table, and load what is new into it, instead of building it anew."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "shipped_on >= ordered_on"}])] = ()
    """Tests of whole rows."""
    warehouse_options: Annotated[TableOptions, eg({"postgres": {"unlogged": True}})] = TableOptions()
    """How the table is kept, for each warehouse; what its layer says when not given."""
    dbt: Annotated[Config, eg({"persist_docs": {"relation": True}})] = {}
    """Further configuration of the dbt model, passed on as it is."""
