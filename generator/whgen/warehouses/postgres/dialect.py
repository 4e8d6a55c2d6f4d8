"""Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from whgen.dialects.base import Dialect, Layout
from whgen.dialects.elements import with_ordinality
from whgen.dialects.incremental import add_to
from whgen.dialects.physical import Physical
from whgen.dialects.values import Values
from whgen.ir.environment import Target
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Table, Warehouse
from whgen.sql.elements import Elements, Place
from whgen.sql.types import logical_type, sql_type
from whgen.warehouses.postgres.build_lock import BUILD_LOCK
from whgen.warehouses.postgres.functions import LOWERINGS
from whgen.warehouses.postgres.tables import physical

# The words that pg_get_keywords() calls reserved.
_WORDS = """
ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC AUTHORIZATION BINARY BOTH CASE CAST CHECK COLLATE COLLATION COLUMN CONCURRENTLY
CONSTRAINT CREATE CROSS CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT
DEFERRABLE DESC DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL GRANT GROUP HAVING ILIKE IN INITIALLY INNER
INTERSECT INTO IS ISNULL JOIN LATERAL LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER
OUTER OVERLAPS PLACING PRIMARY REFERENCES RETURNING RIGHT SELECT SESSION_USER SIMILAR SOME SYMMETRIC SYSTEM_USER TABLE TABLESAMPLE THEN
TO TRAILING TRUE UNION UNIQUE USER USING VARIADIC VERBOSE WHEN WHERE WINDOW WITH
"""


# Names of its own types in capitals, as in the table of types below; those that users made as they are.
_DESCRIBE = """
select
    attname,
    case
        when typnamespace = 'pg_catalog'::regnamespace
            then replace(upper(format_type(atttypid, atttypmod)), ' WITHOUT TIME ZONE', '')
        else format_type(atttypid, atttypmod)
    end
from pg_attribute
inner join pg_type
    on atttypid = pg_type.oid
where attrelid = '{text}'::regclass and attnum > 0 and not attisdropped
order by attnum
"""


# What is no table, and views elsewhere that read the schema. What else depends on it is refused when it is dropped.
_ATTACHED = """
select nspname || '.' || relname
from pg_class
inner join pg_namespace
    on relnamespace = pg_namespace.oid
where nspname = '{schema}' and relkind in ('f', 'S', 'c')
union
select nspname || '.' || proname
from pg_proc
inner join pg_namespace
    on pronamespace = pg_namespace.oid
where nspname = '{schema}'
union
select outside.nspname || '.' || reader.relname
from pg_depend
inner join pg_rewrite
    on objid = pg_rewrite.oid
inner join pg_class as reader
    on ev_class = reader.oid
inner join pg_namespace as outside
    on reader.relnamespace = outside.oid
inner join pg_class as read
    on refobjid = read.oid
inner join pg_namespace as inside
    on read.relnamespace = inside.oid
