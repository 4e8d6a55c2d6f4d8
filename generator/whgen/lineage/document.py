"""Lineage as values of JSON, for other programs, and as a Mermaid chart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from whgen.lineage.graph import Edge, Lineage, Node


def part(lineage: Lineage, edges: Iterable[Edge]) -> dict[str, Any]:
    """Edges and the tables at their ends."""
    found = tuple(edges)
    names = dict.fromkeys(node.table for edge in found for node in (edge.source, edge.target))
    return {"tables": [_table(lineage, name) for name in sorted(names)], "edges": [edge_data(edge) for edge in found]}


def edge_data(edge: Edge) -> dict[str, Any]:
    """One edge. A node without a column is the rows of its table."""
    rules = [{"kind": r.kind, "text": r.text, "file": r.span.file, "line": r.span.line, "column": r.span.column} for r in edge.rules]
    return {
        "from": node_data(edge.source),
        "to": node_data(edge.target),
        "effect": "value" if edge.target.column else "rows",
        "inferred": edge.inferred,
        "rules": rules,
    }


def node_data(node: Node) -> dict[str, Any]:
    """A column, or the rows of a table."""
    return {"table": node.table, "column": node.column or None}


def exposures_of(lineage: Lineage, tables: Iterable[str]) -> Mapping[str, list[str]]:
    """The exposures that use some tables, each with those that it uses."""
    wanted = set(tables)
    return {name: used for name, every in sorted(lineage.exposures.items()) if (used := [t for t in every if t in wanted])}


def _table(lineage: Lineage, name: str) -> dict[str, Any]:
    table = lineage.tables[name]
    return {"name": name, "kind": table.kind, "columns": [{"name": c, "type": t or None} for c, t in table.columns.items()]}


def mermaid(lineage: Lineage, edges: Iterable[Edge]) -> Iterator[str]:
    """The lines of a Mermaid flowchart: a box for each table, dotted arrows to rows, rules on the arrows."""
    found = tuple(edges)
    nodes = sorted({node for edge in found for node in (edge.source, edge.target)})
    ids = {node: f"n{number}" for number, node in enumerate(nodes)}
    yield "flowchart LR"
    for number, table in enumerate(sorted({node.table for node in nodes})):
        yield f'  subgraph t{number}["{_escaped(table)} ({lineage.tables[table].kind})"]'
        yield from (f'    {ids[n]}["{_escaped(n.column) or "rows"}"]' for n in nodes if n.table == table)
        yield "  end"
    for edge in found:
        arrow = "-->" if edge.target.column else "-.->"
        kinds = ", ".join(dict.fromkeys(rule.kind for rule in edge.rules)) + (", inferred" if edge.inferred else "")
        yield f'  {ids[edge.source]} {arrow}|"{_escaped(kinds)}"| {ids[edge.target]}'


def _escaped(text: str) -> str:
    return re.sub(r'["#<>&|`\\]', lambda found: f"#{ord(found[0])};", text)
