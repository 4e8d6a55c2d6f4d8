"""DuckDB: the embedded warehouse, and the one that every project can be tried on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from whgen.dialects.base import Dialect, Layout
from whgen.dialects.elements import as_subquery
from whgen.dialects.incremental import add_to
from whgen.dialects.physical import plain
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.types import Kind, Type
from whgen.sql.elements import Elements, Place
from whgen.sql.types import sql_type
from whgen.warehouses.duckdb.functions import LOWERINGS

# The words that duckdb_keywords() calls reserved, and those that it takes for a function or a kind of join where a column may stand.
_WORDS = """
ALL ANALYSE ANALYZE AND ANTI ANY ARRAY AS ASC ASOF ASYMMETRIC AT AUTHORIZATION BINARY BOTH BY CASE CAST CHECK COLLATE COLLATION
COLUMN CONCURRENTLY CONSTRAINT CREATE CROSS DEFAULT DEFERRABLE DESC DESCRIBE DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN
FREEZE FROM FULL GLOB GROUP HAVING ILIKE IN INITIALLY INNER INTERSECT INTO IS ISNULL JOIN LAMBDA LATERAL LEADING LEFT LIKE LIMIT
NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER OUTER OVERLAPS PIVOT PIVOT_LONGER PIVOT_WIDER PLACING POSITIONAL PRIMARY QUALIFY
RECURSIVE REFERENCES RETURNING RIGHT SELECT SEMI SHOW SIMILAR SOME SUMMARIZE SYMMETRIC TABLE TABLESAMPLE THEN TO TRAILING TRUE
UNION UNIQUE UNPACK UNPIVOT USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH
"""


class _Generator(Layout, DuckDB.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    pass


class _DuckDB(DuckDB):
    Generator = _Generator


# `whgen` sets the variable to the project folder, so that a view over a file can be read from anywhere. Without it the folder is found
# from where dbt's profile lies, which is beside dbt_project.yml: where dbt was started says nothing of it.
_ROOT = "env_var('WHGEN_ROOT', flags.PROFILES_DIR ~ '/../..')"
_QUOTED_ROOT = f"""{{{{ {_ROOT} | replace("'", "''") }}}}"""


def _settle(tree: exp.Expr, type_: Type) -> exp.Expr:
    # Numbers have more types here than logical ones: whole literals are INTEGER, sums HUGEINT, literals with a point DECIMAL.
    if type_.kind is Kind.DECIMAL:
        same = isinstance(tree, exp.Column | exp.Cast) and tree.type == sql_type(type_)
        return tree if same else exp.Cast(this=tree, to=sql_type(type_))
    wanted = {Kind.INTEGER: exp.DType.BIGINT, Kind.FLOAT: exp.DType.DOUBLE}.get(type_.kind)
    if wanted is None or _yields(tree, wanted):
        return tree
    return exp.Cast(this=tree, to=exp.DataType(this=wanted))


def _yields(tree: exp.Expr, wanted: exp.DType) -> bool:
    """Whether an expression is surely of this type of DuckDB's."""
    match tree:
        case exp.Cast() | exp.TryCast():
            return bool(tree.to.is_type(wanted))
        case exp.Column():
            return tree.type is not None and bool(tree.type.is_type(wanted))
        case exp.Div() | exp.SafeDivide() | exp.Avg():
            return wanted is exp.DType.DOUBLE
        case (
            exp.Extract()
            | exp.DateDiff()
            | exp.Length()
            | exp.RowNumber()
            | exp.Rank()
            | exp.DenseRank()
            | exp.UnixMicros()
            | exp.Count()
            | exp.CountIf()
        ):
            return wanted is exp.DType.BIGINT
        case exp.Sum():
            return wanted is exp.DType.DOUBLE and _yields(tree.this, wanted)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Mod() | exp.IntDiv():
            return _yields(tree.this, wanted) or _yields(tree.expression, wanted)
        case exp.Case():
            arms = [arm.args["true"] for arm in tree.args["ifs"]]
            return any(_yields(arm, wanted) for arm in (*arms, tree.args.get("default")) if arm is not None)
        case exp.If():
            return any(_yields(arm, wanted) for arm in (tree.args["true"], tree.args.get("false")) if arm is not None)
        case (
            exp.Paren()
            | exp.Neg()
            | exp.Abs()
            | exp.Window()
            | exp.Coalesce()
            | exp.Nullif()
            | exp.Min()
            | exp.Max()
            | exp.Lag()
            | exp.Lead()
        ):
            return _yields(tree.this, wanted)
        case exp.Round() | exp.Floor() | exp.Ceil():
            return wanted is exp.DType.DOUBLE and _yields(tree.this, wanted)
        case _:
            return False


