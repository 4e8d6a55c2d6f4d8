"""`whgen runs`: what the builds of a target left: the last ones, the slowest models, the flakiest tests, rows over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened, require_environment, with_prefix
from whgen.cli.history import home_of
from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs
from whgen.cli.settings import OK, Settings, common, formatted
from whgen.compilation import Generated

_COLUMNS = {
    "latest": (
        "run", "started_at", "command", "selection", "status", "seconds", "built", "tests_passed", "warned", "failed", "skipped", "commit"
    ),
    "slowest": ("name", "kind", "runs", "mean_seconds", "longest_seconds"),
    "flaky": ("name", "runs", "failed", "turns"),
    "rows": ("name", "started_at", "rows"),
}  # fmt: skip
_RUNS = {"latest": 10, "slowest": 50, "flaky": 50, "rows": 10}
_EMPTY = {
    "latest": "no runs yet",
    "slowest": "nothing ran",
    "flaky": "no test turned from passed to failed or back",
    "rows": "no rows were counted",
}

Row = Mapping[str, Any]


@click.command()
@click.argument("view", type=click.Choice(list(_COLUMNS)), default="latest")
@click.argument("name", required=False)
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Whose builds are shown; the first target when not given.")
@click.option("--last", type=click.IntRange(1, 10_000), metavar="N", help="How many of the last builds to look at.")
@with_prefix
@formatted("json")
@common
@click.pass_obj
def runs(settings: Settings, /, view: str, name: str | None, **options: Any) -> None:
    """Show the last builds of a target; or the slowest models and tests, tests that turn, rows of tables (or of table NAME) over time."""
    if name is not None and view != "rows":
        raise click.UsageError(f"`{view}` is of all: a NAME goes with `rows`")
    root = find_project(settings)
    target, project = target_of(compiled(settings, root), options["target"])
    found = _asked(root, project, target, options["schema_prefix"] or "", view=view, name=name, last=options["last"] or _RUNS[view])
    if not settings.is_text:
        say_for_programs(settings, {"ok": True, "exit_code": OK, "target": target, "view": view, "rows": found}, ())
        leave(OK)
    for line in _SHOWN[view](found) if found else [_EMPTY[view]]:
        say(line)
    leave(OK)


def _asked(root: Path, project: Generated, target: str, prefix: str, *, view: str, name: str | None, last: int) -> list[Row]:
    from whgen.dbt.history import placed
    from whgen.dbt.run import DbtError
    from whgen.plan import runs as queries
    from whgen.warehouses import DIALECTS

    require_adapter(project)
    require_environment(project, target, prefix)
    home, dialect = home_of(project, target, prefix), DIALECTS[project.warehouse]
    if not home:
        fail("no-runs", "this project keeps no outcomes of its builds", help="`run_history: true` in the project file keeps them")
    nothing = f"nothing was kept on `{target}` yet", "`whgen build` keeps the outcome of every build"
    with opened(root, project, target, prefix) as connection:
        file = dialect.database_file(connection.settings)
        if file is not None and not Path(file).exists():
            fail("no-runs", nothing[0], help=nothing[1])
        database = connection.adapter.config.credentials.database
        place = placed(connection.adapter, database, home, (queries.RUNS, queries.NODES))
        sql = {
            "latest": queries.latest(place, last),
            "slowest": queries.slowest(place, last),
            "flaky": queries.flaky(place, last),
            "rows": queries.row_counts(place, last, dialect, name),
        }[view]
        connection.rows("select 1")
        try:
            rows = connection.rows(sql)
        except DbtError:
            # Whatever it is called there: a table that is not there.
            fail("no-runs", nothing[0], help=nothing[1])
    return [{c: _plain(v) for c, v in zip(_COLUMNS[view], row, strict=True)} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat(timespec="seconds")
    # dbt hands numbers over as decimals.
    return value if value is None or isinstance(value, str | bool | int) else int(value) if value == int(value) else round(float(value), 3)


def _latest(rows: Sequence[Row]) -> list[str]:
    lines = []
    for row in rows:
        counts = [f"{row[w]} {w.replace('_', ' ')}" for w in ("built", "tests_passed", "warned", "failed", "skipped") if row[w]]
        chosen = row["selection"]
        words = [row["command"], *([chosen if chosen.startswith("--") else f"of {chosen}"] if chosen else [])]
        commit = f"  ({row['commit'][:8]})" if row["commit"] else ""
        lines.append(f"{row['started_at']}  {row['status']:<11}  {row['seconds']:>8.1f} s  {' '.join(words)}: {', '.join(counts)}{commit}")
    return lines


def _slowest(rows: Sequence[Row]) -> list[str]:
    width = max(len(r["name"]) for r in rows)
    lines = []
    for r in rows:
        seconds = f"{r['mean_seconds']:>8.2f} s on average, {r['longest_seconds']:.2f} s at most"
        lines.append(f"{r['name']:<{width}}  {r['kind']:<8}  {seconds}, ran {_times(r['runs'])}")
    return lines


def _flaky(rows: Sequence[Row]) -> list[str]:
    width = max(len(r["name"]) for r in rows)
    return [f"{r['name']:<{width}}  turned {_times(r['turns'])}, failed in {r['failed']} of {r['runs']} runs" for r in rows]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _rows(rows: Sequence[Row]) -> list[str]:
    """For each table its rows now, and how they were before, the newest first."""
    width = max(len(r["name"]) for r in rows)
    lines = []
    for name, group in groupby(rows, key=lambda r: r["name"]):
        counts = [r["rows"] for r in group]
        before = counts[1] if len(counts) > 1 else None
        change = f"  {counts[0] - before:+,}" if before is not None and before != counts[0] else ""
        earlier = f"  (before: {', '.join(f'{c:,}' for c in counts[1:6])})" if len(counts) > 1 else ""
        lines.append(f"{name:<{width}}  {counts[0]:>12,}{change}{earlier}")
    return lines


_SHOWN = {"latest": _latest, "slowest": _slowest, "flaky": _flaky, "rows": _rows}
