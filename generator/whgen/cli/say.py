"""How commands speak: text and diagnostics to the terminal, JSON to programs, and the one way out of the process."""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from whgen.cli.settings import FAILED, Settings, colours, project_root
from whgen.compilation import Compilation
from whgen.diagnostics.diagnostic import Diagnostic, Report, Severity, Span

if TYPE_CHECKING:
    from whgen.ir.warehouse import Warehouse


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line, in whatever the terminal can show."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "replace").decode(encoding), err=err)
    except BrokenPipeError:
        _abandon(stream)


def say_for_programs(
    settings: Settings, document: Mapping[str, Any], diagnostics: Iterable[Diagnostic], texts: Mapping[str, str] | None = None
) -> None:
    """Print a document, and in it what was found; or what was found alone, in a format that has no place for anything else."""
    from whgen.diagnostics import machine, sarif

    if settings.form == "github":
        if lines := machine.to_github(diagnostics):
            say(lines.rstrip("\n"))
    elif settings.form == "sarif":
        say(sarif.to_sarif(diagnostics, texts or {}).rstrip("\n"))
    else:
        say(json.dumps({**document, "diagnostics": json.loads(machine.to_json(diagnostics))["diagnostics"]}, indent=2))


def leave(code: int) -> NoReturn:
    """End the process. Libraries below dbt print noise when the interpreter takes them apart, so it does not get to."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as problem:
            # At exit Python would try once more, and complain.
            _abandon(stream)
            code = code if isinstance(problem, BrokenPipeError) else code or FAILED
    if "dbt" in sys.modules and "pytest" not in sys.modules:
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def _abandon(stream: TextIO) -> None:
    """Write no more to a stream: whoever read it has seen enough. The command goes on, and its exit code says how it ended."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def show(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str], *, err: bool = False) -> None:
    """Print diagnostics, errors last, where eyes are when a command ends; and when there are any, their number."""
    from whgen.diagnostics.text import render, summary

    found = sorted(diagnostics, key=lambda d: d.severity is Severity.ERROR)
    for diagnostic in found:
        lines = render([diagnostic], texts, colour=colours(err=err)).rstrip("\n").split("\n")
        if not diagnostic.span.file:
            del lines[1]  # the arrow to the place, when there is none
        say("\n".join(lines) + "\n", err=err)
    if found:
        say(summary(found), err=err)


def fail(code: str, message: str, *, help: str = "", file: str = "") -> NoReturn:
    """End the command with one diagnostic that belongs to no place in the specs."""
    diagnostic = Diagnostic(code=code, span=Span(file=file), message=message, help=help)
    context = click.get_current_context(silent=True)
    settings = context.find_object(Settings) if context else None
    if settings is not None and not settings.is_text:
        say_for_programs(settings, {"ok": False, "exit_code": FAILED}, [diagnostic])
    else:
        from whgen.diagnostics.text import render

        lines = render([diagnostic], {}, colour=colours(err=True)).rstrip("\n").split("\n")
        say("\n".join(lines if file else [lines[0], *lines[2:]]), err=True)
    leave(FAILED)


def find_project(settings: Settings) -> Path:
    """The project folder; the command ends when there is none."""
    help_ = "start a project with `whgen init`, or name its folder with -C"
    try:
        here = settings.folder.absolute()
    except FileNotFoundError:
        fail("no-project", "the current folder was deleted", help=help_)
    if not here.is_dir():
        # The project of a folder above is not meant by a name that is misspelt.
        fail("no-project", f"there is no folder {here}" if not here.exists() else f"{here} is not a folder", help=help_)
    root = project_root(here)
    if root is None:
        fail("no-project", f"there is no `specs` folder in {here} or above", help=help_)
    return root


def compiled(settings: Settings, root: Path) -> Compilation:
    """The project's specs, compiled; the command ends with what is wrong with them. Warnings keep out of the way of the output."""
    from whgen.pipeline import compile_specs

    compilation = compile_specs(root, cached=not settings.no_cache)
    require(compilation, settings)
    return compilation


def located(settings: Settings, root: Path) -> Compilation:
    """The project's sources and where they lie; the command ends with what is wrong with that, and with nothing else."""
    from whgen.pipeline import compile_sources

    compilation = compile_sources(root)
    require(compilation, settings)
    return compilation


def require(compilation: Compilation, settings: Settings) -> None:
    """End the command with what is wrong with the specs, if anything is; show what is only doubtful."""
    report = compilation.report
    if report.has_errors and not settings.is_text:
        say_for_programs(settings, {"ok": False, "exit_code": FAILED}, report, compilation.texts)
    elif report.has_errors or (settings.is_text and not settings.quiet):
        show(report, compilation.texts, err=True)
    if report.has_errors:
        leave(FAILED)


def severe(report: Report) -> list[Diagnostic]:
    """The errors of a report, without its warnings."""
    return [d for d in report if d.severity is Severity.ERROR]


def meaning(settings: Settings, root: Path) -> Warehouse:
    """What the project's specs mean; the command ends with what is wrong with them."""
    from whgen.pipeline import understand

    compilation, warehouse = understand(root, generate=False)
    require(compilation, settings)
    if warehouse is None:
        fail("no-project", "the specs have no project file", help="one file below specs/ begins with `warehouse:`")
    return warehouse
