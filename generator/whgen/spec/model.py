"""`model:` - a hand-written SELECT that stands in the same graph, with types, tests and docs like the rest."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from whgen.spec.combination import OneOf
from whgen.spec.common import ColumnSpec, Config, Documented, Materialized, Name, Names, SqlByWarehouse, TestRule, Text, eg
from whgen.spec.options import TableOptions


class ModelSpec(Documented):
    """A hand-written model. It refers to other models by their names in the warehouse, such as `fact_flight`."""

    combinations: ClassVar[tuple[OneOf, ...]] = (OneOf(("sql", "file"), "give either `sql` or `file`"),)

    model: Annotated[Name, eg("customer_month")]
    """Name of the model, also in the warehouse."""
    grain: Annotated[Text | None, eg("one row per customer and month")] = None
    """What one row stands for, in words."""
    key: Annotated[Names | None, eg(["customer_id", "month_start"])] = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    sql: Annotated[SqlByWarehouse | None, eg("select customer_key, count(*) as orders from fact_order group by customer_key")] = None
    """One SELECT in the dialect of the project, or one for each warehouse."""
    file: Annotated[Text | None, eg("customer_month.sql")] = None
    """Instead of `sql`: a file that holds the SELECT, relative to this file. It may hold dbt's Jinja and then goes through as it is."""
    columns: Annotated[
        dict[Name, ColumnSpec], Field(min_length=1), eg({"customer_id": "integer", "orders": {"type": "integer", "unit": "order"}})
    ]
    """The columns of the SELECT."""
    materialized: Materialized | None = None
    """How dbt builds the model; the production layer's way when not given."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "orders > 0"}])] = ()
    """Tests of whole rows."""
    warehouse_options: Annotated[TableOptions, eg({"postgres": {"unlogged": True}})] = TableOptions()
    """How the table is kept, for each warehouse; what its layer says when not given."""
    dbt: Annotated[Config, eg({"persist_docs": {"relation": True}})] = {}
    """Further configuration of the dbt model, passed on as it is."""
