"""Lineage as data: columns and the rows of tables, what each is made of, by which rules; and the ways up and down.

Made by `compiler`; printed by `text`, `mermaid`, `openlineage` and `document`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from whgen.diagnostics.diagnostic import Span

Kind = Literal["source", "staging", "seed", "dimension", "fact", "model"]


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A column of a table; without a name, the rows of the table: which ones there are."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else f"rows of {self.table}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One step from a column to another: what is done to it, and where the specs say so."""

    kind: str
    text: str
    span: Span

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.span.file}:{self.span.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`target` is made of `source`; `inferred` where that was read out of hand-written SQL and not declared."""

    source: Node
    target: Node
    rules: tuple[Rule, ...]
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table as lineage shows it: its kind, its columns with their types, those that only other columns are made of included."""

    name: str
    kind: Kind
    span: Span
    columns: Mapping[str, str]
    reference: str = ""
    """What specs call it, where that is not its name."""


class Lineage:
    """All edges, by both ends."""

    def __init__(self, tables: Iterable[Shown], edges: Iterable[Edge], exposures: Mapping[str, tuple[str, ...]]) -> None:
        self.tables = {t.name: t for t in tables}
        self.exposures = exposures
        """For each exposure the tables that it uses."""
        self._into: dict[Node, list[Edge]] = {}
        self._out_of: dict[Node, list[Edge]] = {}
        for edge in _merged(edges):
            self._into.setdefault(edge.target, []).append(edge)
            self._out_of.setdefault(edge.source, []).append(edge)

    @property
    def edges(self) -> Iterator[Edge]:
        """Every edge, grouped by what it makes."""
        return (edge for found in self._into.values() for edge in found)

    def into(self, node: Node) -> tuple[Edge, ...]:
        """What a node is made of, in one step."""
        return tuple(self._into.get(node, ()))

    def out_of(self, node: Node) -> tuple[Edge, ...]:
        """What is made of a node, in one step."""
        return tuple(self._out_of.get(node, ()))

    def above(self, nodes: Iterable[Node]) -> tuple[Edge, ...]:
        """All edges that lead to some nodes, over columns; and those that decide the rows of every table on the way."""
        return self._walk(nodes, self.into, lambda e: e.source, self._with_rows)

    def below(self, nodes: Iterable[Node]) -> tuple[Edge, ...]:
        """All edges that lead away from some nodes."""
        return self._walk(nodes, self.out_of, lambda e: e.target, lambda node: (node,))

    def affected(self, node: Node) -> frozenset[Node]:
        """Everything that may change when a node does. Where the rows of a table may, all of its columns may."""
        found, pending = {node}, [node]
        while pending:
            here = pending.pop()
            after = [edge.target for edge in self._out_of.get(here, ())]
            if not here.column and here.table in self.tables:
                after += [Node(here.table, name) for name in self.tables[here.table].columns]
            for other in after:
                if other not in found:
                    found.add(other)
                    pending.append(other)
        return frozenset(found)

    def _with_rows(self, node: Node) -> tuple[Node, ...]:
        return (node, Node(node.table)) if node.column else (node,)

    def _walk(
        self,
        nodes: Iterable[Node],
        step: Callable[[Node], tuple[Edge, ...]],
        end: Callable[[Edge], Node],
        reached: Callable[[Node], tuple[Node, ...]],
    ) -> tuple[Edge, ...]:
        pending = [n for node in nodes for n in reached(node)]
        seen = set(pending)
        found: dict[Edge, None] = {}
        while pending:
            for edge in step(pending.pop()):
                found[edge] = None
                new = [n for n in reached(end(edge)) if n not in seen]
                seen.update(new)
                pending += new
        return tuple(sorted(found, key=lambda e: (e.target, e.source)))


def _merged(edges: Iterable[Edge]) -> Iterator[Edge]:
    """One edge between two nodes, with the rules of all."""
    found: dict[tuple[Node, Node], Edge] = {}
    for edge in edges:
        ends = edge.source, edge.target
        if edge.source == edge.target:
            continue
        if (first := found.get(ends)) is not None:
            rules = tuple(dict.fromkeys((*first.rules, *edge.rules)))
            edge = Edge(source=edge.source, target=edge.target, rules=rules, inferred=first.inferred and edge.inferred)
        found[ends] = edge
    return iter(found.values())
