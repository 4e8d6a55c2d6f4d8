"""What specs say of Snowflake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from whgen.spec.common import Flag, Name, Names, SourceName, SpecModel, Text, Texts, eg
from whgen.spec.warehouse_parts import Place, Shape, TableSettings, TargetSpec, WarehouseParts


class SnowflakeTarget(TargetSpec):
    """A target on Snowflake: one database of an account. Passwords and keys never stand in a spec: they come from the environment."""

    warehouse: Literal["snowflake"]
    """The kind of warehouse."""
    account: Annotated[Text, eg("acme-analytics")]
    """Name of the account, as in the address that it is reached by."""
    user: Annotated[Text, eg("whgen")]
    """User that dbt logs in as."""
    role: Annotated[Text | None, eg("TRANSFORMER")] = None
    """Role that builds, and then owns what is built; the user's own when not given."""
    virtual_warehouse: Annotated[Text, eg("TRANSFORMING")]
    """The virtual warehouse that runs the queries."""
    database: Annotated[Text, eg("SHOP")]
    """Database that holds the schemas."""
    query_tag: Annotated[Text | None, eg("whgen")] = None
    """What the queries are marked with in the history of queries."""


class SnowflakeLocation(SpecModel):
    """Where Snowflake finds the tables."""

    schema_name: Annotated[SourceName, Field(alias="schema"), eg("RAW_SHOP")]
    """Schema that holds the tables."""
    database: Annotated[SourceName | None, eg("RAW")] = None
    """Database of the schema; the target's when not given."""
    quoted: Flag = False
    """Whether the names of its tables are written in quotes, because they hold lower-case letters or spaces."""


class SnowflakeDefaults(TableSettings):
    """How the tables of a layer are kept on Snowflake."""

    transient: Flag | None = None
    """Keep no copies of what was deleted beyond a day: cheaper. dbt does so when not given."""
    secure: Flag | None = None
    """Show the SQL of views to their owners only."""
    grants: Annotated[dict[Name, Texts] | None, Field(min_length=1), eg({"select": ["REPORTER"]})] = None
    """Who may use the tables: privileges, each with the roles that have it. dbt takes it from all others."""


class SnowflakeTable(SnowflakeDefaults):
    """How a table is kept on Snowflake."""

    cluster_by: Annotated[Names | None, eg("ordered_on", ["ordered_on", "customer_key"])] = None
    """The columns that rows are kept together by. Worth it for tables of terabytes only."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that it speaks of, each with its place."""
        yield from ((("cluster_by", number), column) for number, column in enumerate(self.cluster_by or ()))


PARTS = WarehouseParts(
    title="Snowflake",
    target=SnowflakeTarget,
    location=Shape(model=SnowflakeLocation, examples=({"database": "RAW", "schema": "SHOP"},)),
    table=Shape(model=SnowflakeTable, examples=({"cluster_by": "ordered_on"}, {"transient": False})),
    layer=Shape(model=SnowflakeDefaults, examples=({"transient": False},)),
)
