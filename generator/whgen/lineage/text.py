"""Lineage as a tree of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from whgen.lineage.graph import Edge, Lineage, Node


def tree(lineage: Lineage, node: Node, *, up: bool) -> Iterator[str]:
    """A column and below it, indented, what it is made of, or what is made of it."""
    yield described(lineage, node)
    if not up and not lineage.out_of(node):
        yield "└─ nothing"
    elif up and not lineage.into(node) and lineage.tables[node.table].kind != "source":
        yield "└─ no other column: it is made here"
    yield from _branches(lineage, node, up, "", {node})


def _branches(lineage: Lineage, node: Node, up: bool, indent: str, seen: set[Node]) -> Iterator[str]:  # noqa: FBT001 - passed on as it came
    edges = lineage.into(node) if up else lineage.out_of(node)
    for index, edge in enumerate(edges):
        last, other = index == len(edges) - 1, edge.source if up else edge.target
        again = " (see above)" if other.column and other in seen and (lineage.into(other) if up else lineage.out_of(other)) else ""
        yield f"{indent}{'└─ ' if last else '├─ '}{described(lineage, other)}: {said(edge)}{again}"
        if other.column and other not in seen:
            seen.add(other)
            yield from _branches(lineage, other, up, indent + ("   " if last else "│  "), seen)


def row_rules(edges: tuple[Edge, ...]) -> Iterator[str]:
    """What decides the rows of each table, one line for each rule."""
    found: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        if not edge.target.column:
            for rule in edge.rules:
                of = found.setdefault((edge.target.table, f"{rule.text}{_mark(edge)}  [{rule.place}]"), [])
                of.append(str(edge.source) if edge.source.column else "")
    for (table, text), sources in found.items():
        columns = ", ".join(dict.fromkeys(s for s in sources if s))
        yield f"{table}: {text}" + (f" of {columns}" if columns else "")


def described(lineage: Lineage, node: Node) -> str:
    """A node with its type."""
    if not node.column:
        return str(node)
    table = lineage.tables.get(node.table)
    type_ = table.columns.get(node.column, "") if table else ""
    extra = ", ".join(part for part in (type_, "source" if table and table.kind == "source" else "") if part)
    return f"{node} ({extra})" if extra else str(node)


def said(edge: Edge) -> str:
    """The rules of an edge, with the places that say so."""
    places = dict.fromkeys(rule.place for rule in edge.rules)
    return f"{'; '.join(rule.text for rule in edge.rules)}{_mark(edge)}  [{', '.join(places)}]"


def _mark(edge: Edge) -> str:
    return " (inferred)" if edge.inferred else ""
