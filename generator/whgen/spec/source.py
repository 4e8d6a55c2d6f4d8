"""`source:` - a source system and its tables, with the rules that make clean staging models of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from whgen.spec.combination import Needs, OneOf
from whgen.spec.common import (
    ColumnSpec,
    Config,
    DerivedColumn,
    Documented,
    Flag,
    Materialized,
    Name,
    Names,
    Scalar,
    SourceName,
    SpecModel,
    Sql,
    TestRule,
    Text,
    TypeName,
    eg,
    is_list_of_names,
)
from whgen.spec.for_each import for_each_warehouse
from whgen.spec.options import TableOptions
from whgen.warehouses import PARTS


class Location(for_each_warehouse({name: parts.location for name, parts in PARTS.items()})):  # type: ignore[misc] # made at run time
    """Where the tables of a source lie, for each warehouse."""


class Freshness(SpecModel):
    """How old the newest row may be."""

    column: Annotated[SourceName, eg("_loaded_at")]
    """Column of the source that says when a row was loaded."""
    warn_after: Annotated[Text | None, eg("12 hours")] = None
    """Age that warns, such as `12 hours` or `1 day`."""
    error_after: Annotated[Text | None, eg("1 day")] = None
    """Age that fails, such as `12 hours` or `1 day`."""


class SourceColumn(ColumnSpec):
    """One column of the source and what is done to it, in this order: trim, null_if, case, cast, default."""

    as_: Annotated[Name | None, Field(alias="as"), eg("customer_id")] = None
    """Its name from here on. The source's own name when not given."""
    source_type: TypeName | None = None
    """The logical type that it has in the source, where it differs from the source's other columns."""
    trim: Flag = False
    """Remove white space at both ends."""
    null_if: Annotated[
        tuple[Scalar, ...],
        BeforeValidator(lambda v: v if isinstance(v, list) else [v], json_schema_input_type=Scalar | tuple[Scalar, ...]),
        eg("NA", ["", "0"]),
    ] = ()
    """Values that mean that there is none."""
    case: Literal["upper", "lower"] | None = None
    """Turn the text to upper or lower case."""
    format: Annotated[Text | None, eg("%d/%m/%Y", "%b %d, %Y")] = None
    """How its texts write a date, datetime or timestamp, where it is not as `2024-12-31` and `2024-12-31 23:59:59`: `%Y` and `%y` are the
    year with four digits and with two, `%m`, `%b` and `%B` the month as a number, as `Jan` and as `January`, `%d` the day, `%H`, `%M` and
    `%S` hour, minute and second. A timestamp is read in UTC."""
    default: Annotated[Scalar | None, eg("UNKNOWN", 0)] = None
    """The value that stands in for a missing one."""


class Dedupe(SpecModel):
    """Which one of several rows with the same key is kept. Ties are decided by the other columns, so the outcome never varies."""

    combinations: ClassVar[tuple[OneOf, ...]] = (
        OneOf(("latest", "earliest", "order_by"), "give exactly one of `latest`, `earliest` and `order_by`"),
    )

    key: Annotated[Names | None, eg("order_id")] = None
    """Columns that make rows the same; the key of the table when not given."""
    latest: Annotated[Name | None, eg("updated_at")] = None
    """Keep the row with the highest value of this column."""
    earliest: Annotated[Name | None, eg("created_at")] = None
    """Keep the row with the lowest value of this column."""
    where: Annotated[Sql | None, eg("status <> 'draft'")] = None
    """Only rows for which this holds take part; the others are dropped."""
    order_by: Annotated[tuple[Text, ...] | None, Field(min_length=1), eg(["updated_at desc", "version desc"])] = None
    """Keep the first row in this order: names of columns, each with ` desc` behind it where the highest comes first."""


def _tables_as_mapping(value: object) -> object:
    return {table: table for table in value} if is_list_of_names(value) else value


_Listed = Annotated[tuple[SourceName, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})]


class Union(SpecModel):
    """Several tables of one shape, read as one."""

    tables: Annotated[
        dict[SourceName, Scalar],
        Field(min_length=1),
        BeforeValidator(_tables_as_mapping, json_schema_input_type=Annotated[dict[SourceName, Scalar], Field(min_length=1)] | _Listed),
        eg(["orders_de", "orders_fr"], {"orders_de": "DE", "orders_fr": "FR"}),
    ]
    """The tables of the source, each with the value that says which one a row is from; a list takes their names."""
    column: Annotated[Name, eg("country_code")]
    """The column that says which table a row is from."""


