"""`whgen lineage`: what a column is made of, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from whgen.cli.say import fail, find_project, leave, meaning, say
from whgen.cli.settings import OK, Settings, common, formatted

if TYPE_CHECKING:
    from whgen.lineage.graph import Edge, Lineage, Node


@click.command()
@click.argument("name", metavar="TABLE[.COLUMN]")
@click.option("--up", is_flag=True, help="Only what it is made of.")
@click.option("--down", is_flag=True, help="Only what is made of it.")
@formatted("json", "mermaid", "openlineage")
@common
@click.pass_obj
def lineage(settings: Settings, /, name: str, **options: bool) -> None:
    """Show what a column is made of, with the rule at each step, and what is made of it.

    TABLE is a name in the warehouse, as fact_sales, or a table of a source, as shop.orders. Without a COLUMN all of its columns are shown.
    """
    warehouse, graph = traced(settings)
    node = located_node(name, graph)
    up, down = options["up"] or not options["down"], options["down"] or not options["up"]
    columns = _columns(graph, node)
    # A table without columns has rows.
    starts = columns or [node]
    above, below = (graph.above(starts) if up else ()), (graph.below(starts) if down else ())
    if settings.is_text:
        for line in _lines(graph, columns, above, below, up=up, down=down):
            say(line)
        leave(OK)
    edges = tuple(dict.fromkeys((*above, *below)))
    if settings.form == "mermaid":
        from whgen.lineage.document import mermaid

        for line in mermaid(graph, edges):
            say(line)
    elif settings.form == "openlineage":
        from whgen.lineage.openlineage import events

        time = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
        say(json.dumps(events(graph, edges, warehouse, time), indent=2))
    else:
        say(json.dumps(_document(graph, node, above, below, up=up, down=down), indent=2))
    leave(OK)


def traced(settings: Settings) -> tuple[str, Lineage]:
    """The name of the project, and its lineage on the warehouse of its first target."""
    from whgen.lineage.compiler import lineage_of
    from whgen.warehouses import DIALECTS

    warehouse = meaning(settings, find_project(settings))
    return warehouse.name, lineage_of(warehouse, DIALECTS[warehouse.targets[0].warehouse])


def located_node(name: str, graph: Lineage) -> Node:
    """The column or table that a name means; the command ends when there is none."""
    from whgen.lineage.find import Unknown, find

    found = find(name, graph)
    if isinstance(found, Unknown):
        fail(found.code, found.message, help=found.help)
    return found


def _columns(graph: Lineage, node: Node) -> list[Node]:
    return [node] if node.column else [type(node)(node.table, name) for name in graph.tables[node.table].columns]


def _lines(graph: Lineage, columns: list[Node], above: tuple[Edge, ...], below: tuple[Edge, ...], *, up: bool, down: bool) -> Iterator[str]:
    from whgen.lineage.document import exposures_of
    from whgen.lineage.text import row_rules, tree

    if up:
        yield "Made of:"
        for node in columns:
            yield from (f"  {line}" for line in tree(graph, node, up=True))
        if rows := list(row_rules(above)):
            yield ""
            yield "Which rows there are:"
            yield from (f"  {line}" for line in rows)
    if down:
        if up:
            yield ""
        yield "Used by:"
        for node in columns:
            yield from (f"  {line}" for line in tree(graph, node, up=False))
        for name, tables in exposures_of(graph, {n.table for n in columns} | {e.target.table for e in below}).items():
            yield f"  exposure {name}: uses {', '.join(tables)}"


def _document(graph: Lineage, node: Node, above: tuple[Edge, ...], below: tuple[Edge, ...], *, up: bool, down: bool) -> dict[str, object]:
    from whgen.lineage.document import exposures_of, node_data, part

    document: dict[str, object] = {"of": node_data(node)}
    if up:
        document["up"] = part(graph, above)
    if down:
        document["down"] = part(graph, below)
        document["exposures"] = exposures_of(graph, {node.table} | {e.target.table for e in below})
    return document
