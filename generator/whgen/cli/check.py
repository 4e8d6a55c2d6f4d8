"""`whgen validate`: everything that can be checked without a warehouse."""

from __future__ import annotations

import click

from whgen.cli.say import find_project, leave, say, severe, show
from whgen.cli.settings import FAILED, OK, Settings, common


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True, help="How to print what is found."
)
@common
@click.pass_obj
def validate(settings: Settings, form: str) -> None:
    """Check all specs. Needs no warehouse and no network."""
    from whgen.pipeline import validate as check

    settings.as_json = form == "json"
    root = find_project(settings)
    compilation = check(root)
    report, texts = compilation.report, dict(compilation.texts)
    if form == "text":
        show(severe(report) if settings.quiet else report, texts)
        if not len(report) and not settings.quiet:
            say(f"{len(texts)} files, nothing wrong")
    elif form == "json" or len(report):
        from whgen.diagnostics import machine

        say((machine.to_json(report) if form == "json" else machine.to_github(report)).rstrip("\n"))
    leave(FAILED if report.has_errors else OK)