where inside.nspname = '{schema}' and outside.nspname not in ({schemas})
"""


class _Generator(Layout, Postgres.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    # What looks into JSON takes JSONB.
    TYPE_MAPPING: ClassVar = {**Postgres.Generator.TYPE_MAPPING, exp.DType.JSON: "JSONB"}


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


def _drop(schemas: Sequence[str], inside: Sequence[tuple[str, str]]) -> Iterator[str]:
    # All of a kind at once, since they may refer to each other; without CASCADE, which would take what refers to them from elsewhere.
    for kind in ("view", "materialized_view", "table"):
        if names := [name for type_, name in inside if type_ == kind]:
            yield f"drop {kind.replace('_', ' ')} {', '.join(names)}"
    yield f"drop schema {', '.join(DIALECT.name_sql(s) for s in schemas)}"


def _source(location: Mapping[str, str]) -> Mapping[str, Any]:
    return {"schema": location["schema_name"]}


def _physical(table: Table, warehouse: Warehouse) -> Physical:
    return physical(table, warehouse, DIALECT.name_sql)


def _profile(target: Target, variable: str) -> Mapping[str, Any]:
    given = target.settings
    optional = {key: given[key] for key in ("role", "search_path", "sslmode", "sslrootcert") if key in given}
    return {
        "type": "postgres",
        "host": f"{{{{ env_var('{variable}_HOST', {_text(given['host'])}) }}}}",
        "port": f"{{{{ env_var('{variable}_PORT', '{given['port']}') | as_number }}}}",
        "user": f"{{{{ env_var('{variable}_USER', {_text(given['user'])}) }}}}",
        # Without the variable libpq looks into ~/.pgpass, and a server that trusts its clients asks for none.
        "password": f"{{{{ env_var('{variable}_PASSWORD', '') }}}}",
        "dbname": f"{{{{ env_var('{variable}_DBNAME', {_text(given['dbname'])}) }}}}",
        "schema": f"{target.schema_prefix}default",
        **optional,
        "connect_timeout": given["connect_timeout"],
        "retries": given["retries"],
        "threads": given["threads"],
    }


def _text(value: object) -> str:
    """A text of Jinja's."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


_MOMENT = "'YYYY-MM-DD HH24:MI:SS.US'"
_VALUES = Values(
    texts={
        Kind.DECIMAL: "CAST(TRIM_SCALE({x}) AS TEXT)",
        # 0 is added, since there are two of them.
        Kind.FLOAT: "CASE WHEN CAST({x} AS TEXT) IN ('NaN', 'Infinity', '-Infinity') "
        "THEN REPLACE(LOWER(CAST({x} AS TEXT)), 'infinity', 'inf') ELSE LTRIM(TO_CHAR({x} + 0, '9.99999999999EEEE')) END",
        Kind.TIMESTAMP: f"CASE WHEN ISFINITE({{x}}) THEN TO_CHAR({{x}} AT TIME ZONE 'UTC', {_MOMENT}) ELSE CAST({{x}} AS TEXT) END",
        Kind.DATETIME: f"CASE WHEN ISFINITE({{x}}) THEN TO_CHAR({{x}}, {_MOMENT}) ELSE CAST({{x}} AS TEXT) END",
        Kind.DATE: "CASE WHEN ISFINITE({x}) THEN TO_CHAR({x}, 'YYYY-MM-DD') ELSE CAST({x} AS TEXT) END",
        Kind.TIME: "TO_CHAR(CAST({x} AS INTERVAL), 'HH24:MI:SS.US')",
        Kind.BYTES: "ENCODE({x}, 'hex')",
        Kind.ARRAY: "CAST(TO_JSON({x}) AS TEXT)",
    },
    hash="MD5({x})",
    number="CAST('0x' || {x} AS BIGINT)",
)

DIALECT = Dialect(
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
    bounds_decimals=True,
    folds_columns=False,
    lowerings={**LOWERINGS, Elements: with_ordinality, Place: "{this}"},
    settle=_settle,
    spine=_spine,
    values=_VALUES,
    one_database=("host", "port", "dbname"),
    describe=_DESCRIBE,
    narrower={
        "SMALLINT": Kind.INTEGER,
        "INTEGER": Kind.INTEGER,
        "REAL": Kind.FLOAT,
        "CHARACTER VARYING": Kind.STRING,
        "TIMESTAMP": Kind.DATETIME,
        "TIMESTAMP WITH TIME ZONE": Kind.TIMESTAMP,
        "TIME": Kind.TIME,
        "JSON": Kind.JSON,
    },
    physical=_physical,
    increment=partial(add_to, earliest="-infinity"),
    source=_source,
    profile=_profile,
    attached=_ATTACHED,
    drop=_drop,
    server_version="show server_version",
    oldest_server=16,
    build_lock=BUILD_LOCK,
    credentials={"PASSWORD": "secret"},
)
