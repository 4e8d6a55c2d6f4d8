"""`whgen build`, `run` and `test`: specs -> dbt project -> warehouse, in one go."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from whgen.cli.environment import require_environment, with_prefix
from whgen.cli.history import keep
from whgen.cli.migrate import migrate
from whgen.cli.outcome import document
from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs, severe, show
from whgen.cli.settings import DIAGNOSTICS, FAILED, INTERRUPTED, OK, Settings, common, formatted
from whgen.compilation import Compilation, Generated
from whgen.dbt.events import Invocation
from whgen.diagnostics.diagnostic import Report, candidates_help
from whgen.plan.project import PlannedGroup, PlannedSchedule

_MOST_LISTED = 8


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Where to build; the first target when not given."),
            click.option(
                "-s",
                "--select",
                multiple=True,
                metavar="SELECTION",
                help="Only what dbt's selection matches, as `staging` or `stg_faa__planes+`.",
            ),
            click.option("--exclude", multiple=True, metavar="SELECTION", help="All but what the selection matches."),
            with_prefix,
            click.option(
                "--threads", type=click.IntRange(1, 64), metavar="N", help="How many models at once; what fits the machine when not given."
            ),
        )
    ):
        function = option(function)
    return formatted(*DIAGNOSTICS)(common(click.pass_obj(function)))


@click.command()
@click.option("--full-refresh", is_flag=True, help="Build incremental models anew.")
@click.option("--group", metavar="SCHEDULE/GROUP", help="Only a group of a schedule, on the target of the schedule.")
@click.option("--changed", is_flag=True, help="Only models that differ from those of a commit, and all that read them.")
@click.option("--against", metavar="REF", help="With --changed: the commit; where this work left the main branch when not given.")
@click.option(
    "--defer",
    metavar="TARGET",
    help="With --changed: read what is not built from this target. With --schema-prefix, from the target itself when not given.",
)
@click.option("--retry", is_flag=True, help="Go on where the last build of the same selection failed; build all of it if none did.")
@_options
def build(settings: Settings, **options: Any) -> None:
    """Generate the dbt project, build all models and run all tests."""
    if options["group"] and (options["target"] or options["select"] or options["exclude"]):
        raise click.UsageError("--group says what is built, and where: leave --target, --select and --exclude out")
    if options["changed"] and (options["group"] or options["select"] or options["retry"]):
        raise click.UsageError("--changed says what is built: leave --select, --group and --retry out")
    if not options["changed"] and (options["against"] or options["defer"]):
        raise click.UsageError("--against and --defer go with --changed")
    _execute("build", settings, _Wish(**options))


@click.command()
@click.option("--full-refresh", is_flag=True, help="Build incremental models anew.")
@_options
def run(settings: Settings, **options: Any) -> None:
    """Generate the dbt project and build its models, without tests."""
    _execute("run", settings, _Wish(**options))


@click.command()
@_options
def test(settings: Settings, **options: Any) -> None:
    """Generate the dbt project and run its tests on what is built."""
    _execute("test", settings, _Wish(**options))


def target_of(compilation: Compilation, wanted: str | None) -> tuple[str, Generated]:
    """The name of the target, and its project; the command ends when there is no such target."""
    name = wanted or compilation.default_target or ""
    project = compilation.project_of(name)
    if project is None:
        label, help_ = candidates_help(name, compilation.targets, kind="targets")
        fail("unknown-target", f"there is no target `{name}`", help=label or help_)
    return name, project


def group_of(compilation: Compilation, wanted: str) -> tuple[PlannedSchedule, PlannedGroup]:
    """A group of a schedule by its name `schedule/group`; the command ends when there is no such group."""
    by_name = {f"{s.name}/{g.name}": (s, g) for s in compilation.schedules for g in s.groups}
    if wanted not in by_name:
        label, help_ = candidates_help(wanted, by_name, kind="groups")
        fail("unknown-group", f"there is no group `{wanted}`", help=label or help_)
    return by_name[wanted]


def require_adapter(project: Generated) -> None:
    """The command ends when dbt cannot talk to the project's warehouse."""
    from whgen.dbt.session import adapter_is_installed

    if not adapter_is_installed(project.warehouse):
        fail("dbt-not-installed", f"dbt has no adapter for {project.warehouse} here", help=f"pip install dbt-{project.warehouse}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the options of build, run and test say."""

    target: str | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    threads: int | None
    full_refresh: bool = False
    schema_prefix: str | None = None
    group: str | None = None
    retry: bool = False
    changed: bool = False
    against: str | None = None
    defer: str | None = None
    state: Path | None = None


def _execute(command: str, settings: Settings, wish: _Wish) -> None:
    from whgen.cli.build_lock import alone
    from whgen.cli.display import display
    from whgen.cli.generate import write_all
    from whgen.cli.publish import auditing
    from whgen.dbt.failures import report_outcome
    from whgen.dbt.run import run

    began, started = time.monotonic(), datetime.now(UTC)
    root = find_project(settings)
    compilation = compiled(settings, root)
    if wish.group:
        schedule, group = group_of(compilation, wish.group)
        wish = replace(wish, target=schedule.target, select=group.nodes)
    target, project = target_of(compilation, wish.target)
    require_adapter(project)
    prefix = wish.schema_prefix or ""
    require_environment(project, target, prefix)
    write_all(compilation, root)
    if wish.changed:
        wish = _only_changed(settings, root, compilation, target, wish)
    invocation = Invocation(
        command=command,
        project=root / project.folder,
        root=root,
        target=target,
        select=wish.select,
        select_words=f"--group {wish.group}" if wish.group else "--changed" if wish.changed else "",
        exclude=wish.exclude,
        full_refresh=wish.full_refresh,
        threads=wish.threads or (_threads() if project.is_local else None),
        is_local=project.is_local,
        place="/".join(filter(None, (prefix, wish.group))),
        schema_prefix=prefix,
        retry=wish.retry,
        state=wish.state,
    )
    report = Report()
    with alone(project, invocation, wish.group), auditing(project, invocation) as audit:
        invocation = replace(invocation, retry=audit.goes_on)
        if command != "test":
            migrate(settings, root, project, target, prefix, is_final=audit.file is None)
        with display(project.nodes, invocation, quiet=settings.quiet, silent=not settings.is_text) as shown:
            outcome = run(invocation, shown.receive, lambda ended: keep(project, invocation, ended, started, report))
        if not outcome.nodes and not outcome.error and not outcome.interrupted:
            fail("no-node-selected", _nothing(command, wish), help="`whgen ls` lists what there is to select")
        settled = audit.settle(outcome, report)
    report_outcome(outcome, invocation, project.origins, report)
    code = INTERRUPTED if outcome.interrupted else OK if outcome.ok and not report.has_errors else FAILED
    seconds = time.monotonic() - began
    if not settings.is_text:
        head = {"ok": code == OK, "exit_code": code, "command": command, "target": target, "warehouse": project.warehouse}
        head |= {"published": code == OK} if audit.file is not None else {}
        say_for_programs(settings, {**head, **document(outcome, project.origins, seconds=seconds)}, report, compilation.texts)
    else:
        show(severe(report) if settings.quiet else report, compilation.texts)
        shown.close(outcome, seconds=seconds)
        if settled:
            say(settled)
    leave(code)


def _only_changed(settings: Settings, root: Path, compilation: Compilation, target: str, wish: _Wish) -> _Wish:
    """The wish for what changed alone; the command ends where nothing did."""
    from whgen.cli.changed import selection

    if wish.defer == target and not wish.schema_prefix:
        raise click.UsageError(f"--defer is for another target than `{target}`, or goes with --schema-prefix")
    found = selection(settings, root, compilation, target, wish.against, wish.defer, is_beside=bool(wish.schema_prefix))
    if not found.nodes:
        if settings.is_text:
            say(f"Nothing to build: no model differs from those of {found.against}.")
        else:
            say_for_programs(settings, {"ok": True, "exit_code": OK, "command": "build", "target": target, "nodes": []}, ())
        leave(OK)
    if settings.is_text and not settings.quiet:
        say(f"Compared with {found.against}: {', '.join(found.nodes[:_MOST_LISTED])}{' ...' if len(found.nodes) > _MOST_LISTED else ''}")
    return replace(wish, select=found.nodes, state=found.state)


def _nothing(command: str, wish: _Wish) -> str:
    if wish.select or wish.exclude:
        return "the selection matches nothing" if command != "test" else "the selection matches no test"
    return f"there is nothing to {command}"


def _threads() -> int:
    # Two for each core: DuckDB parallelises within a query, and threads only fill the gaps between them.
    return max(2, min(8, 2 * (os.cpu_count() or 1)))
