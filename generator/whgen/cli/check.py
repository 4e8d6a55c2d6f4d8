"""`whgen validate`: everything that can be checked without a warehouse, and mended without a doubt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.say import find_project, leave, say, say_for_programs, severe, show
from whgen.cli.settings import DIAGNOSTICS, FAILED, OK, Settings, common, formatted
from whgen.cli.sizes import Bytes

if TYPE_CHECKING:
    from whgen.diagnostics.diagnostic import Diagnostic, Report


@click.command()
@click.option("--fix", is_flag=True, help="Mend in the specs what can be mended without a doubt, then report what is left.")
@click.option("--diff", "show_diff", is_flag=True, help="With --fix: write nothing; print how the specs would change.")
@click.option(
    "--warehouse",
    type=click.Choice(["bigquery"]),
    help="Have the warehouse's own analyzer, which is on this machine, judge every model and test as dbt would run it there.",
)
@click.option("--dry-run", is_flag=True, help="Ask the warehouse of a target what it would read for each model. Needs its login.")
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="With --dry-run: whom to ask; the first target when not given.")
@click.option("--max-bytes", type=Bytes(), metavar="SIZE", help="With --dry-run: fail when a build would read more, as 500GB.")
@formatted(*DIAGNOSTICS)
@common
@click.pass_obj
def validate(settings: Settings, /, warehouse: str | None, target: str | None, max_bytes: int | None, **options: bool) -> None:
    """Check all specs. Needs no warehouse and no network, unless it is asked to."""
    from whgen.pipeline import compile_specs
    from whgen.pipeline import validate as check

    if options["show_diff"] and (not settings.is_text or not options["fix"]):
        raise click.UsageError("--diff shows what --fix would do, as text: write `whgen validate --fix --diff`")
    if options["fix"] and warehouse:
        raise click.UsageError("--fix mends the specs, and --warehouse judges what comes of them: run one after the other")
    if options["dry_run"] and (warehouse or options["fix"]):
        raise click.UsageError("--dry-run asks a warehouse about specs that are right: run it by itself")
    if max_bytes is not None and not options["dry_run"]:
        raise click.UsageError("--max-bytes bounds what --dry-run finds: write `whgen validate --dry-run --max-bytes SIZE`")
    root = find_project(settings)
    if options["fix"]:
        _fix(settings, root, show_diff=options["show_diff"])
    compilation = (compile_specs if warehouse or options["dry_run"] else check)(root, cached=not settings.no_cache)
    read = None
    if warehouse and not compilation.report.has_errors:
        from whgen.cli.analyze import add_analysis

        add_analysis(settings, root, compilation, warehouse, tell=settings.is_text)
    if options["dry_run"] and not compilation.report.has_errors:
        from whgen.cli.estimate import add_estimates

        read = add_estimates(root, compilation, target, max_bytes, tell=settings.is_text and not settings.quiet)
    report, texts = compilation.report, dict(compilation.texts)
    if settings.is_text:
        _tell(settings, report, texts)
    elif read is not None:
        say_for_programs(settings, {"ok": not report.has_errors, **read}, report, texts)
    else:
        _print(settings, report, texts)
    leave(FAILED if report.has_errors else OK)


def _fix(settings: Settings, root: Path, *, show_diff: bool) -> None:
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
    if settings.is_text:
        if not settings.quiet:
            for diagnostic in fixed:
                say(f"fixed {diagnostic.span} {diagnostic.code}: {diagnostic.fix.title if diagnostic.fix else ''}")
        _tell(settings, report, texts, blank=bool(fixed))
        if plan.refused:
            number = "1 fix was" if plan.refused == 1 else f"{plan.refused} fixes were"
            say(f"{number} left out: no fewer errors would have been left")
    else:
        _print(settings, report, texts, fixed=fixed)
    leave(FAILED if report.has_errors else OK)


def _tell(settings: Settings, report: Report, texts: Mapping[str, str], *, blank: bool = False) -> None:
    found = severe(report) if settings.quiet else list(report)
    if found and blank and not settings.quiet:
        say()
    show(found, texts)
    if not len(report) and not settings.quiet:
        say(f"{len(texts)} files, nothing wrong")


def _print(settings: Settings, report: Report, texts: Mapping[str, str], *, fixed: list[Diagnostic] | None = None) -> None:
    """What programs read. The outcome of this command is what was found, and what was fixed of it."""
    from whgen.diagnostics.machine import to_json

    if settings.form == "json":
        say(to_json(report, fixed).rstrip("\n"))
    else:
        say_for_programs(settings, {}, report, texts)
