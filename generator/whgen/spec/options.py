"""`warehouse_options:` - how tables are kept on one warehouse, where the others have nothing like it. One model for each warehouse.

Shape only: what an option means is said in the warehouse's dialect, which gets it as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from whgen.spec.base import ValueOf
from whgen.spec.bigquery_options import BigqueryDefaults, BigqueryTable
from whgen.spec.common import Flag, Names, SpecModel, eg

Place = tuple[str | int, ...]


class PostgresIndex(SpecModel):
    """An index; its columns alone are the short form."""

    short_form: ClassVar[ValueOf] = ValueOf("columns")

    columns: Annotated[Names, eg("tail_number", ["origin_code", "destination_code"])]
    """The columns, in the order in which they are compared."""
    unique: Flag = False
    """Whether no two rows may have the same values in them. Rows that do stop the build of the table."""
    method: Literal["btree", "hash", "brin"] | None = None
    """How it is kept: `brin` is small and for columns that grow with the table, `hash` for long texts."""


class PostgresDefaults(SpecModel):
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


class LayerOptions(SpecModel):
    """How the tables of a layer are kept, for each warehouse."""

    bigquery: Annotated[BigqueryDefaults | None, eg({"labels": {"team": "sales"}})] = None
    """On BigQuery."""
    postgres: Annotated[PostgresDefaults | None, eg({"constraints": True})] = None
    """On Postgres."""


class TableOptions(SpecModel):
    """How a table is kept, for each warehouse. What it does not say, its layer says."""

    bigquery: Annotated[
        BigqueryTable | None,
        eg({"partition_by": {"column": "ordered_on", "granularity": "month"}, "cluster_by": ["customer_id"]}, {"date_partitions": False}),
    ] = None
    """On BigQuery."""
    postgres: Annotated[PostgresTable | None, eg({"unlogged": True}, {"indexes": ["tail_number"]})] = None
    """On Postgres."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that the options of any warehouse speak of, each with its place."""
        for warehouse in type(self).model_fields:
            options = getattr(self, warehouse)
            if options is not None:
                yield from (((warehouse, *place), column) for place, column in options.named())
