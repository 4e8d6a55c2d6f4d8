"""How BigQuery keeps tables: partitions, clusters, expiry, labels, grants; of a fact unasked by its event's date and its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from whgen.dialects.physical import Physical, Problem
from whgen.ir.types import Kind, a
from whgen.ir.warehouse import CalendarDimension, ComputedDimension, Dimension, Fact, HandWritten, Role, Seed, Staging, Table, Warehouse

_KEPT = ("table", "incremental")
_OF_TABLES = ("partition_by", "cluster_by", "require_partition_filter", "partition_expiration_days")
_PASSED_ON = ("require_partition_filter", "partition_expiration_days", "hours_to_expiration", "labels")
_TIMES = {Kind.DATE: "date", Kind.TIMESTAMP: "timestamp", Kind.DATETIME: "datetime"}
_UNCLUSTERED = {Kind.FLOAT, Kind.TIME, Kind.JSON, Kind.BYTES, Kind.ARRAY}
INGESTED = "_ingested_at"
"""What the time of ingestion is called where dbt reads it. No column of a spec can have the name."""
_MOST_CLUSTERS = 4
_MOST_PARTITIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Partition:
    """Of an ingestion, `column` is empty: no query of people's filters by it unasked."""

    column: str
    config: Mapping[str, Any]
    note: str = ""


def physical(table: Table, warehouse: Warehouse, quoted: Callable[[str], str]) -> Physical:
    """The configuration of a model; of a seed it is left as it is."""
    tags = {c.name: {"policy_tags": [_tag(c.pii, warehouse)]} for c in table.columns if c.pii in warehouse.policy_tags}
    # dbt sets them where it writes descriptions.
    documented = {"persist_docs": {"relation": True, "columns": True}} if tags else {}
    if isinstance(table, Seed):
        return Physical(config=documented, column_properties=tags)
    options, own = table.options.settings.get("bigquery", {}), table.options.own.get("bigquery", frozenset())
    config: dict[str, Any] = {name: options[name] for name in _PASSED_ON if options.get(name)}
    if "grants" in options:
        config["grants"] = {role: list(members) for role, members in options["grants"].items()}
    if table.materialized not in _KEPT:
        problems = tuple(Problem(f"`{n}` is for tables, and this is a {table.materialized}", _AS_TABLE, n) for n in _OF_TABLES if n in own)
        return Physical(config=config, problems=problems)
    config |= documented
    partition, notes = _partition(table, quoted), []
    if partition is not None:
        config["partition_by"] = dict(partition.config)
        notes += [partition.note] if partition.note else []
    if clustered := options.get("cluster_by"):
        config["cluster_by"] = list(clustered)
    elif isinstance(table, Fact) and "cluster_by" not in table.dbt and options.get("key_clusters", True) and (keys := _joined_on(table)):
        config["cluster_by"] = keys[:_MOST_CLUSTERS]
        which = "the keys" if len(keys) <= _MOST_CLUSTERS else f"the first {_MOST_CLUSTERS} keys"
        notes.append(f"Clustered by {which} that it is joined on: a filter on the first of them reads few blocks.")
    column = quoted(partition.column) if partition is not None else ""
    return Physical(
        config=config,
        column_properties=tags,
        also_selected={INGESTED: _now(partition.config["granularity"])} if partition is not None and not partition.column else {},
        notes=tuple(notes),
        # What dbt's own merges say, to be let through without choosing any partition.
        every_row=f"({column} IS NULL OR {column} IS NOT NULL)" if options.get("require_partition_filter") and column else "",
        forgets="partition_expiration_days" in config,
        problems=(*_unquoted(table, quoted), *_problems(table, partition, warehouse)),
    )


def policy_tags(warehouse: Warehouse) -> dict[str, Any]:
    """The policy tags that differ between targets, as a variable of dbt."""
    by_target: dict[str, dict[str, str]] = {}
    for name, tags in warehouse.policy_tags.items():
        for target, tag in tags.items() if not isinstance(tags, str) else ():
            by_target.setdefault(target, {})[name] = tag
    return {"policy_tags": by_target} if by_target else {}


