"""`whgen rehearse`: days of made-up source data, built by the real dbt project, and every table held against what its spec means."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whgen.cli.say import fail, find_project, leave, say, say_for_programs, show
from whgen.cli.settings import FAILED, OK, Settings, common, formatted
from whgen.diagnostics.diagnostic import Diagnostic, Related, Span, candidates_help

if TYPE_CHECKING:
    from whgen.compilation import Compilation
    from whgen.ir.warehouse import Warehouse
    from whgen.rehearse.rehearsal import Rehearsal

_MOST_ROWS = 12


@click.command()
@click.option("--days", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N", help="How many days to live through.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="The same seed makes the same rows.")
@click.option("--reduce/--no-reduce", default=True, help="Look for the fewest rows that show a fault, or show those of its day.")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@formatted("json")
@common
@click.pass_obj
def rehearse(settings: Settings, /, tables: tuple[str, ...], **wish: Any) -> None:
    """Make up source data, live through days of it, and check what dbt builds of it on DuckDB.

    Rows are added, changed, deleted, come late, come back and come twice. Each day the whole project is built in a temporary folder,
    with all tests, and each table is compared with what the specs mean, computed without SQL. Nothing of yours is read or written.
    """
    from whgen.dbt.run import DbtError
    from whgen.pipeline import stage_specs

    began, root = time.monotonic(), find_project(settings)
    compilation, warehouse = stage_specs(root)
    if compilation.report.has_errors:
        show(compilation.report, compilation.texts, err=True)
        leave(FAILED)
    if warehouse is None:
        fail(
            "rehearsal-needs-duckdb", "no target of the project is on DuckDB", help="add one, `{warehouse: duckdb, path: rehearsal.duckdb}`"
        )
    _require_tables(warehouse, tables)
    try:
        with tempfile.TemporaryDirectory(prefix="whgen-") as folder:
            found = _played(settings, compilation, warehouse, Path(folder), tables=tables, **wish)
    except DbtError as refusal:
        fail("dbt-failed", str(refusal).strip().splitlines()[0] if str(refusal).strip() else "dbt failed")
    _tell(settings, compilation, warehouse, found, seconds=time.monotonic() - began)
    leave(FAILED if found.faults else OK)


def _require_tables(warehouse: Warehouse, tables: tuple[str, ...]) -> None:
    names = [t.name for t in warehouse.tables]
    for name in tables:
        if name not in names:
            label, help_ = candidates_help(name, names, kind="tables")
            fail("no-node-selected", f"there is no table `{name}`", help=label or help_)


def _played(settings: Settings, compilation: Compilation, warehouse: Warehouse, folder: Path, **wish: Any) -> Rehearsal:
    from whgen.dbt.events import Invocation
    from whgen.output import write
    from whgen.rehearse.rehearsal import Wish, rehearse

    project = compilation.projects[0]
    write(folder / project.folder, project.files)
    invocation = Invocation(
        command="build", project=folder / project.folder, root=folder, target="rehearsal", threads=2, is_local=True
    )  # fmt: skip

    def on_day(day: int, state: Mapping[Any, Any]) -> None:
        if settings.is_text and not settings.quiet:
            say(f"day {day:>3}  {sum(map(len, state.values())):>6} rows in {len(state)} tables")

    return rehearse(warehouse, project.warehouse, invocation, folder / "rehearsal.db", Wish(**wish), on_day)


def _tell(settings: Settings, compilation: Compilation, warehouse: Warehouse, found: Rehearsal, *, seconds: float) -> None:
    diagnostics = [_diagnostic(warehouse, found)] if found.faults else []
    left_out = [{"table": t, "column": c, "why": why} for (t, c), why in sorted(found.left_out.items())]
    if not settings.is_text:
        document = {"ok": not diagnostics, "exit_code": FAILED if diagnostics else OK, "days": found.days, "rows": found.rows}
        rows = [{".".join(p): rows for p, rows in state.items() if rows} for state in found.states]
        say_for_programs(
            settings,
            {
                **document,
                "compared": sorted(found.compared),
                "not_compared": left_out,
                "without_rows": found.without_rows,
                "days_that_fail": rows,
            },
            diagnostics,
            compilation.texts,
        )
        return
    if diagnostics:
        show(diagnostics, compilation.texts, err=True)
        for line in _evidence(found):
            say(line, err=True)
    if not settings.quiet:
        for entry in left_out:
            say(f"not compared: {entry['table']}{'.' + entry['column'] if entry['column'] else ''}: {entry['why']}")
        for name in found.without_rows:
            say(f"no row could be made up for {name} that its tests accept")
    head = "Failed on day" if diagnostics else "Done:"
    what = f"{found.days} days" if not diagnostics else str(found.days)
    say(f"{head} {what}, {found.rows} rows, {len(found.compared)} tables compared, in {seconds:.1f} s")


def _diagnostic(warehouse: Warehouse, found: Rehearsal) -> Diagnostic:
    fault = found.faults[0]
    table = warehouse.table(fault.table)
    base, roles = getattr(table, "base", None), getattr(table, "roles", ())
    related = [Related(span=base.span, message=f"it is made of `{base.name}`")] if base is not None else []
    related += [Related(span=r.column.span, message=f"its `{r.column.name}` points to `{r.dimension.name}`") for r in roles]
    return Diagnostic(
        code="rehearsal-failed",
        span=table.span if table is not None else Span(file=""),
        message=f"`{fault.table}`, {fault.rule}: {fault.message}",
        help="the rows below show it; whether the specs or whgen are wrong, they tell",
        related=tuple(related[:4]),
    )


def _evidence(found: Rehearsal) -> list[str]:
    """The fewest rows that show the fault, day by day, and what is expected of them."""
    lines = []
    for number, state in enumerate(found.states, start=1):
        lines.append(f"day {number} of {len(found.states)}:")
        for place, rows in state.items():
            if rows:
                lines.append(f"  {'.'.join(place)}: {' | '.join(rows[0])}")
                lines += [f"    {' | '.join('NULL' if v is None else repr(v) for v in row.values())}" for row in rows[:_MOST_ROWS]]
                lines += [f"    and {len(rows) - _MOST_ROWS} more"] if len(rows) > _MOST_ROWS else []
    return [*lines, *(f"  {line}" for line in found.faults[0].lines), ""]