def _spine(first: date, last: date) -> str:
    return f"SELECT CAST(generate_series AS DATE) AS calendar_date\nFROM GENERATE_SERIES(DATE '{first}', DATE '{last}', INTERVAL '1' DAY)"


def _csv(location: Mapping[str, str], path: str) -> str:
    # All of it is said: what DuckDB guesses depends on the rows, and it skips those that do not fit its guess.
    delimiter = location.get("delimiter", "\t" if path.endswith(".tsv") else ",").replace("'", "''")
    shape = f"delim = '{delimiter}', quote = '\"', escape = '\"', comment = '', skip = 0"
    return f"header = true, all_varchar = true, nullstr = '', {shape}"


def _source(location: Mapping[str, str]) -> Mapping[str, Any]:
    if "files" not in location:
        return {"schema": location["schema_name"]}
    # dbt-duckdb fills in {identifier}.
    path = location["files"].replace("{table}", "{identifier}").replace("'", "''")
    path = path if path.startswith("/") or "://" in path else f"{_QUOTED_ROOT}/{path}"
    is_csv = path.endswith((".csv", ".csv.gz", ".tsv"))
    reader = f"read_csv('{path}', {_csv(location, path)})" if is_csv else f"'{path}'"
    return {"config": {"meta": {"external_location": reader}}}


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    path = str(target.settings["path"])
    default = f"'{path}'" if path.startswith(("/", ":")) else f"{_ROOT} ~ '/{path}'"
    return {
        "type": "duckdb",
        "path": f"{{{{ env_var('{variable}_PATH', {default}) }}}}",
        "schema": "main",
        "threads": target.settings["threads"],
        # Texts without a zone are instants in UTC, as they are on BigQuery.
        "settings": {"TimeZone": "UTC"},
    }


def _database_file(settings: Mapping[str, Any]) -> str | None:
    path = str(settings["path"])
    return None if path.startswith((":memory:", "md:", "motherduck:")) or "://" in path else path


_ATTACHED = """
select schema_name || '.' || sequence_name from duckdb_sequences() where schema_name = '{schema}'
union
select schema_name || '.' || function_name from duckdb_functions() where schema_name = '{schema}' and not internal
union
select schema_name || '.' || type_name from duckdb_types() where schema_name = '{schema}' and not internal
"""

_DIGITS = "CAST({x} AS VARCHAR)"
_MOMENT = "'%Y-%m-%d %H:%M:%S.%f'"
_VALUES = Values(
    texts={
        Kind.DECIMAL: f"CASE WHEN {_DIGITS} LIKE '%.%' THEN RTRIM(RTRIM({_DIGITS}, '0'), '.') ELSE {_DIGITS} END",
        # 0 is added, since there are two of them.
        Kind.FLOAT: "CASE WHEN {x} IS NOT NULL THEN PRINTF('%.11e', {x} + 0) END",
        Kind.TIMESTAMP: f"STRFTIME({{x}} AT TIME ZONE 'UTC', {_MOMENT})",
        Kind.DATETIME: f"STRFTIME({{x}}, {_MOMENT})",
        Kind.TIME: "STRFTIME(DATE '2000-01-01' + {x}, '%H:%M:%S.%f')",
        Kind.JSON: "CAST(JSON({x}) AS VARCHAR)",
        Kind.BYTES: "LOWER(HEX({x}))",
        Kind.ARRAY: "CAST(TO_JSON({x}) AS VARCHAR)",
    },
    hash="MD5({x})",
    number="CAST('0x' || {x} AS BIGINT)",
)

DIALECT = Dialect(
    name="duckdb",
    adapter="dbt-duckdb",
    is_local=True,
    printer=_DuckDB,
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
        Kind.BYTES: "BLOB",
        Kind.ARRAY: "{}[]",
    },
    reserved=frozenset(_WORDS.split()),
    reserved_schemas=re.compile(r"information_schema|pg_catalog|temp|system"),
    # It has no limit of its own; files named after tables have one.
    longest_name=240,
    bounds_decimals=True,
    folds_columns=True,
    lowerings={**LOWERINGS, Elements: as_subquery, Place: "{this}"},
    has_asof=True,
    settle=_settle,
    spine=_spine,
    values=_VALUES,
    one_database=("path",),
    describe="describe select * from {relation}",
    narrower={
        **dict.fromkeys(("INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"), Kind.INTEGER),
        "FLOAT": Kind.FLOAT,
    },
    physical=plain,
    increment=partial(add_to, earliest="-infinity"),
    source=_source,
    profile=_profile,
    attached=_ATTACHED,
    server_version="select ltrim(version(), 'v')",
    oldest_server=1,
    database_file=_database_file,
    file_setting="path",
)
