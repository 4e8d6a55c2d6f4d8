"""`dimension:` - a dimension made of a staging table, a calendar, or the times of a day."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from whgen.spec.base import ValueOf
from whgen.spec.combination import Combination, Excludes, Needs, OneOf
from whgen.spec.common import (
    ColumnSpec,
    Config,
    Day,
    DerivedColumn,
    Documented,
    ListedNames,
    Materialized,
    Name,
    Names,
    Scalar,
    SpecModel,
    Sql,
    TestRule,
    Text,
    columns_as_mapping,
    eg,
    exactly,
)
from whgen.spec.history import History
from whgen.spec.inputs import GROUPED, PARTS, Parts
from whgen.spec.options import TableOptions

Month = Literal["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
Levels = Annotated[tuple[Name, ...], Field(min_length=2)]
Hour = Annotated[int, Field(ge=0, le=23, strict=True)]
MONTHS: tuple[str, ...] = Month.__args__  # type: ignore[attr-defined]


_OF_JUNK = ("key", "outriggers", "columns", "derive", "history", "unknown", "not_found")
_OF_ITS_OWN = ("key", "junk", "outriggers", "columns", "derive", "where", "history", "hierarchies", *PARTS)


class Calendar(SpecModel):
    """A dimension with one row for each day."""

    from_: Annotated[Day, Field(alias="from"), eg("2013-01-01")]
    """The first day."""
    to: Annotated[Day, eg("2014-12-31")]
    """The last day."""
    week_starts: Literal["monday", "sunday"] = "monday"
    """The day that weeks start with. ISO weeks always start on Monday."""
    fiscal_year_starts: Month = "january"
    """The month that the fiscal year starts with."""
    fiscal_year_named_by: Literal["end", "start"] = "end"
    """Whether a fiscal year bears the calendar year in which it ends or starts."""


class TimeOfDay(SpecModel):
    """A dimension with one row for each minute or second of a day."""

    short_form: ClassVar[ValueOf] = ValueOf("by")

    by: Annotated[Literal["minute", "second"], eg("minute")]
    """How fine the times are. The key of 9:30 in the evening is 2130, or 213000."""
    day_parts: Annotated[dict[Text, Hour], Field(min_length=1), eg({"Night": 0, "Day": 6})] = {
        "Morning": 6,
        "Afternoon": 12,
        "Evening": 18,
        "Night": 22,
    }
    """The parts of a day, each with the hour in which it begins. What is before the first one belongs to the last one."""


class Outrigger(Documented):
    """A dimension that members of another one refer to."""

    short_form: ClassVar[ValueOf] = ValueOf("on")

    dimension: Annotated[Name | None, eg("store")] = None
    """The dimension; the one named like the role when not given. It keeps no history."""
    was: Annotated[Name | None, eg("area")] = None
    """The name of the role before, when it was renamed: its key had another name then."""
    on: Annotated[Names, eg("region_code", ["country", "region_code"])]
    """The columns of the dimension's table that hold the business key of the other, in its order."""
    missing: Literal["infer", "unknown", "fail"] = "unknown"
    """When the other dimension lacks the value: add an inferred member to it, point to the member -2, or fail the build."""


class RoleView(Documented):
    """A view of a dimension in one of its roles."""


class Attribute(ColumnSpec):
    """An attribute of a dimension: a column of its table under its own or another name."""

    column: Annotated[Name | None, eg("name")] = None
    """The column of the table, where it is named differently."""
    scd: Annotated[Literal[0, 1, 2, 3], BeforeValidator(exactly([0, 1, 2, 3]))] = 1
    """What happens when the value changes in the source: 0 keeps the first, 1 overwrites it in all versions, 2 begins a new version, 3
    holds the value before the last change. 2 and 3 need `history`. Several attributes of one `column` make type 6.
    Without `history`, the table that remembers what type 0 keeps also keeps members that the source no longer has."""


