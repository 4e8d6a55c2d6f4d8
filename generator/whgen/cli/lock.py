"""`whgen lock`: asks the warehouse what the tables of the sources hold, and writes that to `sources.lock`."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened
from whgen.cli.say import fail, find_project, leave, located, say, say_for_programs, show
from whgen.cli.settings import DIAGNOSTICS, FAILED, OK, Settings, common, formatted
from whgen.compilation import Generated
from whgen.diagnostics.diagnostic import Report, Span
from whgen.output_manifest import unified

if TYPE_CHECKING:
    from whgen.dbt.describe import Described


@click.command()
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Where to look; the first target when not given.")
@click.option("--check", is_flag=True, help="Write nothing; fail, and show how, when the file is not current.")
@formatted(*DIAGNOSTICS)
@common
@click.pass_obj
def lock(settings: Settings, /, target: str | None, **options: bool) -> None:
    """Read the columns of the sources from the warehouse, and write them to sources.lock."""
    from whgen.pipeline import lock_text
    from whgen.spec.lock import LOCK_FILE

    root = find_project(settings)
    compilation = located(settings, root)
    name, project = target_of(compilation, target)
    found = _described(root, name, project)
    report = Report()
    columns = _usable(found, project, report)
    for (source, table), message in found.refused.items():
        _report_refusal(source, table, message, project, report)
    text = lock_text(root, project.warehouse, columns)
    path = root / LOCK_FILE
    # As it is committed, whatever line ends this machine gives it.
    before = path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else None
    current = before == text.encode()
    code = FAILED if report.has_errors or (options["check"] and not current) else OK
    if code == OK and not current:
        _write(path, text)
    counts = {"tables": len(columns), "columns": sum(map(len, columns.values()))}
    if not settings.is_text:
        document = {"ok": code == OK, "exit_code": code, "target": name, "file": LOCK_FILE, "current": current, **counts}
        say_for_programs(settings, document, report, compilation.texts)
        leave(code)
    show(report, compilation.texts)
    if not report.has_errors:
        if options["check"] and not current:
            say(unified(PurePosixPath(LOCK_FILE), before, text.encode()).rstrip("\n"))
            say(f"{LOCK_FILE} is not current: run `whgen lock`")
        elif not settings.quiet:
            done = "is current" if current else "written"
            say(f"{LOCK_FILE} {done}: {counts['tables']} tables on {project.warehouse}, {counts['columns']} columns")
    leave(code)


def _described(root: Path, target: str, project: Generated) -> Described:
    """What the warehouse says. dbt reads a project of nothing but the sources, which is thrown away."""
    from whgen.dbt.describe import described
    from whgen.warehouses import DIALECTS

    dialect = DIALECTS[project.warehouse]
    if dialect.describe is None:
        others = " or ".join(name for name, d in DIALECTS.items() if d.describe is not None)
        fail("not-lockable", f"the tables on {project.warehouse} cannot be read yet", help=f"name a target on {others} with `--target`")
    require_adapter(project)
    with opened(root, project, target) as connection:
        # Where there is no connection, there is no table to blame for it.
        connection.rows("select 1")
        return described(connection, dialect.describe_sql)


def _usable(found: Described, project: Generated, report: Report) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The columns that a spec can name; the others are warned of."""
    from whgen.plan.lock import is_nameable

    columns = {}
    for table, described in found.columns.items():
        columns[table] = [(name, native) for name, native in described if is_nameable(name)]
        for name, _ in described:
            if not is_nameable(name):
                report.warning(
                    "unusable-column",
                    _place(*table, project),
                    f"a column of `{'.'.join(table)}` is left out, since no spec could name it: {name[:60]!a}",
                    help="give it a plain name in the source",
                )
    return columns


def _report_refusal(source: str, table: str, message: str, project: Generated, report: Report) -> None:
    from whgen.dbt.failures import explained

    headline, details = explained(message, project.origins)
    report.error(
        "unreadable-source", _place(source, table, project), f"`{source}.{table}` could not be read: {headline}", help="\n".join(details)
    )


def _place(source: str, table: str, project: Generated) -> Span:
    from whgen.plan.sql import source_table_name

    return project.origins[f"{source}.{source_table_name(table)}"]


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode())
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        fail("output-failed", f"`{path.name}` cannot be written: {problem.strerror}")
