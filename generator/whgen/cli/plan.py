"""`whgen plan`: what the specs change, against a commit or against what a target holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.say import fail, find_project, leave, require, say, say_for_programs, show
from whgen.cli.settings import OK, STALE, Settings, common, formatted
from whgen.diagnostics.diagnostic import Report
from whgen.revision import Revision, RevisionError, found, read

if TYPE_CHECKING:
    from whgen.changes.plan import Plan, State


@click.command()
@click.option(
    "--against", metavar="REF", help="Compare with this commit, branch or tag; where this work left the main branch when not given."
)
@click.option("--diff", "with_sql", is_flag=True, help="Also print how the SQL of models changes.")
@formatted("json", "markdown")
@common
@click.pass_obj
def plan(settings: Settings, /, against: str | None, **options: bool) -> None:
    """Show what the specs change: what breaks, what is rebuilt, what is new. Nothing is written or built."""
    from whgen.changes.plan import plan_changes
    from whgen.changes.show import to_data, to_markdown, to_text

    root = find_project(settings)
    after = _now(settings, root)
    try:
        revision = found(root, against, after.warehouse.ci.branch)
        before = _then(root, revision)
    except RevisionError as problem:
        fail("unknown-revision", str(problem), help=problem.help)
    report = Report()
    made: Plan = plan_changes(before, after, against=revision.words, warehouse=after.warehouse.targets[0].warehouse, report=report)
    code = STALE if made.unacknowledged else OK
    if settings.form == "json":
        say_for_programs(settings, {"ok": code == OK, "exit_code": code, **to_data(made)}, report, after.compilation.texts)
    elif settings.form == "markdown":
        say(to_markdown(made).rstrip("\n"))
        show(report, after.compilation.texts, err=True)
    else:
        say(to_text(made, with_sql=options["with_sql"]).rstrip("\n"))
        show(report, after.compilation.texts, err=True)
    leave(code)


def _now(settings: Settings, root: Path) -> State:
    from whgen.changes.plan import State
    from whgen.pipeline import understand

    compilation, warehouse = understand(root, generate=True)
    require(compilation, settings)
    assert warehouse is not None, "without a project file there are errors"
    return State(warehouse=warehouse, compilation=compilation)


def _then(root: Path, revision: Revision) -> State | None:
    """The project at a commit; None where it had no specs yet. Raises RevisionError."""
    from whgen.changes.plan import State
    from whgen.pipeline import understand

    with tempfile.TemporaryDirectory(prefix="whgen-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        read(root, revision, place)
        if not any((place / "specs").rglob("*.yml")):
            return None
        compilation, warehouse = understand(place, generate=True)
        if compilation.reads_elsewhere:
            read(root, revision, place, everything=True)
            compilation, warehouse = understand(place, generate=True)
    if compilation.report.has_errors or warehouse is None:
        first = next(d for d in compilation.report if d.severity == "error")
        count = compilation.report.errors
        message = f"the specs of {revision.words} have {'an error' if count == 1 else f'{count} errors'}: {first.message} ({first.span})"
        fail("broken-revision", message, help="compare with a later commit, or with what is built: `--target NAME`")
    return State(warehouse=warehouse, compilation=compilation)
