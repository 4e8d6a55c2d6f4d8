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

OK, FAILED, USAGE, INTERNAL, INTERRUPTED = 0, 1, 2, 70, 130


@dataclass(slots=True, kw_only=True)
class Settings:
    """What the common options say."""

    folder: Path = Path()
    quiet: bool = False


def _set(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    if param.name == "working_folder" and value is not None:
        settings.folder = Path(value)
    if param.name == "quiet" and value:
        settings.quiet = True


def common(function: F) -> F:
    """Give a command -C and --quiet."""
    options: list[Any] = [
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set, help="Say only what is wrong, and the outcome."),
        click.option(
            "-C", "working_folder", metavar="DIR", type=click.Path(), expose_value=False, callback=_set, help="Work in DIR instead of here."
        ),
    ]
    for option in options:
        function = option(function)
    return function


def project_root(settings: Settings) -> Path | None:
    """The folder at or above DIR that has `specs/`, or None."""
    start = settings.folder.absolute()
    return next((f for f in (start, *start.parents) if (f / "specs").is_dir()), None)


def colours() -> bool:
    """Whether standard output takes colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
