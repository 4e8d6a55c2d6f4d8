"""`source:` - a source system and its tables, with the rules that make clean staging models of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from whgen.spec.common import (
    ColumnSpec,
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
)


class DuckdbLocation(SpecModel):
    """Where DuckDB finds the tables: files, or a schema of the database."""

    files: Text | None = None
    """Path or glob of a CSV, Parquet or JSON file, relative to the project folder; `{table}` stands for the table's name."""
    schema_name: Annotated[SourceName | None, Field(alias="schema")] = None
    """Schema that holds the tables."""

    @model_validator(mode="after")
    def _one_of_both(self) -> DuckdbLocation:
        if (self.files is None) == (self.schema_name is None):
            raise ValueError("give either `files` or `schema`")
        return self


class BigqueryLocation(SpecModel):
    """Where BigQuery finds the tables."""

    dataset: SourceName
    """Dataset that holds the tables."""
    project: SourceName | None = None
    """Google Cloud project of the dataset; the target's project when not given."""


class Location(SpecModel):
    """Where the tables of a source lie, for each warehouse."""

    duckdb: DuckdbLocation | None = None
    """On DuckDB."""
    bigquery: BigqueryLocation | None = None
    """On BigQuery."""


class Freshness(SpecModel):
    """How old the newest row may be."""

    column: SourceName
    """Column of the source that says when a row was loaded."""
    warn_after: Text | None = None
    """Age that warns, such as `12 hours` or `1 day`."""
    error_after: Text | None = None
    """Age that fails, such as `12 hours` or `1 day`."""


class SourceColumn(ColumnSpec):
    """One column of the source and what is done to it, in this order: trim, null_if, case, cast, default."""

    as_: Annotated[Name | None, Field(alias="as")] = None
    """Its name from here on. The source's own name when not given."""
    source_type: TypeName | None = None
    """The logical type that it has in the source, where it differs from the source's other columns."""
    trim: Flag = False
    """Remove white space at both ends."""
    null_if: Annotated[tuple[Scalar, ...], BeforeValidator(lambda v: v if isinstance(v, list) else [v])] = ()
    """Values that mean that there is none."""
    case: Literal["upper", "lower"] | None = None
    """Turn the text to upper or lower case."""
    default: Scalar | None = None
    """The value that stands in for a missing one."""


class Dedupe(SpecModel):
    """Which one of several rows with the same key is kept. Ties are decided by the other columns, so the outcome never varies."""

    key: Names | None = None
    """Columns that make rows the same; the key of the table when not given."""
    latest: Name | None = None
    """Keep the row with the highest value of this column."""
    earliest: Name | None = None
    """Keep the row with the lowest value of this column."""
    where: Sql | None = None
    """Only rows for which this holds take part; the others are dropped."""
    order_by: tuple[Text, ...] | None = Field(default=None, min_length=1)
    """Keep the first row in this order: names of columns, each with ` desc` behind it where the highest comes first."""

    @model_validator(mode="after")
    def _one_order(self) -> Dedupe:
        if sum(x is not None for x in (self.latest, self.earliest, self.order_by)) != 1:
            raise ValueError("give exactly one of `latest`, `earliest` and `order_by`")
        return self


class Union(SpecModel):
    """Several tables of one shape, read as one."""

    tables: Annotated[
        dict[SourceName, Scalar],
        BeforeValidator(lambda v: {t: t for t in v} if isinstance(v, list) and all(isinstance(t, str) for t in v) else v),
        Field(min_length=1),
    ]
    """The tables of the source, each with the value that says which one a row is from; a list takes their names."""
    column: Name
    """The column that says which table a row is from."""


class TableSpec(Documented):
    """One table of a source, and the staging model made of it. All keys but `columns` speak of the names after renaming."""

    identifier: SourceName | None = None
    """Name of the table in the source, where it is not the key that this stands under."""
    union: Union | None = None
    """Read several tables of one shape as this one."""
    key: Names | None = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    arrives: dict[SourceName, TypeName] | None = Field(default=None, min_length=1)
    """All columns of the source with their logical types, where `sources.lock` does not have them: `columns: all` needs to know them, and
    misspelled columns are found by them."""
    source_type: TypeName | None = None
    """The logical type of the source's columns, such as `string` for a CSV file, where neither `sources.lock` nor the source says it."""
    columns: Literal["all"] | dict[SourceName, SourceColumn] = {}
    """The columns of the source by their names there; a type alone is the short form. `all`: every column that arrives, as it is."""
    rest: Literal["keep", "drop"] = "drop"
    """What happens to columns that arrive and are not listed in `columns`."""
    derive: dict[Name, DerivedColumn] = {}
    """Columns computed from the others, in any order."""
    dedupe: Dedupe | None = None
    """Keep one row for each key."""
    where: Sql | None = None
    """Keep only the rows for which this holds. Comes after `dedupe`, so that a row whose latest version is deleted stays deleted."""
    include: Names | None = None
    """Keep only these columns in the staging model."""
    exclude: Names | None = None
    """Columns that the rules may use but the staging model does not keep."""
    materialized: Materialized | None = None
    """How dbt builds the model; the layer's way when not given."""
    freshness: Freshness | None = None
    """How old the newest row may be; the source's rule when not given."""
    tests: tuple[TestRule, ...] = ()
    """Tests of whole rows."""
    dbt: dict[str, Any] = {}
    """Further configuration of the dbt model, passed on as it is."""


class SourceSpec(Documented):
    """A source system."""

    source: Name
    """Name of the source system."""
    location: Location
    """Where its tables lie, for each warehouse."""
    source_type: TypeName | None = None
    """The logical type of the columns of all its tables, such as `string` for CSV files, where `sources.lock` does not say it."""
    freshness: Freshness | None = None
    """How old the newest row of each table may be."""
    tables: Annotated[dict[Name, TableSpec], Field(min_length=1)]
    """Its tables."""
