"""Trino, as far as a test needs it: the one file that makes a warehouse of it, when it lies in `warehouses/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from whgen.dialects.base import Dialect, Layout
from whgen.dialects.physical import Physical
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Table, Warehouse
from whgen.spec.common import Names, SourceName, SpecModel, Text, eg
from whgen.spec.warehouse_parts import Shape, TableSettings, TargetSpec, WarehouseParts
from whgen.sql.types import sql_type


class TrinoTarget(TargetSpec):
    """A target on Trino: a catalog of a cluster."""

    warehouse: Literal["trino"]
    """The kind of warehouse."""
    host: Annotated[Text, eg("trino.example.org")]
    """Name of the coordinator."""
    catalog: Annotated[Text, eg("lake")]
    """Catalog that holds the schemas."""


class TrinoLocation(SpecModel):
    """Where Trino finds the tables."""

    schema_name: Annotated[SourceName, eg("raw")]
    """Schema that holds the tables."""


class TrinoTable(TableSettings):
    """How a table is kept on Trino."""

    partitioned_by: Annotated[Names | None, eg("ordered_on")] = None
    """The columns that it is divided by."""


PARTS = WarehouseParts(
    title="Trino",
    target=TrinoTarget,
    location=Shape(model=TrinoLocation, examples=({"schema_name": "raw"},)),
    table=Shape(model=TrinoTable, examples=({"partitioned_by": "ordered_on"},)),
)


class _Generator(Layout, Trino.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    pass


class _Trino(Trino):
    Generator = _Generator


def _settle(tree: exp.Expr, type_: Type) -> exp.Expr:
    return exp.Cast(this=tree, to=sql_type(type_)) if type_.kind is Kind.INTEGER and not isinstance(tree, exp.Column) else tree


def _spine(first: date, last: date) -> str:
    return f"SELECT calendar_date\nFROM UNNEST(SEQUENCE(DATE '{first}', DATE '{last}')) AS days (calendar_date)"


def _physical(table: Table, warehouse: Warehouse) -> Physical:
    del warehouse
    columns = table.options.settings.get("trino", {}).get("partitioned_by", ())
    return Physical(config={"properties": {"partitioned_by": list(columns)}} if columns else {})


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    return {
        "type": "trino",
        "host": f"{{{{ env_var('{variable}_HOST', '{target.settings['host']}') }}}}",
        "database": target.settings["catalog"],
        "schema": f"{target.schema_prefix}default",
        "threads": target.settings["threads"],
    }


DIALECT = Dialect(
    name="trino",
    adapter="dbt-trino",
    is_local=False,
    printer=_Trino,
    types={
        Kind.STRING: "VARCHAR",
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "DECIMAL({}, {})",
        Kind.FLOAT: "DOUBLE",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.DATE: "DATE",
        Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
        Kind.DATETIME: "TIMESTAMP",
        Kind.TIME: "TIME",
        Kind.JSON: "JSON",
        Kind.BYTES: "VARBINARY",
        Kind.ARRAY: "ARRAY({})",
    },
    reserved=frozenset({"ORDER", "GROUP", "SELECT", "FROM", "TABLE", "WHERE"}),
    reserved_schemas=re.compile("information_schema"),
    longest_name=128,
    bounds_decimals=True,
    folds_columns=True,
    lowerings={},
    settle=_settle,
    spine=_spine,
    describe=None,
    narrower={},
    physical=_physical,
    is_tried=False,
    values=Values(texts={}, hash="LOWER(TO_HEX(MD5(TO_UTF8({x}))))", number="FROM_BASE({x}, 16)"),
    one_database=("host", "catalog"),
    source=lambda location: {"schema": location["schema_name"]},
    profile=_profile,
)
