"""`whgen validate`: everything that can be checked without a warehouse, and mended without a doubt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.say import find_project, leave, say, severe, show
from whgen.cli.settings import FAILED, OK, Settings, common

if TYPE_CHECKING:
    from whgen.diagnostics.diagnostic import Diagnostic, Report

_FORMATS = ["text", "json", "github", "sarif"]


@click.command()
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="How to print what is found.")
@click.option("--fix", is_flag=True, help="Mend in the specs what can be mended without a doubt, then report what is left.")
@click.option("--diff", "show_diff", is_flag=True, help="With --fix: write nothing; print how the specs would change.")
@click.option(
    "--warehouse",
    type=click.Choice(["bigquery"]),
    help="Have the warehouse's own analyzer, which is on this machine, judge every model and test as dbt would run it there.",
)
@common
@click.pass_obj
def validate(settings: Settings, /, form: str, warehouse: str | None, **options: bool) -> None:
    """Check all specs. Needs no warehouse and no network."""
    from whgen.pipeline import compile_specs
    from whgen.pipeline import validate as check

    if options["show_diff"] and (form != "text" or not options["fix"]):
        raise click.UsageError("--diff shows what --fix would do, as text: write `whgen validate --fix --diff`")
    if options["fix"] and warehouse:
        raise click.UsageError("--fix mends the specs, and --warehouse judges what comes of them: run one after the other")
    settings.as_json = form == "json"
    root = find_project(settings)
    if options["fix"]:
        _fix(settings, root, form, show_diff=options["show_diff"])
    compilation = (compile_specs if warehouse else check)(root, cached=not settings.no_cache)
    if warehouse and not compilation.report.has_errors:
        from whgen.cli.analyze import add_analysis

        add_analysis(settings, root, compilation, warehouse, tell=form == "text")
    report, texts = compilation.report, dict(compilation.texts)
    if form == "text":
        _tell(settings, report, texts)
    else:
        _print(form, report, texts)
    leave(FAILED if report.has_errors else OK)


def _fix(settings: Settings, root: Path, form: str, *, show_diff: bool) -> None:
    """Fix, then report what is left; ends the command."""
    from whgen.fix.plan import plan_fixes
    from whgen.fix.write import diff_of, write_fixes
    from whgen.pipeline import validate as check

    plan = plan_fixes(root)
    report, texts = plan.compilation.report, dict(plan.compilation.texts)
    if show_diff:
        if plan.after:
            say(report.shown("".join(diff_of(plan))).rstrip("\n"))
        # As with `generate --diff`, what is printed is a patch and nothing else.
        leave(FAILED if plan.after or report.has_errors else OK)
    problems = write_fixes(plan, root)
    if not problems:
        report = plan.left
    else:
        # What was not written is as wrong as before.
        compilation = check(root)
        report, texts = compilation.report, dict(compilation.texts)
    for problem in problems:
        report.add(problem)
    unwritten = {problem.span.file for problem in problems}
    fixed = [d for d in plan.fixed if d.span.file not in unwritten]
    if form == "text":
        if not settings.quiet:
            for diagnostic in fixed:
                say(f"fixed {diagnostic.span} {diagnostic.code}: {diagnostic.fix.title if diagnostic.fix else ''}")
        _tell(settings, report, texts, blank=bool(fixed))
        if plan.refused:
            number = "1 fix was" if plan.refused == 1 else f"{plan.refused} fixes were"
            say(f"{number} left out: no fewer errors would have been left")
    else:
        _print(form, report, texts, fixed=fixed)
    leave(FAILED if report.has_errors else OK)


def _tell(settings: Settings, report: Report, texts: Mapping[str, str], *, blank: bool = False) -> None:
    found = severe(report) if settings.quiet else list(report)
    if found and blank and not settings.quiet:
        say()
    show(found, texts)
    if not len(report) and not settings.quiet:
        say(f"{len(texts)} files, nothing wrong")


def _print(form: str, report: Report, texts: Mapping[str, str], *, fixed: list[Diagnostic] | None = None) -> None:
    """What programs read."""
    from whgen.diagnostics import machine, sarif

    if form == "json":
        say(machine.to_json(report, fixed).rstrip("\n"))
    elif form == "sarif":
        say(sarif.to_sarif(report, texts).rstrip("\n"))
    elif len(report):
        say(machine.to_github(report).rstrip("\n"))
