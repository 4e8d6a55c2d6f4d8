"""What Snowflake does differently, but for its functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.dialects.physical import Physical, Problem
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Seed, Table, Warehouse
from whgen.sql.types import logical_type, sql_type
from whgen.warehouses.snowflake.functions import LOWERINGS, SnowflakeSql, offers

# The words that Snowflake reserves, and those that cannot be the name of a column.
_WORDS = """
ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME
CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP GSCLUSTER HAVING ILIKE IN
INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER
ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST
UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WITH
"""


# What is written with a cast at its end, and columns, which were made by this dialect.
_TYPED = (exp.Column, exp.Cast, exp.TryCast, exp.IntDiv, exp.Div, exp.SafeDivide, exp.Avg, exp.TimestampDiff)


def _settle(tree: exp.Expr, type_: Type) -> exp.Expr:
    # All exact numbers are of one type here, of as many digits as the value has.
    if type_.kind not in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL):
        return tree
    same = isinstance(tree, _TYPED) and logical_type(tree) == type_
    return tree if same else exp.Cast(this=tree, to=sql_type(type_))


def _spine(first: date, last: date) -> str:
    days = f"DATEADD(DAY, ROW_NUMBER() OVER (ORDER BY NULL) - 1, DATE '{first}')"
    return f"SELECT {days} AS calendar_date\nFROM TABLE(GENERATOR(ROWCOUNT => {(last - first).days + 1}))"


def _physical(table: Table, warehouse: Warehouse) -> Physical:
    del warehouse
    # A name without quotes is folded to capitals; a reserved one stays as it is.
    config: dict[str, Any] = {"quoting": {"identifier": True}} if DIALECT.needs_quotes(table.name) else {}
    if isinstance(table, Seed):
        return Physical(config=config)
    options, own = table.options.settings.get("snowflake", {}), table.options.own.get("snowflake", frozenset())
    if options.get("grants"):
        config["grants"] = {privilege: list(roles) for privilege, roles in options["grants"].items()}
    is_view = table.materialized not in ("table", "incremental")
    for name in ("secure",) if is_view else ("transient", "cluster_by"):
        if name in options:
            config[name] = [DIALECT.name_sql(c) for c in options[name]] if name == "cluster_by" else options[name]
    wrong = [name for name in (("transient", "cluster_by") if is_view else ("secure",)) if name in own]
    what = "tables" if is_view else "views"
    problems = (Problem(f"`{n}` is for {what}, and this is a {table.materialized}", "take the option out", n) for n in wrong)
    return Physical(config=config, problems=tuple(problems))


def _source(location: Mapping[str, Any]) -> Mapping[str, Any]:
    database = {"database": location["database"]} if "database" in location else {}
    return {**database, "schema": location["schema_name"], **({"quoting": {"identifier": True}} if location.get("quoted") else {})}


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    given = target.settings

    def read(name: str, default: object) -> str:
        text = str(default).replace("\\", "\\\\").replace("'", "\\'")
        return f"{{{{ env_var('{variable}_{name}', '{text}') }}}}"

    return {
        "type": "snowflake",
        "account": read("ACCOUNT", given["account"]),
        "user": read("USER", given["user"]),
        # One of them: a password, the file of a private key, or what else the authenticator asks for, as `externalbrowser` does.
        "password": read("PASSWORD", ""),
        "private_key_path": read("PRIVATE_KEY_PATH", ""),
        "private_key_passphrase": read("PRIVATE_KEY_PASSPHRASE", ""),
        "authenticator": read("AUTHENTICATOR", ""),
        "token": read("TOKEN", ""),
        "role": read("ROLE", given.get("role", "")),
        "warehouse": read("WAREHOUSE", given["virtual_warehouse"]),
        "database": read("DATABASE", given["database"]),
        "schema": f"{target.schema_prefix}default",
        **({"query_tag": given["query_tag"]} if "query_tag" in given else {}),
        "threads": given["threads"],
    }


def _missing_login(settings: Mapping[str, Any]) -> tuple[str, str] | None:
    if any(settings.get(name) for name in ("password", "private_key_path", "token", "authenticator")):
        return None
    ways = "set {variable}_PASSWORD, or {variable}_PRIVATE_KEY_PATH, or {variable}_AUTHENTICATOR to what the account logs in by"
    return "there is neither a password nor a key, and no other way to log in", ways


_MOMENT = "'YYYY-MM-DD HH24:MI:SS.FF6'"
_DIGITS = "CAST({x} AS VARCHAR)"
_VALUES = Values(
    texts={
        Kind.DECIMAL: f"CASE WHEN {_DIGITS} LIKE '%.%' THEN RTRIM(RTRIM({_DIGITS}, '0'), '.') ELSE {_DIGITS} END",
        Kind.FLOAT: "LOWER(CAST({x} + 0 AS VARCHAR))",
        Kind.TIMESTAMP: f"TO_CHAR(CONVERT_TIMEZONE('UTC', {{x}}), {_MOMENT})",
        Kind.DATETIME: f"TO_CHAR({{x}}, {_MOMENT})",
        Kind.DATE: "TO_CHAR({x}, 'YYYY-MM-DD')",
        Kind.TIME: "TO_CHAR({x}, 'HH24:MI:SS.FF6')",
        Kind.JSON: "TO_JSON({x})",
        Kind.BYTES: "HEX_ENCODE({x}, 0)",
        Kind.ARRAY: "TO_JSON({x})",
    },
    hash="MD5({x})",
    number="TO_NUMBER({x}, 'XXXXXXXX')",
)

DIALECT = Dialect(
    name="snowflake",
    adapter="dbt-snowflake",
    is_local=False,
    printer=SnowflakeSql,
    types={
        Kind.STRING: "VARCHAR",
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "NUMBER({}, {})",
        Kind.FLOAT: "DOUBLE",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.DATE: "DATE",
        Kind.TIMESTAMP: "TIMESTAMP_TZ",
        Kind.DATETIME: "TIMESTAMP_NTZ",
        Kind.TIME: "TIME",
        Kind.JSON: "VARIANT",
        Kind.BYTES: "BINARY",
        Kind.ARRAY: "ARRAY",
    },
    reserved=frozenset(_WORDS.split()),
    reserved_schemas=re.compile(r"information_schema"),
    longest_name=255,
    bounds_decimals=True,
    folds_columns=False,
    lowerings=LOWERINGS,
    settle=_settle,
    spine=_spine,
    describe=None,
    narrower={},
    physical=_physical,
    offers=offers,
    values=_VALUES,
    one_database=("account", "database"),
    is_tried=False,
    source=_source,
    profile=_profile,
    missing_login=_missing_login,
    credentials={"PASSWORD": "secret"},
)