class TableSpec(Documented):
    """One table of a source, and the staging model made of it. All keys but `columns` speak of the names after renaming."""

    combinations: ClassVar[tuple[Needs, ...]] = (
        Needs(("dedupe", "key"), "`dedupe` needs to know which rows are the same: give the table a `key`", or_inside="key"),
    )

    was: Annotated[Name | None, eg("purchases")] = None
    """The name of the table in these specs before, when it was renamed: `whgen plan` then shows one table with a new name."""
    identifier: Annotated[SourceName | None, eg("ORDERS_V2")] = None
    """Name of the table in the source, where it is not the key that this stands under."""
    union: Annotated[Union | None, eg({"tables": ["orders_de", "orders_fr"], "column": "country_code"})] = None
    """Read several tables of one shape as this one."""
    key: Annotated[Names | None, eg("order_id", ["order_id", "line_number"])] = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    arrives: Annotated[dict[SourceName, TypeName] | None, Field(min_length=1), eg({"id": "integer", "placed_on": "date"})] = None
    """All columns of the source with their logical types, where `sources.lock` does not have them: `columns: all` needs to know them, and
    misspelled columns are found by them."""
    source_type: TypeName | None = None
    """The logical type of the source's columns, such as `string` for a CSV file, where neither `sources.lock` nor the source says it."""
    columns: Annotated[
        Literal["all"] | dict[SourceName, SourceColumn],
        eg("all", {"id": {"as": "order_id"}, "placed_on": "date", "amount": {"type": "decimal(10, 2)", "null_if": "NA"}}),
    ] = {}
    """The columns of the source by their names there; a type alone is the short form. `all`: every column that arrives, as it is."""
    rest: Literal["keep", "drop"] = "drop"
    """What happens to columns that arrive and are not listed in `columns`."""
    derive: Annotated[dict[Name, DerivedColumn], eg({"is_paid": {"expr": "status = 'paid'", "type": "boolean"}})] = {}
    """Columns computed from the others, in any order."""
    dedupe: Annotated[Dedupe | None, eg({"latest": "updated_at"})] = None
    """Keep one row for each key."""
    where: Annotated[Sql | None, eg("order_id is not null")] = None
    """Keep only the rows for which this holds. Comes after `dedupe`, so that a row whose latest version is deleted stays deleted."""
    include: Annotated[Names | None, eg(["order_id", "amount"])] = None
    """Keep only these columns in the staging model."""
    exclude: Annotated[Names | None, eg("updated_at", ["year", "month", "day"])] = None
    """Columns that the rules may use but the staging model does not keep."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    freshness: Annotated[Freshness | None, eg({"column": "_loaded_at", "warn_after": "12 hours", "error_after": "1 day"})] = None
    """How old the newest row may be; the source's rule when not given."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "shipped_on >= ordered_on"}])] = ()
    """Tests of whole rows."""
    warehouse_options: Annotated[TableOptions, eg({"postgres": {"unlogged": True}})] = TableOptions()
    """How the table is kept, for each warehouse; what its layer says when not given."""
    dbt: Annotated[Config, eg({"persist_docs": {"relation": True}})] = {}
    """Further configuration of the dbt model, passed on as it is."""


class SourceSpec(Documented):
    """A source system."""

    source: Annotated[Name, eg("shop")]
    """Name of the source system."""
    location: Annotated[Location, eg({"duckdb": {"files": "data/raw/{table}.csv"}, "bigquery": {"project": "acme-raw", "dataset": "shop"}})]
    """Where its tables lie, for each warehouse."""
    source_type: TypeName | None = None
    """The logical type of the columns of all its tables, such as `string` for CSV files, where `sources.lock` does not say it."""
    freshness: Annotated[Freshness | None, eg({"column": "_loaded_at", "warn_after": "12 hours", "error_after": "1 day"})] = None
    """How old the newest row of each table may be."""
    tables: Annotated[
        dict[Name, TableSpec], Field(min_length=1), eg({"orders": {"key": "order_id", "columns": {"id": {"as": "order_id"}}}})
    ]
    """Its tables."""
