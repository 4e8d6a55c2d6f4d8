"""`whgen plan`: what the specs change, against a commit or against what a target holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened, require_environment
from whgen.cli.estimate import reads_of
from whgen.cli.say import find_project, leave, say, say_for_programs, show
from whgen.cli.settings import OK, STALE, Settings, common, formatted
from whgen.cli.states import now, revision_of, then
from whgen.diagnostics.diagnostic import Report

if TYPE_CHECKING:
    from whgen.changes.plan import Plan, State


@click.command()
@click.option(
    "--against", metavar="REF", help="Compare with this commit, branch or tag; where this work left the main branch when not given."
)
@click.option("-t", "--target", metavar="NAME", help="Compare with the tables and columns that this target holds.")
@click.option("--diff", "with_sql", is_flag=True, help="Also print how the SQL of models changes.")
@click.option("--bytes", "asked", metavar="TARGET", help="Also ask this target what the models that are built would read, where it tells.")
@formatted("json", "markdown")
@common
@click.pass_obj
def plan(settings: Settings, /, against: str | None, target: str | None, asked: str | None, **options: bool) -> None:
    """Show what the specs change: what breaks, what is rebuilt, what is new. Nothing is written or built."""
    if against is not None and target is not None:
        raise click.UsageError("--against compares with a commit, --target with what is built: choose one")
    from whgen.changes.show import to_data, to_markdown, to_text

    root = find_project(settings)
    after, report = now(settings, root), Report()
    made = _with_target(root, after, target, report) if target is not None else _with_commit(root, after, against, report)
    if asked is not None:
        made = replace(made, reads=reads_of(root, after.compilation, asked, made.built))
    code = STALE if made.unacknowledged else OK
    if settings.form == "json":
        say_for_programs(settings, {"ok": code == OK, "exit_code": code, **to_data(made)}, report, after.compilation.texts)
        leave(code)
    text = to_markdown(made) if settings.form == "markdown" else to_text(made, with_sql=options["with_sql"])
    say(text.rstrip("\n"))
    show(report, after.compilation.texts, err=True)
    leave(code)


def _with_commit(root: Path, after: State, against: str | None, report: Report) -> Plan:
    from whgen.changes.plan import plan_changes

    revision = revision_of(root, against, after.warehouse.ci.branch)
    before = then(root, revision)
    return plan_changes(before, after, against=revision.words, warehouse=after.warehouse.targets[0].warehouse, report=report)


def _with_target(root: Path, after: State, target: str, report: Report) -> Plan:
    from whgen.changes.plan import plan_target
    from whgen.changes.target import compare_target
    from whgen.dbt.held import Held, held
    from whgen.warehouses import DIALECTS

    name, project = target_of(after.compilation, target)
    require_adapter(project)
    require_environment(project, name, "")
    dialect = DIALECTS[project.warehouse]
    former = {t.was: t.name for t in after.warehouse.tables if t.was}
    with opened(root, project, name) as connection:
        file = dialect.database_file(connection.settings)
        # Asking would make the database.
        is_new = file is not None and not Path(file).exists()
        there = Held(tables={}, former={}) if is_new else held(connection, former, dialect.describe_sql if dialect.describe else None)
    changes = compare_target(there.tables, there.former, after.warehouse, dialect)
    return plan_target(changes, after, against=f"what `{name}` holds", strangers=there.strangers, report=report)
