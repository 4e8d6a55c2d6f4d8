"""`fact:` - events or states at a declared grain, with a key for each dimension and measures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from whgen.spec.common import (
    ColumnSpec,
    Documented,
    Materialized,
    Name,
    Names,
    Scalar,
    Sql,
    SqlByWarehouse,
    TestRule,
    Text,
    columns_as_mapping,
)


class Role(Documented):
    """A dimension in the role that it plays for a fact."""

    dimension: Name | None = None
    """The dimension; the one named like the role when not given."""
    on: Names
    """The columns of the fact's table that hold the business key, in the order of the dimension's key."""
    missing: Literal["infer", "unknown", "fail"] = "unknown"
    """When the dimension lacks the value: add an inferred member to it, point to the member -2, or fail the build."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"on": value} if isinstance(value, str | list) else value


class Measure(ColumnSpec):
    """What is measured."""

    expr: SqlByWarehouse | None = None
    """SQL expression over columns of the table; the column of the same name when not given."""
    additivity: Literal["additive", "semi_additive", "non_additive"] | None = None
    """Whether sums of it mean something: over all dimensions, some, or none."""
    default: Scalar | None = None
    """The value that stands in for a missing one."""


class FactSpec(Documented):
    """A fact."""

    fact: Name
    """Name of the fact."""
    grain: Text
    """What one row stands for, in words."""
    from_: Annotated[Text, Field(alias="from")]
    """The table whose rows it takes: `source.table`, a seed or a model."""
    key: Names
    """The grain as columns of that table: unique together. Tested."""
    where: Sql | None = None
    """Keep only the rows for which this holds."""
    dimensions: dict[Name, Role] = {}
    """The dimensions by the role they play."""
    degenerate: Annotated[dict[Name, ColumnSpec], BeforeValidator(columns_as_mapping)] = {}
    """Columns of the table kept on the fact itself, such as an order number."""
    measures: Annotated[dict[Name, Measure], BeforeValidator(columns_as_mapping)] = {}
    """What is measured."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    tests: tuple[TestRule, ...] = ()
    """Tests of whole rows."""
    dbt: dict[str, Any] = {}
    """Further configuration of the dbt model, passed on as it is."""
