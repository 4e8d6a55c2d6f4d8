"""BigQuery: the warehouse in production, and by default the dialect that expressions are written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.trie import new_trie

from whgen.dialects.base import Dialect, Layout
from whgen.dialects.elements import with_offset
from whgen.dialects.lowering import Lowerings, Pattern, kind, target_type
from whgen.dialects.physical import Physical
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.ir.warehouse import Table, Warehouse
from whgen.sql.elements import Elements, Place
from whgen.warehouses.bigquery.incremental import granularity, increment
from whgen.warehouses.bigquery.login import missing_login
from whgen.warehouses.bigquery.tables import physical, policy_tags

_WORDS = """
ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT
DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING
GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT
NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET
SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN
"""


class _Generator(Layout, BigQuery.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    pass


class _BigQuery(BigQuery):
    Generator = _Generator


# Formats stay as they were written: sqlglot would make %F of %Y-%m-%d.
_SHORT = ("%Y-%m-%d", "%H:%M:%S")
_BigQuery.INVERSE_TIME_MAPPING = {long: short for long, short in BigQuery.INVERSE_TIME_MAPPING.items() if long not in _SHORT}
_BigQuery.INVERSE_TIME_TRIE = new_trie(_BigQuery.INVERSE_TIME_MAPPING)


def _cast(node: exp.Expr) -> Pattern:
    if target_type(node).is_type(exp.DType.DECIMAL) and target_type(node).expressions:
        # A cast to NUMERIC takes no precision: digits behind the scale are rounded away by themselves.
        scale = int(target_type(node).expressions[1].name) if len(target_type(node).expressions) > 1 else 0
        plain = type(node)(this=copied(node.this), to=exp.DataType.build("decimal"), safe=node.args.get("safe"))
        return exp.Round(this=plain, decimals=exp.Literal.number(scale))
    if target_type(node).is_type(exp.DType.JSON):
        return f"{'SAFE.PARSE_JSON' if isinstance(node, exp.TryCast) else 'PARSE_JSON'}({{this}})"
    return None


def _unix_micros(node: exp.Expr) -> Pattern:
    # Only instants can be counted, so the clock is read as if it hung in Greenwich.
    return "UNIX_MICROS(TIMESTAMP({this}, 'UTC'))" if kind(node.this) is Kind.DATETIME else None


LOWERINGS: Lowerings = {exp.Cast: _cast, exp.TryCast: _cast, exp.UnixMicros: _unix_micros}


def _spine(first: date, last: date) -> str:
    return f"SELECT calendar_date\nFROM UNNEST(GENERATE_DATE_ARRAY(DATE '{first}', DATE '{last}')) AS calendar_date"


def _source(location: Mapping[str, str]) -> Mapping[str, Any]:
    project = {"database": location["project"]} if "project" in location else {}
    return {**project, "schema": location["dataset"]}


def _physical(table: Table, warehouse: Warehouse) -> Physical:
    return physical(table, warehouse, DIALECT.name_sql)


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    if "emulator" in target.settings:
        return _profile_of_emulator(target, variable)
    given = target.settings
    limits = {key: given[key] for key in ("job_execution_timeout_seconds", "job_retries") if key in given}
    if "maximum_bytes_billed" in given:
        default = given["maximum_bytes_billed"]
        limits["maximum_bytes_billed"] = f"{{{{ env_var('{variable}_MAXIMUM_BYTES_BILLED', '{default}') | as_number }}}}"
    pays = {}
    if "execution_project" in given:
        pays["execution_project"] = f"{{{{ env_var('{variable}_EXECUTION_PROJECT', '{given['execution_project']}') }}}}"
    account = given.get("impersonate_service_account", "")
    return {
        "type": "bigquery",
        # `oauth` uses the login of gcloud or of the machine; `service-account` a key file.
        "method": f"{{{{ env_var('{variable}_METHOD', 'oauth') }}}}",
        "keyfile": f"{{{{ env_var('{variable}_KEYFILE', '') }}}}",
        # The account that either of them acts as.
        "impersonate_service_account": f"{{{{ env_var('{variable}_IMPERSONATE_SERVICE_ACCOUNT', '{account}') }}}}",
        "project": f"{{{{ env_var('{variable}_PROJECT', '{target.settings['project']}') }}}}",
        **pays,
        "dataset": f"{{{{ env_var('{variable}_DATASET', '{target.schema_prefix}default') }}}}",
        "location": f"{{{{ env_var('{variable}_LOCATION', '{target.settings['location']}') }}}}",
        "priority": given["priority"],
        **limits,
        "threads": given["threads"],
    }


def _in_location(settings: Mapping[str, Any]) -> str | None:
    region = str(settings.get("location") or "US").lower()
    return f"select schema_name from `{settings['database']}`.`region-{region}`.INFORMATION_SCHEMA.SCHEMATA"


def _profile_of_emulator(target: Target, variable: str) -> Mapping[str, Any]:
    return {
        "type": "bigquery",
        # An emulator asks for no login, and what is sent instead of one must not be an account's.
        "method": "oauth-secrets",
        "token": "none",
        "api_endpoint": f"{{{{ env_var('{variable}_ENDPOINT', '{target.settings['emulator']}') }}}}",
        "project": f"{{{{ env_var('{variable}_PROJECT', '{target.settings['project']}') }}}}",
        "dataset": f"{target.schema_prefix}default",
        "location": target.settings["location"],
        # What fails on this machine fails again.
        "job_retries": 0,
        "threads": target.settings["threads"],
    }


_VALUES = Values(
    texts={
        # 0 is added, since there are two of them.
        Kind.FLOAT: "LOWER(FORMAT('%.11e', {x} + 0))",
        Kind.TIMESTAMP: "FORMAT_TIMESTAMP('%E4Y-%m-%d %H:%M:%E6S', {x}, 'UTC')",
        Kind.DATETIME: "FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%E6S', {x})",
        Kind.TIME: "FORMAT_TIME('%H:%M:%E6S', {x})",
        Kind.JSON: "TO_JSON_STRING({x})",
        Kind.BYTES: "TO_HEX({x})",
        Kind.ARRAY: "TO_JSON_STRING({x})",
        Kind.UNKNOWN: "TO_JSON_STRING({x})",
    },
    hash="TO_HEX(MD5({x}))",
    number="CAST(CONCAT('0x', {x}) AS INT64)",
)

DIALECT = Dialect(
    name="bigquery",
    adapter="dbt-bigquery",
    is_local=False,
    printer=_BigQuery,
    types={
        Kind.STRING: "STRING",
        Kind.INTEGER: "INT64",
        Kind.DECIMAL: "NUMERIC({}, {})",
        Kind.FLOAT: "FLOAT64",
        Kind.BOOLEAN: "BOOL",
        Kind.DATE: "DATE",
        Kind.TIMESTAMP: "TIMESTAMP",
        Kind.DATETIME: "DATETIME",
        Kind.TIME: "TIME",
        Kind.JSON: "JSON",
        Kind.BYTES: "BYTES",
        Kind.ARRAY: "ARRAY<{}>",
    },
    reserved=frozenset(_WORDS.split()),
    reserved_schemas=re.compile(r"information_schema"),
    longest_name=300,
    bounds_decimals=False,
    folds_columns=True,
    lowerings={**LOWERINGS, Elements: with_offset, Place: "{this} + 1"},
    settle=lambda tree, _: tree,
    spine=_spine,
    values=_VALUES,
    one_database=("location",),
    describe=None,
    narrower={},
    physical=_physical,
    variables=policy_tags,
    increment=increment,
    granularity=granularity,
    source=_source,
    profile=_profile,
    in_location=_in_location,
    missing_login=missing_login,
    estimates=True,
    # Models of BigQuery ML; of those no view of the information schema tells.
    listed=lambda client, project, dataset: [m.model_id for m in client.list_models(f"{project}.{dataset}")],
    attached="select routine_schema || '.' || routine_name from `{database}`.`{schema}`.INFORMATION_SCHEMA.ROUTINES",
    credentials={"METHOD": "service-account", "KEYFILE": "file"},
)
