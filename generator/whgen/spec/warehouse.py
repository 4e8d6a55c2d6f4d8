"""`warehouse:` - the project file: name, dialect, targets, layers, the dictionary of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Union

from pydantic import Field

from whgen.spec.ci import CiSpec
from whgen.spec.common import ColumnSpec, Documented, Flag, Materialized, Name, SpecModel, Text, eg
from whgen.spec.options import LayerOptions
from whgen.spec.warehouse_parts import TargetSpec
from whgen.warehouses import PARTS
from whgen.warehouses.bigquery.spec import PolicyTag

WAREHOUSES: tuple[str, ...] = tuple(PARTS)
"""The warehouses that targets can be on."""

# What there is to choose from is what there are warehouses for, which types cannot say beforehand.
if TYPE_CHECKING:
    DialectName = str
    WarehouseName = str
    Target = TargetSpec
else:
    DialectName = Literal[*(name for name, parts in PARTS.items() if parts.is_written)]
    WarehouseName = Literal[*PARTS]
    Target = Annotated[Union[*(parts.target for parts in PARTS.values())], Field(discriminator="warehouse")]


class StagingLayer(SpecModel):
    """Conventions of the staging layer."""

    schema_name: Annotated[Name, Field(alias="schema"), eg("staging")] = "staging"
    """Schema (BigQuery: dataset) of the layer."""
    materialized: Materialized = "view"
    """How dbt builds the models of the layer."""
    warehouse_options: Annotated[LayerOptions, eg({"postgres": {"unlogged": True}})] = LayerOptions()
    """How the tables of the layer are kept, for each warehouse."""
    prefix: Annotated[Name, eg("stg_")] = "stg_"
    """Prefix of the names of its models."""


class ProductionLayer(SpecModel):
    """Conventions of the production layer."""

    schema_name: Annotated[Name, Field(alias="schema"), eg("production")] = "production"
    """Schema (BigQuery: dataset) of the layer."""
    materialized: Materialized = "table"
    """How dbt builds the models of the layer."""
    warehouse_options: Annotated[LayerOptions, eg({"postgres": {"constraints": True}})] = LayerOptions()
    """How the tables of the layer are kept, for each warehouse."""
    dimension_prefix: Annotated[Name, eg("dim_")] = "dim_"
    """Prefix of the names of dimensions."""
    fact_prefix: Annotated[Name, eg("fact_")] = "fact_"
    """Prefix of the names of facts."""


class Layers(SpecModel):
    """The two layers of the warehouse and their conventions."""

    staging: Annotated[StagingLayer, eg({"materialized": "table"})] = StagingLayer()
    """The layer of cleaned source tables."""
    production: Annotated[ProductionLayer, eg({"schema": "marts"})] = ProductionLayer()
    """The layer of dimensions, facts and hand-written models."""


class PiiClass(SpecModel):
    """A class of personal data, and how it is protected."""

    description: Annotated[Text | None, eg("Names, addresses and numbers by which somebody is reached.")] = None
    """What belongs to it."""
    policy_tag: Annotated[
        PolicyTag | dict[Name, PolicyTag] | None,
        eg(
            "projects/acme/locations/us/taxonomies/123/policyTags/456", {"prod": "projects/acme/locations/us/taxonomies/123/policyTags/456"}
        ),
    ] = None
    """On BigQuery: the policy tag of its columns, one for all targets or one for each."""


class WarehouseSpec(Documented):
    """The project file: one in each project."""

    warehouse: Annotated[Name, eg("shop")]
    """Name of the warehouse; also the name of the dbt project and of its profile."""
    dialect: DialectName = "bigquery"
    """The SQL that expressions are written in. `duckdb` is for projects whose targets are all on DuckDB."""
    targets: Annotated[dict[Name, Target], Field(min_length=1), eg({"dev": {"warehouse": "duckdb", "path": "shop.duckdb"}})]
    """Where the warehouse can be built. The first one is the default."""
    layers: Annotated[Layers, eg({"staging": {"materialized": "table"}})] = Layers()
    """Schemas, materialisation and prefixes; all have defaults."""
    columns: Annotated[dict[Name, ColumnSpec], eg({"customer_id": {"type": "integer", "description": "Number of the customer."}})] = {}
    """The dictionary of columns: type, description and unit are inherited wherever a column has one of these names."""
    pii: Annotated[dict[Name, PiiClass], eg({"contact": {"description": "By which somebody is reached."}})] = {}
    """Classes of personal data, the strictest first: a column that is made of several belongs to the first of them."""
    run_history: Flag = True
    """Keep the outcome of every build in the target, where `whgen runs` finds it: in the tables `whgen_runs` and `whgen_run_nodes` beside
    the staging tables."""
    unit_tests: Flag = False
    """Write dbt unit tests of dedupe, defaults, versions, inferred members and lookups. Each takes the time of a small query."""
    semantic_layer: Flag = False
    """Write dbt semantic models and metrics of all facts and dimensions, for MetricFlow. It needs a calendar dimension to count time by."""
    persist_docs: Flag = False
    """Write descriptions of tables and columns into the warehouse, where its catalogue and other tools show them."""
    ci: Annotated[CiSpec, eg({"branch": "main", "deploy": ["qa", "prod"]})] = CiSpec()
    """What the workflow that `whgen ci` writes does beside what the targets say."""
    strict: Flag = False
    """Also report columns without a description and tables that nothing uses."""
