"""`dimension:` - a dimension made of a staging table, or a calendar."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from whgen.spec.common import (
    ColumnSpec,
    Day,
    DerivedColumn,
    Documented,
    Materialized,
    Name,
    Names,
    Scalar,
    SpecModel,
    Sql,
    TestRule,
    Text,
    columns_as_mapping,
)

Month = Literal["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
MONTHS: tuple[str, ...] = Month.__args__  # type: ignore[attr-defined]


class Calendar(SpecModel):
    """A dimension with one row for each day."""

    from_: Annotated[Day, Field(alias="from")]
    """The first day."""
    to: Day
    """The last day."""
    week_starts: Literal["monday", "sunday"] = "monday"
    """The day that weeks start with. ISO weeks always start on Monday."""
    fiscal_year_starts: Month = "january"
    """The month that the fiscal year starts with."""
    fiscal_year_named_by: Literal["end", "start"] = "end"
    """Whether a fiscal year bears the calendar year in which it ends or starts."""

    @model_validator(mode="after")
    def _in_order(self) -> Calendar:
        if self.from_ > self.to:
            raise ValueError("`from` comes after `to`")
        return self


class Attribute(ColumnSpec):
    """An attribute of a dimension: a column of its table under its own or another name."""

    column: Name | None = None
    """The column of the table, where it is named differently."""
    scd: Literal[0, 1] = 1
    """What happens when the value changes in the source: 1 overwrites it, 0 keeps the first."""


class DimensionSpec(Documented):
    """A dimension: who, what, where, when."""

    dimension: Name
    """Name of the dimension."""
    from_: Annotated[Text | None, Field(alias="from")] = None
    """The table that its members come from: `source.table`, a seed or a model."""
    calendar: Calendar | None = None
    """Instead of `from`: a row for each day."""
    key: Names | None = None
    """The business key: the columns that identify a member. The surrogate key is made of it."""
    columns: Annotated[dict[Name, Attribute] | Literal["all"], BeforeValidator(columns_as_mapping)] = {}
    """The attributes; `all` takes every column of the table."""
    derive: dict[Name, DerivedColumn] = {}
    """Attributes computed from columns of the table."""
    where: Sql | None = None
    """Keep only the rows for which this holds."""
    unknown: dict[Name, Scalar] = {}
    """Attributes of the member -1, that facts without a value point to."""
    not_found: dict[Name, Scalar] = {}
    """Attributes of the member -2, that facts point to whose value the dimension lacks."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    tests: tuple[TestRule, ...] = ()
    """Tests of whole rows."""
    dbt: dict[str, Any] = {}
    """Further configuration of the dbt model, passed on as it is."""

    @model_validator(mode="after")
    def _one_origin(self) -> DimensionSpec:
        if (self.from_ is None) == (self.calendar is None):
            raise ValueError("a dimension has either `from` or `calendar`")
        if self.from_ is not None and self.key is None:
            raise ValueError("a dimension with `from` needs a `key`")
        if self.calendar is not None and (self.key or self.columns or self.derive or self.where):
            raise ValueError("a calendar has its own key and columns")
        return self
