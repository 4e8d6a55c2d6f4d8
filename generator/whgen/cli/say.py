"""How commands speak: diagnostics to the terminal, and the one way out of the process."""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from whgen.cli.settings import FAILED, Settings, colours, project_root
from whgen.diagnostics.diagnostic import Report, Span
from whgen.pipeline import Compilation


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line, in whatever the terminal can show."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), err=err)


def leave(code: int) -> NoReturn:
    """End the process. Libraries below dbt print noise when the interpreter takes them apart, so it does not get to."""
    sys.stdout.flush()
    sys.stderr.flush()
    if "dbt" in sys.modules and "pytest" not in sys.modules:
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def show(report: Report, texts: dict[str, str]) -> None:
    """Print all diagnostics and, when there are any, their number."""
    from whgen.diagnostics.text import render, summary

    if len(report):
        say(render(report, texts, colour=colours()).rstrip("\n"))
        say()
        say(summary(report))


def fail(code: str, message: str, *, help: str = "", label: str = "", file: str = "specs/warehouse.yml") -> NoReturn:
    """End the command with one diagnostic that belongs to no place in the specs."""
    from whgen.diagnostics.text import render

    report = Report()
    report.error(code, Span(file=file), message, help=help or label)
    say(render(report, {}, colour=colours()).rstrip("\n"), err=True)
    leave(FAILED)


def find_project(settings: Settings) -> Path:
    """The project folder; the command ends when there is none."""
    root = project_root(settings)
    if root is None:
        fail(
            "no-project",
            f"there is no `specs` folder in {settings.folder.absolute()} or above",
            help="start a project with `whgen init`",
            file="specs",
        )
    return root


def compiled(settings: Settings, root: Path) -> Compilation:
    """The project's specs, compiled; the command ends with what is wrong with them."""
    from whgen.pipeline import compile_specs

    compilation = compile_specs(root)
    if compilation.report.has_errors:
        show(compilation.report, dict(compilation.texts))
        leave(FAILED)
    if not settings.quiet:
        show(compilation.report, dict(compilation.texts))
    return compilation
