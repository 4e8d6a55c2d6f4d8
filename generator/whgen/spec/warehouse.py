"""`warehouse:` - the project file: name, dialect, targets, layers, the dictionary of columns."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from whgen.spec.base import Named
from whgen.spec.bigquery_options import PolicyTag
from whgen.spec.ci import CiSpec
from whgen.spec.common import ColumnSpec, Documented, Flag, Materialized, Name, SpecModel, Text, eg
from whgen.spec.options import LayerOptions

DialectName = Literal["bigquery", "duckdb"]
WarehouseName = Literal["bigquery", "duckdb", "postgres"]
WAREHOUSES: tuple[str, ...] = get_args(WarehouseName)
"""The warehouses that targets can be on."""

Prefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""What the names of schemas begin with."""


_ON_THIS_MACHINE = r"^http://(localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}$"


def _on_this_machine(value: object) -> object:
    # Only what stays on this machine may do without a login.
    if isinstance(value, str) and re.fullmatch(_ON_THIS_MACHINE, value):
        return value
    raise PydanticCustomError("on_this_machine", "the address of an emulator on this machine, such as http://127.0.0.1:9050")


Emulator = Annotated[
    str,
    BeforeValidator(_on_this_machine, json_schema_input_type=str),
    Named(
        name="Emulator",
        adds={"pattern": _ON_THIS_MACHINE, "patternErrorMessage": "This must be an address on this machine such as http://127.0.0.1:9050."},
    ),
]
"""The address of a service on this machine."""


class DuckdbTarget(SpecModel):
    """A target on DuckDB: one file on this machine."""

    warehouse: Literal["duckdb"]
    """The kind of warehouse."""
    path: Annotated[Text, eg("shop.duckdb")]
    """Path of the database file, relative to the project folder."""
    threads: Annotated[StrictInt, Field(ge=1, le=64), eg(4)] = 4
    """How many models dbt builds at once."""
    schema_prefix: Annotated[Prefix | None, eg("qa_")] = None
    """Put before the schema of every layer, so that several environments can share one database."""
    per_developer: Flag = False
    """Also put the name of who builds before it, so that developers do not overwrite each other: `WHGEN_DEV_SCHEMA`, or the user name."""


class BigqueryTarget(SpecModel):
    """A target on BigQuery: one Google Cloud project."""

    warehouse: Literal["bigquery"]
    """The kind of warehouse."""
    project: Annotated[Text, eg("acme-prod")]
    """Google Cloud project that holds the datasets."""
    location: Annotated[Text, eg("EU", "europe-west3")] = "US"
    """Location of the datasets, such as US, EU or europe-west3."""
    emulator: Annotated[Emulator | None, eg("http://127.0.0.1:9050")] = None
    """Address of an emulator of BigQuery on this machine, which is asked instead of Google and needs no login."""
    threads: Annotated[StrictInt, Field(ge=1, le=64), eg(4)] = 8
    """How many models dbt builds at once."""
    schema_prefix: Annotated[Prefix | None, eg("qa_")] = None
    """Put before the dataset of every layer, so that several environments can share one project."""
    per_developer: Flag = False
    """Also put the name of who builds before it, so that developers do not overwrite each other: `WHGEN_DEV_SCHEMA`, or the user name."""
    execution_project: Annotated[Text | None, eg("acme-billing")] = None
    """Google Cloud project that runs the queries and pays for them; the one of the datasets when not given."""
    maximum_bytes_billed: Annotated[StrictInt | None, Field(ge=10 * 1024 * 1024), eg(1099511627776)] = None
    """How many bytes one query may be billed for: one that would read more fails and costs nothing. At least 10485760."""
    priority: Literal["interactive", "batch"] = "interactive"
    """Whether queries run at once, or wait until slots are idle."""
    impersonate_service_account: Annotated[Text | None, eg("dbt@acme-prod.iam.gserviceaccount.com")] = None
    """Service account that dbt acts as after its login."""
    job_execution_timeout_seconds: Annotated[StrictInt | None, Field(ge=1), eg(3600)] = None
    """After how many seconds dbt gives up on a query; none when not given."""
    job_retries: Annotated[StrictInt | None, Field(ge=0, le=10), eg(3)] = None
    """How often a query that fails for reasons of the service is tried again; once when not given."""


class PostgresTarget(SpecModel):
    """A target on Postgres: one database of a server. Its password never stands in a spec: it comes from the environment."""

    warehouse: Literal["postgres"]
    """The kind of warehouse."""
    host: Annotated[Text, eg("db.example.org")]
    """Name or address of the server, or the folder of its socket."""
    port: Annotated[StrictInt, Field(ge=1, le=65535), eg(5432)] = 5432
    """Port that the server listens on."""
    user: Annotated[Text, eg("whgen")]
    """Role that dbt logs in as."""
    dbname: Annotated[Text, eg("shop")]
    """Name of the database. It must sort texts by their bytes, as in `LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`."""
    sslmode: Annotated[Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None, eg("require")] = None
    """How the connection is encrypted, and whether the server's certificate is checked; what libpq does when not given."""
    sslrootcert: Annotated[Text | None, eg("/etc/ssl/certs/db-ca.pem")] = None
    """Path of the certificates that `verify-ca` and `verify-full` trust."""
    role: Annotated[Name | None, eg("warehouse_owner")] = None
    """Role that is assumed after the login, and then owns what is built."""
    search_path: Annotated[Text | None, eg("public, extensions")] = None
    """Schemas that names without one are looked up in; generated SQL names all of its schemas."""
    connect_timeout: Annotated[StrictInt, Field(ge=1, le=600), eg(30)] = 10
    """Seconds to wait for the server."""
    retries: Annotated[StrictInt, Field(ge=0, le=10), eg(3)] = 1
    """How often a connection that fails is tried again."""
    threads: Annotated[StrictInt, Field(ge=1, le=64), eg(8)] = 4
    """How many models dbt builds at once, each over a connection of its own."""
    schema_prefix: Annotated[Prefix | None, eg("qa_")] = None
    """Put before the schema of every layer, so that several environments can share one database."""
    per_developer: Flag = False
    """Also put the name of who builds before it, so that developers do not overwrite each other: `WHGEN_DEV_SCHEMA`, or the user name."""


Target = Annotated[DuckdbTarget | BigqueryTarget | PostgresTarget, Field(discriminator="warehouse")]


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
    persist_docs: Flag = False
    """Write descriptions of tables and columns into the warehouse, where its catalogue and other tools show them."""
    ci: Annotated[CiSpec, eg({"branch": "main", "deploy": ["qa", "prod"]})] = CiSpec()
    """What the workflow that `whgen ci` writes does beside what the targets say."""
    strict: Flag = False
    """Also report columns without a description and tables that nothing uses."""
