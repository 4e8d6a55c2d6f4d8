"""Postgres."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from whgen.dialects.base import Dialect, Layout
from whgen.dialects.postgres_functions import LOWERINGS
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Target
from whgen.sql.types import logical_type, sql_type

# The words that pg_get_keywords() calls reserved.
_WORDS = """
ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC AUTHORIZATION BINARY BOTH CASE CAST CHECK COLLATE COLLATION COLUMN CONCURRENTLY
CONSTRAINT CREATE CROSS CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT
DEFERRABLE DESC DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL GRANT GROUP HAVING ILIKE IN INITIALLY INNER
INTERSECT INTO IS ISNULL JOIN LATERAL LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER
OUTER OVERLAPS PLACING PRIMARY REFERENCES RETURNING RIGHT SELECT SESSION_USER SIMILAR SOME SYMMETRIC SYSTEM_USER TABLE TABLESAMPLE THEN
TO TRAILING TRUE UNION UNIQUE USER USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH
"""


class _Generator(Layout, Postgres.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    pass


class _Postgres(Postgres):
    Generator = _Generator


def _settle(tree: exp.Expr, type_: Type) -> exp.Expr:
    # Numbers have more types here than logical ones: whole literals are INTEGER, sums NUMERIC.
    if type_.kind not in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL):
        return tree
    same = isinstance(tree, exp.Column) and logical_type(tree) == type_
    return tree if same else exp.Cast(this=tree, to=sql_type(type_))


def _spine(first: date, last: date) -> str:
    return f"SELECT CAST(day AS DATE) AS calendar_date\nFROM GENERATE_SERIES(DATE '{first}', DATE '{last}', INTERVAL '1 day') AS day"


def _source(location: Mapping[str, str]) -> Mapping[str, Any]:
    return {"schema": location["schema_name"]}


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    raise NotImplementedError(f"{target.name}: {variable}")


POSTGRES = Dialect(
    name="postgres",
    adapter="dbt-postgres",
    is_local=False,
    printer=_Postgres,
    types={
        Kind.STRING: "TEXT",
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "NUMERIC({}, {})",
        Kind.FLOAT: "DOUBLE PRECISION",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.DATE: "DATE",
        Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
        Kind.DATETIME: "TIMESTAMP",
        Kind.TIME: "TIME",
        Kind.JSON: "JSONB",
        Kind.BYTES: "BYTEA",
        Kind.ARRAY: "{}[]",
    },
    reserved=frozenset(_WORDS.split()),
    reserved_schemas=re.compile(r"information_schema|pg_.*"),
    longest_name=63,
    folds_columns=False,
    lowerings=LOWERINGS,
    settle=_settle,
    spine=_spine,
    source=_source,
    profile=_profile,
)