class DimensionSpec(Parts):
    """A dimension: who, what, where, when."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("from", "union", "calendar", "time_of_day"), "a dimension has either `from`, `union`, `calendar` or `time_of_day`"),
        Needs(("from", "key"), "a dimension with `from` needs a `key`, or `junk`", or_beside="junk"),
        Needs(("union", "key"), "a dimension with `union` needs a `key`"),
        Excludes(("calendar", *_OF_ITS_OWN), "a calendar has its own key and columns"),
        Excludes(("time_of_day", *_OF_ITS_OWN), "times of day have their own key and columns"),
        Excludes(("junk", *_OF_JUNK, *PARTS), "the columns of a junk dimension are its key"),
        Excludes(("outriggers", "history"), "versions cannot have `outriggers`: the member that one points to would be that of today"),
        GROUPED,
    )

    dimension: Annotated[Name, eg("customer")]
    """Name of the dimension."""
    was: Annotated[Name | None, eg("client")] = None
    """The name of the dimension before, when it was renamed: `whgen plan` then shows one table with a new name."""
    from_: Annotated[Text | None, Field(alias="from"), eg("shop.customers")] = None
    """The table that its members come from: `source.table`, a seed, a model, a dimension or a fact."""
    calendar: Annotated[Calendar | None, eg({"from": "2013-01-01", "to": "2014-12-31"})] = None
    """Instead of `from`: a row for each day."""
    time_of_day: Annotated[TimeOfDay | None, eg("minute", {"by": "second", "day_parts": {"Night": 0, "Day": 6}})] = None
    """Instead of `from`: a row for each minute or second of a day."""
    junk: Annotated[
        dict[Name, ColumnSpec],
        Field(min_length=2),
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, ColumnSpec] | Annotated[ListedNames, Field(min_length=2)]),
        eg(["is_gift", "is_express", "payment_method"]),
    ] = {}
    """Instead of `key` and `columns`: flags and codes of the table that are of no dimension otherwise. There is a member for each of their
    combinations that occurs, in which a missing value is one like others, also for those that only facts have."""
    key: Annotated[Names | None, eg("customer_id", ["origin_code", "destination_code"])] = None
    """The business key: the columns that identify a member. The surrogate key is made of it."""
    history: Annotated[History | None, eg({"changed_at": "changed_at"}, {"extracted_at": "extract_date"})] = None
    """Makes a row for each version of a member, with `valid_from` (inclusive), `valid_to` (exclusive; empty while it lasts) and
    `is_current`. The key of the table is then the business key and the column that dates its rows."""
    columns: Annotated[
        dict[Name, Attribute] | Literal["all"],
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, Attribute] | ListedNames | Literal["all"]),
        eg("all", ["customer_name", "city"], {"customer_name": {"scd": 0}, "city": {}}),
    ] = {}
    """The attributes; `all` takes every column of the table."""
    derive: Annotated[dict[Name, DerivedColumn], eg({"is_abroad": {"expr": "country_code <> 'DE'", "type": "boolean"}})] = {}
    """Attributes computed from columns of the table."""
    where: Annotated[Sql | None, eg("not is_deleted")] = None
    """Keep only the rows for which this holds."""
    unknown: Annotated[dict[Name, Scalar], eg({"customer_name": "Unknown customer"})] = {}
    """Attributes of the member -1, that facts without a value point to."""
    not_found: Annotated[dict[Name, Scalar], eg({"customer_name": "Customer not found"})] = {}
    """Attributes of the member -2, that facts point to whose value the dimension lacks."""
    outriggers: Annotated[dict[Name, Outrigger], eg({"region": "region_code", "home": {"dimension": "store", "on": "store_id"}})] = {}
    """Other dimensions that members refer to, by the role that they play: each becomes a key of the dimension, as it would of a fact."""
    hierarchies: Annotated[dict[Name, Levels], eg({"geography": ["country", "state", "city"]})] = {}
    """Columns that are levels of one another, the widest first. Tests say that each value of a level has one parent in the level above."""
    role_views: Annotated[
        dict[Name, RoleView],
        BeforeValidator(columns_as_mapping, json_schema_input_type=dict[Name, RoleView] | ListedNames),
        eg(["origin", "destination"], {"origin": {"description": "Where flights leave from."}}),
    ] = {}
    """Roles that the dimension plays for facts, each of which gets a view of it whose columns bear the role's name."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "valid_from <= valid_to"}])] = ()
    """Tests of whole rows."""
    warehouse_options: Annotated[TableOptions, eg({"postgres": {"unlogged": True}})] = TableOptions()
    """How the table is kept, for each warehouse; what its layer says when not given."""
    dbt: Annotated[Config, eg({"persist_docs": {"relation": True}})] = {}
    """Further configuration of the dbt model, passed on as it is."""