def _tag(name: str, warehouse: Warehouse) -> str:
    tag = warehouse.policy_tags[name]
    return tag if isinstance(tag, str) else f"{{{{ var('policy_tags')[target.name]['{name}'] }}}}"


_AS_TABLE = "give it `materialized: table`, or take the option out"


def _joined_on(fact: Fact) -> list[str]:
    """The keys of its dimensions but the calendar, which partitions serve."""
    return [r.column.name for r in fact.roles if not isinstance(r.dimension, CalendarDimension)]


def _partition(table: Table, quoted: Callable[[str], str]) -> _Partition | None:
    found = _of_table(table, quoted)
    if found is None or not table.options.settings.get("bigquery", {}).get("copy_partitions"):
        return found
    return replace(found, config={**found.config, "copy_partitions": True})


def _of_table(table: Table, quoted: Callable[[str], str]) -> _Partition | None:
    options = table.options.settings.get("bigquery", {})
    if (given := options.get("partition_by")) is not None:
        if "ingestion" in given:
            return _of_ingestion(given["ingestion"])
        return _Partition(column=given["column"], config=_as_config(table, given))
    by_dbt = "partition_by" in table.dbt
    if isinstance(table, Fact) and table.incremental is not None and table.incremental.is_event:
        column = table.incremental.column
        return _Partition(
            column=column,
            config={"field": column, "data_type": _TIMES[table.incremental.type.kind], "granularity": "day"},
            note=f"Partitioned by the day of {column}: a run replaces days whole, and reads those alone.",
        )
    if isinstance(table, Fact) and not by_dbt and options.get("date_partitions", True) and (role := _event(table)) is not None:
        return _of_event(table, role, quoted)
    return None


