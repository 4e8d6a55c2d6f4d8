"""`whgen ls`: what the project consists of."""

from __future__ import annotations

import json
from pathlib import Path

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.say import compiled, fail, find_project, leave, say
from whgen.cli.settings import OK, Settings, common, formatted
from whgen.compilation import Generated
from whgen.plan.project import Node


@click.command(name="ls")
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="The target whose project is listed.")
@click.option(
    "-s", "--select", multiple=True, metavar="SELECTION", help="Only what dbt's selection matches, as `staging` or `stg_faa__planes+`."
)
@click.option("--exclude", multiple=True, metavar="SELECTION", help="All but what the selection matches.")
@click.option(
    "--kind", type=click.Choice(["source", "model", "seed", "snapshot", "test", "exposure"]), multiple=True, help="Only nodes of this kind."
)
@formatted("json")
@common
@click.pass_obj
def ls(settings: Settings, target: str | None, select: tuple[str, ...], exclude: tuple[str, ...], kind: tuple[str, ...]) -> None:
    """List sources, models, seeds, tests and exposures, and where the specs describe them."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    name, project = target_of(compilation, target)
    nodes = [n for n in project.nodes if not kind or n.kind in kind]
    if select or exclude:
        # dbt reads files, so they are brought up to date first.
        from whgen.cli.generate import write_all

        require_adapter(project)
        write_all(compilation, root)
        matched = _matched(project, root, target=name, select=select, exclude=exclude)
        nodes = [n for n in nodes if n.name in matched]
        if not nodes:
            fail("no-node-selected", "the selection matches nothing", help="`whgen ls` lists what there is to select")
    if not settings.is_text:
        say(json.dumps([_as_json(n) for n in nodes], indent=2))
        leave(OK)
    shown = [n for n in nodes if n.kind != "test" or "test" in kind]
    width = max((len(n.name) for n in shown), default=0)
    for node in shown:
        say(f"{node.kind:<9} {node.name:<{width}}  {node.span}")
    tests = sum(n.kind == "test" for n in nodes)
    if tests and "test" not in kind and not settings.quiet:
        say(f"and {'1 test' if tests == 1 else f'{tests} tests'} (`--kind test` lists them)")
    leave(OK)


def _matched(project: Generated, root: Path, *, target: str, select: tuple[str, ...], exclude: tuple[str, ...]) -> set[str]:
    """What dbt says that a selection matches."""
    from whgen.dbt.events import Invocation
    from whgen.dbt.failures import essence
    from whgen.dbt.run import DbtError, names

    try:
        return set(names(Invocation(command="ls", project=root / project.folder, root=root, target=target, select=select, exclude=exclude)))
    except DbtError as problem:
        headline, details = essence(str(problem))
        fail("dbt-failed", f"dbt could not run: {headline}", help="\n".join(details))


def _as_json(node: Node) -> dict[str, object]:
    return {
        "name": node.name,
        "kind": node.kind,
        "layer": node.layer,
        "description": node.description,
        "file": node.span.file,
        "line": node.span.line,
    }
