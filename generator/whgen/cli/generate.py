"""`whgen generate`: writes the dbt projects, or says what it would write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import NoReturn

import click

from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs
from whgen.cli.settings import DIAGNOSTICS, FAILED, OK, Settings, common, formatted
from whgen.compilation import Compilation, Generated
from whgen.diagnostics.diagnostic import candidates_help
from whgen.output import BACKUP_FOLDER, Comparison, EditedFilesError, OutputError, compare, diff, write

_PARTS = ("created", "changed", "removed", "edited")
_WAYS_OUT = """there are three ways out:
1. say it in the specs (there is a `dbt:` key for configuration that whgen does not know)
2. make it a hand-written model: `model:` with `file:`
3. give the edit up: `whgen generate --force` (a copy is kept)"""


def ways(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that writes files the options that say how, and --format."""
    for option in reversed(
        (
            click.option("--check", is_flag=True, help="Write nothing; fail when the generated files are not current."),
            click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print how the files would change."),
            click.option("--dry-run", is_flag=True, help="Write nothing; print which files would change."),
            click.option("--force", is_flag=True, help="Overwrite files that were edited by hand; a copy of each is kept."),
        )
    ):
        function = option(function)
    return formatted(*DIAGNOSTICS)(common(click.pass_obj(function)))


@click.command()
@click.option("--warehouse", multiple=True, metavar="NAME", help="Only the project of this warehouse (may be repeated).")
@ways
def generate(settings: Settings, /, warehouse: tuple[str, ...], **options: bool) -> None:
    """Write the dbt projects to generated/, one for each warehouse; and anew what `schedule` and `ci` wrote."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    folders = {project.folder: project.files for project in _chosen(compilation, warehouse)}
    if not warehouse:
        from whgen.cli.ci import kept

        folders |= kept(compilation, root)
    settle(settings, root, folders, compilation, command="whgen generate", **options)


def settle(
    settings: Settings,
    root: Path,
    folders: Mapping[PurePosixPath, Mapping[PurePosixPath, str]],
    compilation: Compilation,
    *,
    command: str,
    check: bool,
    show_diff: bool,
    dry_run: bool,
    force: bool,
) -> NoReturn:
    """Bring folders up to date, or say what that would change, and end the command."""
    reading = check or show_diff or dry_run
    found: dict[str, Comparison] = {}
    try:
        for folder, files in folders.items():
            if show_diff and settings.is_text and (text := diff(root / folder, files)):
                say(text.rstrip("\n"))
            found[str(folder)] = compare(root / folder, files) if reading else write(root / folder, files, force=force)
    except OutputError as problem:
        stop(problem, root)
    stale = [c for c in found.values() if not c.is_current]
    code = FAILED if check and stale else OK
    if not settings.is_text:
        document = {"ok": code == OK, "exit_code": code, "projects": {f: _as_json(c) for f, c in found.items()}}
        say_for_programs(settings, document, compilation.report, compilation.texts)
        leave(code)
    # A pipeline that asks whether files are current, and nothing else, still wants to know which are not.
    if not show_diff and (not settings.quiet or code):
        _tell(found, quiet=settings.quiet, written=not reading)
    if code:
        say(f"the generated files are not current: run `{command}`")
    leave(code)


def write_all(compilation: Compilation, root: Path) -> None:
    """Bring all projects up to date before dbt runs on one, so that none is left behind; ends the command when that cannot be done."""
    try:
        for project in compilation.projects:
            write(root / project.folder, project.files)
    except OutputError as problem:
        stop(problem, root)


def stop(problem: OutputError, root: Path) -> NoReturn:
    """End the command with what kept files from being written."""
    if isinstance(problem, EditedFilesError):
        edited = problem.comparison.edited
        if _settings().is_text:
            say(problem.diff.rstrip("\n") + "\n")
        number = "a generated file was" if len(edited) == 1 else f"{len(edited)} generated files were"
        place = os.path.relpath(Path(problem.path) / edited[0], root)
        fail("edited-files", f"{number} edited by hand", help=_WAYS_OUT, file=Path(place).as_posix())
    fail("output-failed", problem.message)


def _settings() -> Settings:
    return click.get_current_context().ensure_object(Settings)


def _chosen(compilation: Compilation, names: tuple[str, ...]) -> tuple[Generated, ...]:
    known = [p.warehouse for p in compilation.projects]
    for name in names:
        if name not in known:
            label, help_ = candidates_help(name, known, kind="warehouses")
            fail("unknown-target", f"no target is on the warehouse `{name}`", help=label or help_)
    return tuple(p for p in compilation.projects if not names or p.warehouse in names)


def _as_json(comparison: Comparison) -> dict[str, object]:
    lists = {part: [p.as_posix() for p in getattr(comparison, part)] for part in _PARTS}
    return {**lists, "unchanged": len(comparison.unchanged), "current": comparison.is_current}


def _tell(found: dict[str, Comparison], *, quiet: bool, written: bool) -> None:
    for folder, comparison in found.items():
        for part in _PARTS:
            for path in getattr(comparison, part):
                kept = f" (what it was: {folder}/{BACKUP_FOLDER}/{path})" if written and part == "edited" else ""
                say(f"  {part:<8} {folder}/{path}{kept}")
        counts = ", ".join(f"{len(getattr(comparison, part))} {part}" for part in _PARTS if getattr(comparison, part))
        if not quiet:
            say(f"{folder}: {counts + ', ' if counts else ''}{len(comparison.unchanged)} unchanged")
