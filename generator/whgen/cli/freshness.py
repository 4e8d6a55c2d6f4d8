"""`whgen freshness`: whether the rows of sources are as new as the specs ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs, severe, show
from whgen.cli.settings import DIAGNOSTICS, FAILED, OK, STALE, Settings, common, formatted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whgen.dbt.freshness import SourceAge
    from whgen.diagnostics.diagnostic import Report, Span


@click.command()
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Where to look; the first target when not given.")
@formatted(*DIAGNOSTICS)
@common
@click.pass_obj
def freshness(settings: Settings, sources: tuple[str, ...], target: str | None) -> None:
    """Ask the warehouse how old the newest rows of sources are. Ends with 3 when one is older than its `error_after`."""
    from whgen.cli.generate import write_all
    from whgen.dbt.events import Invocation
    from whgen.dbt.failures import essence
    from whgen.dbt.freshness import ages
    from whgen.dbt.run import DbtError
    from whgen.diagnostics.diagnostic import Report

    root = find_project(settings)
    compilation = compiled(settings, root)
    name, project = target_of(compilation, target)
    require_adapter(project)
    write_all(compilation, root)
    chosen = tuple(f"source:{s}" for s in sources)
    asked = Invocation(command="freshness", project=root / project.folder, root=root, target=name, select=chosen, place="freshness")
    try:
        found = ages(asked)
    except DbtError as problem:
        headline, details = essence(str(problem))
        fail("dbt-failed", f"dbt could not run: {headline}", help="\n".join(details))
    if not found:
        fail("no-freshness", "no source says how fresh it has to be", help="give a source `freshness:` with `error_after`")
    report = Report()
    _report(found, project.origins, report)
    states = {a.state for a in found}
    code = FAILED if "unknown" in states else STALE if "stale" in states else OK
    if not settings.is_text:
        say_for_programs(
            settings, {"ok": code == OK, "exit_code": code, "sources": [_as_json(a) for a in found]}, report, compilation.texts
        )
        leave(code)
    if not settings.quiet:
        for age in found:
            say(f"{age.state:<7} {age.name}{f': {age.age} old' if age.age is not None else ''}")
    show(severe(report) if settings.quiet else report, compilation.texts)
    leave(code)


def _report(found: tuple[SourceAge, ...], origins: Mapping[str, Span], report: Report) -> None:
    from whgen.dbt.failures import NOWHERE, essence

    for age in found:
        span = origins.get(age.name, NOWHERE)
        if age.state == "unknown":
            headline, details = essence(age.message)
            report.error("dbt-failed", span, f"the age of `{age.name}` could not be told: {headline}", help="\n".join(details))
        elif age.state != "fresh":
            tell = report.error if age.state == "stale" else report.warning
            help_ = "load it, or change `freshness:` of the source"
            tell("stale-source", span, f"the newest row of `{age.name}` is of {age.newest}, {age.age} ago", help=help_)


def _as_json(age: SourceAge) -> dict[str, object]:
    seconds = age.age.total_seconds() if age.age is not None else None
    return {"name": age.name, "state": age.state, "newest": age.newest.isoformat() if age.newest else None, "age_seconds": seconds}
