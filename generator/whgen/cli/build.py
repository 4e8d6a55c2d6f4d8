"""`whgen build`, `run` and `test`: specs -> dbt project -> warehouse, in one go."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from whgen.cli.say import compiled, fail, find_project, leave, say, show
from whgen.cli.settings import FAILED, INTERRUPTED, OK, Settings, common
from whgen.dbt.events import Invocation, NodeFinished, Outcome
from whgen.diagnostics.diagnostic import Report, Span, candidates_help
from whgen.pipeline import Compilation, Generated


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
            click.option(
                "--threads", type=click.IntRange(1, 64), metavar="N", help="How many models at once; what fits the machine when not given."
            ),
            click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON."),
        )
    ):
        function = option(function)
    return common(click.pass_obj(function))


@click.command()
@click.option("--full-refresh", is_flag=True, help="Build incremental models anew.")
@_options
def build(settings: Settings, **options: Any) -> None:
    """Generate the dbt project, build all models and run all tests."""
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
        fail("unknown-target", f"there is no target `{name}`", help=help_, label=label)
    return name, project


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the options of build, run and test say."""

    target: str | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    threads: int | None
    as_json: bool
    full_refresh: bool = False


def _execute(command: str, settings: Settings, wish: _Wish) -> None:
    from whgen.cli.display import display
    from whgen.cli.generate import write_all
    from whgen.dbt.failures import report_outcome
    from whgen.dbt.run import adapter_is_installed, run

    began = time.monotonic()
    root = find_project(settings)
    compilation = compiled(Settings(folder=settings.folder, quiet=settings.quiet or wish.as_json), root)
    name, project = target_of(compilation, wish.target)
    if not adapter_is_installed(project.warehouse):
        fail("dbt-not-installed", f"dbt has no adapter for {project.warehouse} here", help=f"pip install 'whgen[{project.warehouse}]'")
    write_all(project, root)
    invocation = Invocation(
        command=command,
        project=root / project.folder,
        root=root,
        target=name,
        select=wish.select,
        exclude=wish.exclude,
        full_refresh=wish.full_refresh,
        threads=wish.threads or (_threads() if project.is_local else None),
    )
    with display(project.nodes, command=command, target=name, quiet=settings.quiet or wish.as_json) as shown:
        outcome = run(invocation, shown.receive)
    report = Report()
    report_outcome(outcome, invocation, project.origins, report)
    if not outcome.nodes and not outcome.error and not outcome.interrupted:
        fail("no-node-selected", "the selection matches nothing", help="`whgen ls` lists what there is to select")
    if wish.as_json:
        say(json.dumps(_document(outcome, project, name, command), indent=2))
    else:
        show(report, dict(compilation.texts))
        say(shown.summary(outcome, seconds=time.monotonic() - began, log=os.path.relpath(outcome.log)))
    leave(INTERRUPTED if outcome.interrupted else OK if outcome.ok else FAILED)


def _threads() -> int:
    # Two for each core: DuckDB parallelises within a query, and threads only fill the gaps between them.
    return max(2, min(8, 2 * (os.cpu_count() or 1)))


def _document(outcome: Outcome, project: Generated, target: str, command: str) -> dict[str, object]:
    return {
        "command": command,
        "target": target,
        "ok": outcome.ok,
        "interrupted": outcome.interrupted,
        "error": outcome.error,
        "log": Path(os.path.relpath(outcome.log)).as_posix(),
        "nodes": [_node(n, project.origins.get(n.name)) for n in outcome.nodes],
    }


def _node(node: NodeFinished, place: Span | None) -> dict[str, object]:
    return {
        "name": node.name,
        "kind": node.kind,
        "status": node.status.value,
        "seconds": round(node.seconds, 3),
        "rows": node.rows,
        "failures": node.failures,
        "message": node.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "examples": [dict(row) for row in node.examples],
    }
