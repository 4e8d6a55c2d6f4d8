"""`whgen generate`: writes the dbt projects, or says what it would write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import click

from whgen.cli.say import compiled, fail, find_project, leave, say
from whgen.cli.settings import FAILED, OK, Settings, common
from whgen.diagnostics.diagnostic import candidates_help
from whgen.output import Comparison, EditedFilesError, OutputError, compare, diff, write
from whgen.pipeline import Compilation, Generated

_WAYS_OUT = """a generated file was edited by hand. There are three ways out:
  1. say it in the specs (there is a `dbt:` key for configuration that whgen does not know)
  2. make it a hand-written model: `model:` with `file:`
  3. give the edit up: `whgen generate --force` (a copy is kept)"""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the generated files are not current.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print how the files would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print which files would change.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand; a copy of each is kept.")
@click.option("--warehouse", multiple=True, metavar="NAME", help="Only the project of this warehouse (may be repeated).")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@common
@click.pass_obj
def generate(settings: Settings, /, warehouse: tuple[str, ...], **options: bool) -> None:
    """Write the dbt projects to generated/, one for each warehouse."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    projects = _chosen(compilation, warehouse)
    reading = options["check"] or options["show_diff"] or options["dry_run"]
    found: dict[str, Comparison] = {}
    try:
        for project in projects:
            folder = root / project.folder
            if options["show_diff"]:
                say(diff(folder, project.files).rstrip("\n"))
            found[str(project.folder)] = compare(folder, project.files) if reading else write(folder, project.files, force=options["force"])
    except OutputError as problem:
        stop(problem)
    _tell(found, settings, as_json=options["as_json"], silent=options["show_diff"])
    stale = [c for c in found.values() if not c.is_current]
    if options["check"] and stale and not settings.quiet and not options["as_json"]:
        say("the generated files are not current: run `whgen generate`")
    leave(FAILED if options["check"] and stale else OK)


def write_all(project: Generated, root: Path) -> None:
    """Bring one project up to date before dbt runs on it; ends the command when that cannot be done."""
    try:
        write(root / project.folder, project.files)
    except OutputError as problem:
        stop(problem)


def stop(problem: OutputError) -> NoReturn:
    """End the command with what kept files from being written."""
    if isinstance(problem, EditedFilesError):
        say(problem.diff.rstrip("\n"))
        say()
        fail("edited-files", _WAYS_OUT, file=problem.comparison.edited[0].as_posix())
    fail("output-failed", str(problem), file=str(problem.path))


def _chosen(compilation: Compilation, names: tuple[str, ...]) -> tuple[Generated, ...]:
    known = [p.warehouse for p in compilation.projects]
    for name in names:
        if name not in known:
            label, help_ = candidates_help(name, known, kind="warehouses")
            fail("unknown-warehouse", f"no target is on `{name}`", help=help_, label=label)
    return tuple(p for p in compilation.projects if not names or p.warehouse in names)


def _tell(found: dict[str, Comparison], settings: Settings, *, as_json: bool, silent: bool) -> None:
    parts = ("created", "changed", "removed", "edited")
    if as_json:
        lists = {folder: {part: [p.as_posix() for p in getattr(c, part)] for part in parts} for folder, c in found.items()}
        say(
            json.dumps(
                {"projects": {f: {**lists[f], "unchanged": len(found[f].unchanged), "current": found[f].is_current} for f in found}},
                indent=2,
            )
        )
        return
    if settings.quiet or silent:
        return
    for folder, comparison in found.items():
        for part in parts:
            for path in getattr(comparison, part):
                say(f"  {part:<8} {folder}/{path}")
        counts = ", ".join(f"{len(getattr(comparison, part))} {part}" for part in parts if getattr(comparison, part))
        say(f"{folder}: {counts + ', ' if counts else ''}{len(comparison.unchanged)} unchanged")