def _as_config(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    column = table.column(given["column"])
    if given.get("range"):
        return {"field": given["column"], "data_type": "int64", "range": dict(given["range"])}
    kind = column.type.kind if column is not None else Kind.UNKNOWN
    return {"field": given["column"], "data_type": _TIMES.get(kind, "date"), "granularity": given.get("granularity", "day")}


def _of_ingestion(unit: str) -> _Partition:
    """dbt takes the time from a column that the SELECT has and the table does not."""
    return _Partition(
        column="",
        config={"field": INGESTED, "data_type": "timestamp", "granularity": unit, "time_ingestion_partitioning": True},
        note=f"Partitioned by the {unit} in which rows were put here: dbt makes `_PARTITIONTIME` of {INGESTED}, and no column.",
    )


def _now(unit: str) -> exp.Expr:
    # BigQuery takes no time of ingestion that is not the beginning of a partition.
    return exp.TimestampTrunc(this=exp.CurrentTimestamp(), unit=exp.var(unit.upper()))


def _event(fact: Fact) -> Role | None:
    """The calendar's role that says when the event was: one of the grain, else the first."""
    calendars = [role for role in fact.roles if isinstance(role.dimension, CalendarDimension)]
    grain = {column.name for column in fact.grain_key}
    return next((role for role in calendars if role.on[0] in grain), next(iter(calendars), None))


def _of_event(fact: Fact, role: Role, quoted: Callable[[str], str]) -> _Partition:
    """By month: a day of most facts is too little for a partition, and one job may not write more than 4,000 of them."""
    column = next((c for c in fact.degenerate if c.name == role.on[0] == quoted(c.name) and c.type.kind in _TIMES), None)
    why = "the day of its event: a query of some months reads those alone."
    if column is not None:
        return _Partition(
            column=column.name,
            config={"field": column.name, "data_type": _TIMES[column.type.kind], "granularity": "month"},
            note=f"Partitioned by the month of {column.name}, {why}",
        )
    calendar = role.dimension
    assert isinstance(calendar, CalendarDimension), "chosen as one"
    # A key is a day as yyyymmdd: a hundred of them are a month, ten thousand a year.
    start, end = calendar.first.year * 10_000, (calendar.last.year + 1) * 10_000
    interval, unit = (100, "month") if (end - start) // 100 <= _MOST_PARTITIONS else (10_000, "year")
    return _Partition(
        column=role.column.name,
        config={"field": role.column.name, "data_type": "int64", "range": {"start": start, "end": end, "interval": interval}},
        note=f"Partitioned by the {unit} of {role.column.name} (yyyymmdd), {why}",
    )


def _problems(table: Table, partition: _Partition | None, warehouse: Warehouse) -> Iterator[Problem]:
    options = table.options.settings.get("bigquery", {})
    by = table.incremental if isinstance(table, Fact) else None
    if partition is not None and not partition.column:
        if by is None or by.is_event:
            yield Problem(_NOT_INGESTED, _BY_COLUMN, "partition_by")
            return
    elif partition is not None and "partition_by" in options:
        yield from _of_partition(table, options["partition_by"])
    if options.get("copy_partitions") and (by is None or not by.is_event):
        yield Problem(
            "no run replaces partitions of it, which could be copied", "it is for facts with `incremental: {by: ...}`", "copy_partitions"
        )
    if by is not None and by.is_event:
        yield from _of_increments(table, by.column, options.get("partition_by"))
    yield from _of_clusters(table, options.get("cluster_by") or ())
    if options.get("require_partition_filter"):
        yield from _of_filter(table, partition, warehouse)
    if "partition_expiration_days" in options:
        yield from _of_expiry(table, partition)


_NOT_INGESTED = "its runs put rows in anew, so that the time of their ingestion says nothing"
_BY_COLUMN = "partition it by a `column`; `ingestion` is for facts with `incremental: {loaded: ...}`"


def _unquoted(table: Table, quoted: Callable[[str], str]) -> Iterator[Problem]:
    """Names that need quotes. dbt writes these without, and with quotes of ours would drop the table on each build as another one."""
    options = table.options.settings.get("bigquery", {})
    named = {
        "partition_by": [options["partition_by"]["column"]] if "column" in options.get("partition_by", {}) else [],
        "cluster_by": options.get("cluster_by"),
    }
    for option, names in named.items():
        for name in (n for n in names or () if quoted(n) != n):
            yield Problem(f"`{name}` is a word of BigQuery's SQL, and dbt writes it here without quotes", "rename the column", option)


def _of_partition(table: Table, given: Mapping[str, Any]) -> Iterator[Problem]:
    column, range_, granularity = table.column(given["column"]), given.get("range"), given.get("granularity")
    if column is None:
        return
    kind, name = column.type.kind, column.name
    if kind is Kind.UNKNOWN:
        yield Problem(f"the type of `{name}`, which it is partitioned by, is not known", "declare its `type`", "partition_by")
    elif range_ and kind is not Kind.INTEGER:
        yield Problem(f"`range` is for integers, and `{name}` is {a(column.type)}", "use `granularity`", "partition_by")
    elif not range_ and kind is Kind.INTEGER:
        yield Problem(f"`{name}` is an integer, whose partitions need a `range`", _RANGE, "partition_by")
    elif not range_ and kind not in _TIMES:
        yield Problem(
            f"it cannot be partitioned by `{name}`, which is {a(column.type)}",
            "partitions are of a date, timestamp, datetime or integer",
            "partition_by",
        )
    elif granularity == "hour" and kind is Kind.DATE:
        yield Problem(f"`{name}` is a date, which has no hours", "use day, month or year", "partition_by")
    if not range_:
        return
    length = range_["end"] - range_["start"]
    if length <= 0:
        yield Problem("the `range` of its partitions ends before it begins", "`end` is the number behind the last one", "partition_by")
    elif (count := -(-length // range_["interval"])) > _MOST_PARTITIONS:
        yield Problem(
            f"the `range` makes {count:,} partitions, and BigQuery allows {_MOST_PARTITIONS:,}", "raise `interval`", "partition_by"
        )


_RANGE = "give one, as in `range: {start: 0, end: 1000000, interval: 1000}`"


def _of_increments(table: Table, name: str, given: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Whether the partitions are those that a run replaces, of the column with that name."""
    if given is not None and given["column"] != name:
        yield Problem(
            f"it is loaded by `{name}`, whose partitions a run replaces, and partitioned by `{given['column']}`",
            f"partition it by `{name}`, or leave that to whgen",
            "partition_by",
        )
    elif "partition_by" in table.dbt:
        yield Problem(f"it is loaded by `{name}`, whose partitions a run replaces", "take `partition_by` out of `dbt:`")


def _of_clusters(table: Table, names: tuple[str, ...]) -> Iterator[Problem]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Problem(f"it is clustered by `{name}` twice", "name it once", "cluster_by")
    for column in (c for n in dict.fromkeys(names) if (c := table.column(n)) is not None and c.type.kind in _UNCLUSTERED):
        yield Problem(
            f"it cannot be clustered by `{column.name}`, which is {a(column.type)}",
            "clusters are of strings, integers, decimals, booleans, dates, timestamps and datetimes",
            "cluster_by",
        )


def _of_filter(table: Table, partition: _Partition | None, warehouse: Warehouse) -> Iterator[Problem]:
    if partition is None:
        yield Problem("`require_partition_filter` needs partitions to filter", "give it `partition_by`", "require_partition_filter")
    elif table.materialized == "incremental" and not (
        isinstance(table, Fact) and table.incremental is not None and table.incremental.is_event
    ):
        what = "a fact that merges what was loaded" if isinstance(table, Fact) else "a dimension that keeps first values"
        yield Problem(f"{what} reads all of itself", _UNFILTERED, "require_partition_filter")
    else:
        for reader in _unfiltered_readers(table, partition.column, warehouse):
            yield Problem(
                f"`{reader}` reads it without a filter on `{partition.column}`, which BigQuery would refuse",
                _UNFILTERED,
                "require_partition_filter",
            )


_UNFILTERED = "take `require_partition_filter` out; it is for tables that only queries of people read"


def _unfiltered_readers(table: Table, column: str, warehouse: Warehouse) -> Iterator[str]:
    """The models, and the models whose tests, read all rows of a table."""
    for other in warehouse.tables:
        tests = [t for t in (*other.tests, *(t for c in other.columns for t in c.tests)) if t.kind == "references"]
        tested = any((to := warehouse.table(t.argument)) is not None and to.name == table.name for t in tests)
        match other:
            case Staging() | Seed():
                reads = False
            case Dimension():
                reads = table.name in (other.base.name, *(r.base for r in other.references))
            case Fact():
                reads = table.name in (other.base.name, *(r.dimension.name for r in other.roles))
            case HandWritten():
                reads = table.name in other.reads and not _filters(other.selects.get("bigquery"), table.name, column)
            case _:
                reads = False
        if reads or tested:
            yield other.name


def _filters(select: exp.Query | None, table: str, column: str) -> bool:
    """Whether a SELECT has a condition on the column beside each of its uses of the table. Of what holds dbt's Jinja, nothing is known."""
    for found in select.find_all(exp.Table) if select is not None else ():
        if found.name == table:
            around = found.find_ancestor(exp.Select)
            where = around.args.get("where") if around is not None else None
            if where is None or column not in {c.name for c in where.find_all(exp.Column)}:
                return False
    return True


def _of_expiry(table: Table, partition: _Partition | None) -> Iterator[Problem]:
    if partition is None:
        yield Problem("`partition_expiration_days` needs partitions that expire", "give it `partition_by`", "partition_expiration_days")
    elif partition.config["data_type"] == "int64":
        yield Problem(
            f"only partitions of time expire, and `{partition.column}` is a whole number",
            "partition it by a date, timestamp or datetime that the table keeps",
            "partition_expiration_days",
        )
    elif isinstance(table, Dimension | ComputedDimension):
        yield Problem("facts would refer to members that have expired", "keep the members of a dimension", "partition_expiration_days")
