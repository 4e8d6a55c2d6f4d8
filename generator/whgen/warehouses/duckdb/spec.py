"""What specs say of DuckDB."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from whgen.spec.combination import Combination, Needs, OneOf
from whgen.spec.common import SourceName, SpecModel, Text, eg
from whgen.spec.warehouse_parts import Shape, TargetSpec, WarehouseParts


class DuckdbTarget(TargetSpec):
    """A target on DuckDB: one file on this machine."""

    warehouse: Literal["duckdb"]
    """The kind of warehouse."""
    path: Annotated[Text, eg("shop.duckdb")]
    """Path of the database file, relative to the project folder."""
    publish: Annotated[Literal["direct", "audited"], eg("audited")] = "direct"
    """How builds get there: `direct` builds in the file; `audited` builds and tests in a copy of it, which takes its place when all tests
    of the run have passed. `whgen rollback` brings back what was there before."""


class DuckdbLocation(SpecModel):
    """Where DuckDB finds the tables: files, or a schema of the database."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("files", "schema"), "give either `files` or `schema`"),
        Needs(("delimiter", "files"), "`delimiter` is of `files`"),
    )

    files: Annotated[Text | None, eg("data/raw/{table}.csv")] = None
    """Path or glob of a CSV, Parquet or JSON file, relative to the project folder; `{table}` stands for the table's name."""
    delimiter: Annotated[Text | None, Field(min_length=1, max_length=1), eg(";")] = None
    """What stands between the values of a CSV file; a comma when not given, and a tab in a `.tsv` file."""
    schema_name: Annotated[SourceName | None, Field(alias="schema"), eg("raw")] = None
    """Schema that holds the tables."""


PARTS = WarehouseParts(
    title="DuckDB",
    target=DuckdbTarget,
    location=Shape(model=DuckdbLocation, examples=({"files": "data/raw/{table}.csv"}, {"schema": "raw"})),
    is_written=True,
)
