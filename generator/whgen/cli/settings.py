"""The options that every command takes, before its name or behind it, and where the project is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_FORM = "whgen.form"
DIAGNOSTICS = ("json", "github", "sarif")
"""The formats of what a command finds, for other programs: whgen's own, and two that hold diagnostics and nothing else."""

OK, FAILED, USAGE, STALE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 70, 130


@dataclass(slots=True, kw_only=True)
class Settings:
    """What the common options say."""

    folder: Path = Path()
    quiet: bool = False
    form: str = "text"
    """How to print the outcome: as text for people, or in one of the formats that programs read."""
    no_cache: bool = False

    @property
    def is_text(self) -> bool:
        """Whether people read the outcome."""
        return self.form in ("text", "markdown")


def _set(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    if param.name == "working_folder" and value is not None:
        if not value:
            raise click.BadParameter("the name of the folder is empty", ctx, param)
        settings.folder = Path(value)
    if param.name == "quiet" and value:
        settings.quiet = True
    if param.name == "no_cache" and value:
        settings.no_cache = True


def common(function: F) -> F:
    """Give a command -C and --quiet."""
    options: list[Any] = [
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set, help="Say only what is wrong, and the outcome."),
        click.option(
            "-C", "working_folder", metavar="DIR", type=click.Path(), expose_value=False, callback=_set, help="Work in DIR instead of here."
        ),
        click.option(
            "--no-cache", is_flag=True, expose_value=False, callback=_set, help="Compile anew, whatever came of the same specs before."
        ),
    ]
    for option in options:
        function = option(function)
    return function


def _set_form(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    form = "json" if value is True else value
    if not form:
        return
    # The context keeps what the other of the two options said.
    if ctx.meta.setdefault(_FORM, form) != form:
        raise click.UsageError("--json is short for --format json: one of the two is enough")
    ctx.ensure_object(Settings).form = form


def formatted(*forms: str) -> Callable[[F], F]:
    """Give a command --format, with `text` and the forms that are named, and --json; what keeps it from its work is printed so too."""

    def give(function: F) -> F:
        short = click.option("--json", is_flag=True, expose_value=False, callback=_set_form, help="Short for --format json.")
        return click.option(
            "--format",
            type=click.Choice(["text", *forms]),
            expose_value=False,
            callback=_set_form,
            help="How to print the outcome; text when not given.",
        )(short(function))

    return give


def project_root(start: Path) -> Path | None:
    """The folder at or above another that has `specs/`, or None."""
    return next((f for f in (start, *start.parents) if (f / "specs").is_dir()), None)


def colours(*, err: bool = False) -> bool:
    """Whether standard output, or the stream of errors, takes colours."""
    return (sys.stderr if err else sys.stdout).isatty() and not is_plain()


def is_plain() -> bool:
    """Whether the environment asks for text that does not move: https://no-color.org, a pipeline, a terminal that can do nothing."""
    return bool(os.environ.get("NO_COLOR") or os.environ.get("CI")) or os.environ.get("TERM") == "dumb"
