"""`warehouse:` - the project file: name, dialect, targets, layers, the dictionary of columns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from whgen.spec.common import ColumnSpec, Documented, Flag, Materialized, Name, SpecModel, Text

DialectName = Literal["bigquery", "duckdb"]


class DuckdbTarget(SpecModel):
    """A target on DuckDB: one file on this machine."""

    warehouse: Literal["duckdb"]
    """The kind of warehouse."""
    path: Text
    """Path of the database file, relative to the project folder."""
    threads: Annotated[StrictInt, Field(ge=1, le=64)] = 4
    """How many models dbt builds at once."""
    schema_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    """Put before the schema of every layer, so that several environments can share one database."""


class BigqueryTarget(SpecModel):
    """A target on BigQuery: one Google Cloud project."""

    warehouse: Literal["bigquery"]
    """The kind of warehouse."""
    project: Text
    """Google Cloud project that holds the datasets."""
    location: Text = "US"
    """Location of the datasets, such as US, EU or europe-west3."""
    threads: Annotated[StrictInt, Field(ge=1, le=64)] = 8
    """How many models dbt builds at once."""
    schema_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    """Put before the dataset of every layer, so that several environments can share one project."""


Target = Annotated[DuckdbTarget | BigqueryTarget, Field(discriminator="warehouse")]


class StagingLayer(SpecModel):
    """Conventions of the staging layer."""

    schema_name: Annotated[Name, Field(alias="schema")] = "staging"
    """Schema (BigQuery: dataset) of the layer."""
    materialized: Materialized = "view"
    """How dbt builds the models of the layer."""
    prefix: Name = "stg_"
    """Prefix of the names of its models."""


class ProductionLayer(SpecModel):
    """Conventions of the production layer."""

    schema_name: Annotated[Name, Field(alias="schema")] = "production"
    """Schema (BigQuery: dataset) of the layer."""
    materialized: Materialized = "table"
    """How dbt builds the models of the layer."""
    dimension_prefix: Name = "dim_"
    """Prefix of the names of dimensions."""
    fact_prefix: Name = "fact_"
    """Prefix of the names of facts."""


class Layers(SpecModel):
    """The two layers of the warehouse and their conventions."""

    staging: StagingLayer = StagingLayer()
    """The layer of cleaned source tables."""
    production: ProductionLayer = ProductionLayer()
    """The layer of dimensions, facts and hand-written models."""


class WarehouseSpec(Documented):
    """The project file: one in each project."""

    warehouse: Name
    """Name of the warehouse; also the name of the dbt project and of its profile."""
    dialect: DialectName = "bigquery"
    """The SQL that expressions are written in. `duckdb` is for projects whose targets are all on DuckDB."""
    targets: Annotated[dict[Name, Target], Field(min_length=1)]
    """Where the warehouse can be built. The first one is the default."""
    layers: Layers = Layers()
    """Schemas, materialisation and prefixes; all have defaults."""
    columns: dict[Name, ColumnSpec] = {}
    """The dictionary of columns: type, description and unit are inherited wherever a column has one of these names."""
    strict: Flag = False
    """Also report columns without a description and tables that nothing uses."""
