"""`model:` - a hand-written SELECT that stands in the same graph, with types, tests and docs like the rest."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from whgen.spec.common import ColumnSpec, Documented, Materialized, Name, Names, SqlByWarehouse, TestRule, Text


class ModelSpec(Documented):
    """A hand-written model. It refers to other models by their names in the warehouse, such as `fact_flight`."""

    model: Name
    """Name of the model, also in the warehouse."""
    grain: Text | None = None
    """What one row stands for, in words."""
    key: Names | None = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    sql: SqlByWarehouse | None = None
    """One SELECT in the dialect of the project, or one for each warehouse."""
    file: Text | None = None
    """Instead of `sql`: a file that holds the SELECT, relative to this file. It may hold dbt's Jinja and then goes through as it is."""
    columns: Annotated[dict[Name, ColumnSpec], Field(min_length=1)]
    """The columns of the SELECT."""
    materialized: Materialized | None = None
    """How dbt builds the model; the production layer's way when not given."""
    tests: tuple[TestRule, ...] = ()
    """Tests of whole rows."""
    dbt: dict[str, Any] = {}
    """Further configuration of the dbt model, passed on as it is."""

    @model_validator(mode="after")
    def _one_body(self) -> ModelSpec:
        if (self.sql is None) == (self.file is None):
            raise ValueError("give either `sql` or `file`")
        return self
