"""`whgen ls`: what the project consists of."""

from __future__ import annotations

import json

import click

from whgen.cli.build import target_of
from whgen.cli.say import compiled, fail, find_project, leave, say
from whgen.cli.settings import OK, Settings, common
from whgen.plan.project import Node


@click.command(name="ls")
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="The target whose project is listed.")
@click.option(
    "-s", "--select", multiple=True, metavar="SELECTION", help="Only what dbt's selection matches, as `staging` or `stg_faa__planes+`."
)
@click.option("--exclude", multiple=True, metavar="SELECTION", help="All but what the selection matches.")
@click.option("--kind", type=click.Choice(["source", "model", "seed", "test", "exposure"]), multiple=True, help="Only nodes of this kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@common
@click.pass_obj
def ls(
    settings: Settings, target: str | None, select: tuple[str, ...], exclude: tuple[str, ...], kind: tuple[str, ...], *, as_json: bool
) -> None:
    """List sources, models, seeds, tests and exposures, and where the specs describe them."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    name, project = target_of(compilation, target)
    nodes = [n for n in project.nodes if not kind or n.kind in kind]
    if select or exclude:
        from whgen.cli.generate import write_all
        from whgen.dbt.events import Invocation
        from whgen.dbt.run import DbtError, names

        write_all(project, root)
        try:
            matched = set(
                names(Invocation(command="ls", project=root / project.folder, root=root, target=name, select=select, exclude=exclude))
            )
        except DbtError as problem:
            fail("dbt-failed", str(problem))
        nodes = [n for n in nodes if n.name in matched]
    if as_json:
        say(json.dumps([_as_json(n) for n in nodes], indent=2, ensure_ascii=True))
    else:
        shown = [n for n in nodes if n.kind != "test" or "test" in kind]
        width = max((len(n.name) for n in shown), default=0)
        for node in shown:
            say(f"{node.kind:<9} {node.name:<{width}}  {node.span}")
        tests = sum(n.kind == "test" for n in nodes)
        if tests and "test" not in kind and not settings.quiet:
            say(f"and {tests} tests (`--kind test` lists them)")
    leave(OK)


def _as_json(node: Node) -> dict[str, object]:
    return {
        "name": node.name,
        "kind": node.kind,
        "layer": node.layer,
        "description": node.description,
        "file": node.span.file,
        "line": node.span.line,
    }
