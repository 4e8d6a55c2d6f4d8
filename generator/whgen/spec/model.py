"""`model:` - a model between others: made of parts as facts and dimensions are, or a hand-written SELECT that stands in the same graph."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from whgen.spec.combination import Combination, Excludes, Needs, OneOf
from whgen.spec.common import (
    ColumnSpec,
    Config,
    DerivedColumn,
    ListedNames,
    Materialized,
    Name,
    Names,
    Sql,
    SqlByWarehouse,
    TestRule,
    Text,
    columns_as_mapping,
    eg,
)
from whgen.spec.inputs import GROUPED, PARTS, Parts
from whgen.spec.options import TableOptions

_Columns = Annotated[dict[Name, ColumnSpec], Field(min_length=1)]
_COMPOSED = (*PARTS, "derive", "where")


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


class ModelSpec(Parts):
    """A model of its own, made of parts as facts and dimensions are, or a hand-written SELECT."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("from", "union", "sql", "file"), "give either `from`, `union`, `sql` or `file`"),
        Needs(("sql", "columns"), "`sql` needs `columns`: what the SELECT yields"),
        Needs(("file", "columns"), "`file` needs `columns`: what the SELECT yields"),
        Excludes(("sql", *_COMPOSED), f"`sql` says itself what its rows are, without {_listed(_COMPOSED)}"),
        Excludes(("file", *_COMPOSED), f"`file` says itself what its rows are, without {_listed(_COMPOSED)}"),
        GROUPED,
    )

    model: Annotated[Name, eg("customer_month")]
    """Name of the model, also in the warehouse."""
    was: Annotated[Name | None, eg("client_month")] = None
    """The name of the model before, when it was renamed: `whgen plan` then shows one table with a new name."""
    grain: Annotated[Text | None, eg("one row per customer and month")] = None
    """What one row stands for, in words."""
    key: Annotated[Names | None, eg(["customer_id", "month_start"])] = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    from_: Annotated[Text | None, Field(alias="from"), eg("shop.orders")] = None
    """The table whose rows it takes: `source.table`, a seed, a model, a dimension or a fact."""
    where: Annotated[Sql | None, eg("not is_deleted")] = None
    """Keep only the rows for which this holds."""
    derive: Annotated[dict[Name, DerivedColumn], eg({"is_large": {"expr": "amount > 1000", "type": "boolean"}})] = {}
    """Columns computed from the columns so far, in any order."""
    sql: Annotated[SqlByWarehouse | None, eg("select customer_key, count(*) as orders from fact_order group by customer_key")] = None
    """Instead of `from`: one SELECT in the dialect of the project, or one for each warehouse. It calls other models by their names in the
    warehouse, such as `fact_flight`."""
    file: Annotated[Text | None, eg("customer_month.sql")] = None
    """Instead of `sql`: a file that holds the SELECT, relative to this file. It may hold dbt's Jinja and then goes through as it is."""
    columns: Annotated[
        dict[Name, ColumnSpec] | None,
        Field(min_length=1),
        BeforeValidator(columns_as_mapping, json_schema_input_type=_Columns | Annotated[ListedNames, Field(min_length=1)]),
        eg({"customer_id": "integer", "orders": {"type": "integer", "unit": "order"}}, ["customer_id", "city"]),
    ] = None
    """The columns of the SELECT. With `from`: those that the model keeps; all of them when not given."""
    materialized: Materialized | None = None
    """How dbt builds the model; the production layer's way when not given."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "orders > 0"}])] = ()
    """Tests of whole rows."""
    warehouse_options: Annotated[TableOptions, eg({"postgres": {"unlogged": True}})] = TableOptions()
    """How the table is kept, for each warehouse; what its layer says when not given."""
    dbt: Annotated[Config, eg({"persist_docs": {"relation": True}})] = {}
    """Further configuration of the dbt model, passed on as it is."""
