"""What specs say of Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictInt

from whgen.spec.base import ValueOf
from whgen.spec.common import Flag, Name, Names, SourceName, SpecModel, Text, eg
from whgen.spec.warehouse_parts import Place, Shape, TableSettings, TargetSpec, WarehouseParts


class PostgresTarget(TargetSpec):
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


class PostgresLocation(SpecModel):
    """Where Postgres finds the tables."""

    schema_name: Annotated[SourceName, Field(alias="schema"), eg("raw")]
    """Schema of the target's database that holds the tables."""


class PostgresIndex(SpecModel):
    """An index; its columns alone are the short form."""

    short_form: ClassVar[ValueOf] = ValueOf("columns")

    columns: Annotated[Names, eg("tail_number", ["origin_code", "destination_code"])]
    """The columns, in the order in which they are compared."""
    unique: Flag = False
    """Whether no two rows may have the same values in them. Rows that do stop the build of the table."""
    method: Literal["btree", "hash", "brin"] | None = None
    """How it is kept: `brin` is small and for columns that grow with the table, `hash` for long texts."""


class PostgresDefaults(TableSettings):
    """How the tables of a layer are kept on Postgres."""

    unlogged: Flag | None = None
    """Write no log of what is built: faster, and the table is empty after a crash of the server, until it is built again."""
    constraints: Flag | None = None
    """Declare primary keys, and foreign keys of facts, which Postgres then enforces. Data types are declared with them."""
    key_indexes: Flag | None = None
    """Index the keys that tables are joined on: of a fact those of its dimensions, of a dimension its own. True when not given."""
    grants: Annotated[
        dict[Literal["select", "insert", "update", "delete", "truncate", "references", "trigger"], Names] | None,
        Field(min_length=1),
        eg({"select": ["reporting"]}),
    ] = None
    """Who may use the tables: privileges, each with the roles that have it. dbt takes it from all others. They need USAGE of the schema."""


class PostgresTable(PostgresDefaults):
    """How a table is kept on Postgres."""

    indexes: Annotated[tuple[PostgresIndex, ...], Field(min_length=1), eg(["tail_number", {"columns": "sent_at", "method": "brin"}])] = ()
    """Further indexes."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that it speaks of, each with its place."""
        for number, index in enumerate(self.indexes):
            yield from ((("indexes", number, "columns", n), column) for n, column in enumerate(index.columns))


PARTS = WarehouseParts(
    title="Postgres",
    target=PostgresTarget,
    location=Shape(model=PostgresLocation, examples=({"schema": "raw"},)),
    table=Shape(model=PostgresTable, examples=({"unlogged": True}, {"indexes": ["tail_number"]})),
    layer=Shape(model=PostgresDefaults, examples=({"constraints": True},)),
)
