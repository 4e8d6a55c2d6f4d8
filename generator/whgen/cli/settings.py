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

OK, FAILED, USAGE, STALE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 70, 130


@dataclass(slots=True, kw_only=True)
class Settings:
    """What the common options say."""

    folder: Path = Path()
    quiet: bool = False
    as_json: bool = False
    no_cache: bool = False


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
    if param.name == "as_json" and value:
        settings.as_json = True


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


def with_json(function: F) -> F:
    """Give a command --json; what keeps it from its work is then printed as JSON too."""
    return click.option("--json", "as_json", is_flag=True, expose_value=False, callback=_set, help="Print the outcome as JSON.")(function)


def project_root(start: Path) -> Path | None:
    """The folder at or above another that has `specs/`, or None."""
    return next((f for f in (start, *start.parents) if (f / "specs").is_dir()), None)


def colours(*, err: bool = False) -> bool:
    """Whether standard output, or the stream of errors, takes colours."""
    return (sys.stderr if err else sys.stdout).isatty() and not is_plain()


def is_plain() -> bool:
    """Whether the environment asks for text that does not move: https://no-color.org, a pipeline, a terminal that can do nothing."""
    return bool(os.environ.get("NO_COLOR") or os.environ.get("CI")) or os.environ.get("TERM") == "dumb"
