"""The outcome of a build -> the SQL that keeps it in the warehouse, and the queries that tell of it later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.types import Kind, Type

RUNS, NODES, MIGRATIONS = "whgen_runs", "whgen_run_nodes", "whgen_migrations"
_ROWS_AT_ONCE = 200
_KINDS = {"str": Kind.STRING, "int": Kind.INTEGER, "float": Kind.FLOAT, "bool": Kind.BOOLEAN, "datetime": Kind.TIMESTAMP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command that built or tested something. Its fields are the columns of the table."""

    run_id: str
    started_at: datetime
    command: str
    target: str
    selection: str
    """What was selected; empty for all of it."""
    status: str
    seconds: float
    built: int
    tests_passed: int
    warned: int
    failed: int
    skipped: int
    commit_id: str | None
    """The commit of the project that was at hand."""
    whgen_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNode:
    """What became of one model, seed, snapshot or test."""

    run_id: str
    name: str
    kind: str
    status: str
    seconds: float
    row_count: int | None
    failures: int | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRow:
    """A statement that brought a table of the target to its new names."""

    migrated_at: datetime
    target: str
    table_name: str
    statement: str
    commit_id: str | None
    whgen_version: str


def ledger(rows: Sequence[MigrationRow], dialect: Dialect, place: str) -> Iterator[str]:
    """The statements that note migrations."""
    yield _table(place, MigrationRow, dialect)
    yield _insert(place, rows, dialect)


def tables(dialect: Dialect, place: Mapping[str, str]) -> Iterator[str]:
    """The statements that make the tables where there are none; `place` holds the full name of each."""
    for name, shape in ((RUNS, Run), (NODES, RunNode)):
        yield _table(place[name], shape, dialect)


def _table(place: str, shape: type[Run] | type[RunNode] | type[MigrationRow], dialect: Dialect) -> str:
    columns = ", ".join(f"{dialect.name_sql(f.name)} {dialect.type_name(Type(_kind(str(f.type))))}" for f in fields(shape))
    return f"CREATE TABLE IF NOT EXISTS {place} ({columns})"


def inserts(run: Run, nodes: Sequence[RunNode], dialect: Dialect, place: Mapping[str, str]) -> Iterator[str]:
    """The statements that add a run."""
    # The run comes last: what is there of one that has no row was cut off.
    for start in range(0, len(nodes), _ROWS_AT_ONCE):
        yield _insert(place[NODES], nodes[start : start + _ROWS_AT_ONCE], dialect)
    yield _insert(place[RUNS], [run], dialect)


def _insert(table: str, rows: Sequence[Run] | Sequence[RunNode] | Sequence[MigrationRow], dialect: Dialect) -> str:
    names = [f.name for f in fields(rows[0])]
    values = ",\n".join(f"({', '.join(_value(getattr(row, n), dialect) for n in names)})" for row in rows)
    return f"INSERT INTO {table} ({', '.join(dialect.name_sql(n) for n in names)}) VALUES\n{values}"


def _kind(annotation: str) -> Kind:
    return _KINDS[annotation.partition(" ")[0]]


def _value(value: object, dialect: Dialect) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return repr(value)
        case datetime():
            return f"CAST('{value.isoformat(sep=' ')}' AS {dialect.types[Kind.TIMESTAMP]})"
        case _:
            return dialect.line(exp.Literal.string(str(value)))


def latest(place: Mapping[str, str], limit: int) -> str:
    """The last runs, the newest first."""
    return (
        "SELECT run_id, started_at, command, selection, status, seconds, built, tests_passed, warned, failed, skipped, commit_id\n"
        f"FROM {place[RUNS]}\nORDER BY started_at DESC\nLIMIT {limit}"
    )


def _recent(place: Mapping[str, str], limit: int) -> str:
    return f"WITH recent AS (SELECT run_id, started_at FROM {place[RUNS]} ORDER BY started_at DESC LIMIT {limit})"


def slowest(place: Mapping[str, str], limit: int) -> str:
    """What took longest on average in the last runs: how often it ran, on average, at most."""
    return (
        f"{_recent(place, limit)}\nSELECT n.name, n.kind, COUNT(*) AS runs, AVG(n.seconds) AS mean, MAX(n.seconds) AS longest\n"
        f"FROM {place[NODES]} AS n\nINNER JOIN recent ON recent.run_id = n.run_id\nWHERE n.status <> 'skipped'\n"
        "GROUP BY n.name, n.kind\nORDER BY mean DESC, n.name\nLIMIT 20"
    )


def flaky(place: Mapping[str, str], limit: int) -> str:
    """The tests that now passed and now did not: in how many of the last runs they ran, failed, and how often that turned."""
    return (
        f"{_recent(place, limit)},\nresults AS (\n    SELECT\n        n.name,\n        n.status,\n"
        "        LAG(n.status) OVER (PARTITION BY n.name ORDER BY recent.started_at) AS before\n"
        f"    FROM {place[NODES]} AS n\n    INNER JOIN recent ON recent.run_id = n.run_id\n"
        "    WHERE n.kind = 'test' AND n.status <> 'skipped'\n)\n"
        "SELECT\n    name,\n    COUNT(*) AS runs,\n    SUM(CASE WHEN status <> 'ok' THEN 1 ELSE 0 END) AS failed,\n"
        "    SUM(CASE WHEN before <> status THEN 1 ELSE 0 END) AS turns\nFROM results\nGROUP BY name\n"
        "HAVING SUM(CASE WHEN before <> status THEN 1 ELSE 0 END) > 0\nORDER BY turns DESC, failed DESC, name\nLIMIT 20"
    )


def row_counts(place: Mapping[str, str], limit: int, dialect: Dialect, name: str | None) -> str:
    """The rows of each table, or of one, after each of the last runs, the newest first."""
    only = f" AND n.name = {_value(name, dialect)}" if name is not None else ""
    return (
        f"{_recent(place, limit)}\nSELECT n.name, recent.started_at, n.row_count\nFROM {place[NODES]} AS n\n"
        f"INNER JOIN recent ON recent.run_id = n.run_id\nWHERE n.row_count IS NOT NULL{only}\nORDER BY n.name, recent.started_at DESC"
    )
