"""Every place where a column is named: where it is made, where it is used, and the columns that are made by the same word.

A word such as `flight_number` in the `degenerate:` of a fact takes a column and makes another one of the same name. So whoever renames
one renames both, and the columns with them all along the line; all of them together are one `Name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from whgen.diagnostics.diagnostic import Span
from whgen.lsp.knowledge import Knowledge, KnownTable, Use

_QUOTED = 2
"""Characters that a text in quotes has at least."""

Node = tuple[str, str]
Uses = Iterable[Use]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The columns that share a name by being made of each other, and the places where it is written."""

    name: str
    columns: frozenset[Node]
    places: tuple[Span, ...]


class Words:
    """The words of files, by their spans."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def at(self, span: Span) -> str:
        """What stands at a span, without quotes around it; empty where it is not on one line."""
        return self._written(self.inner(span))

    def inner(self, span: Span) -> Span:
        """A span without the quotes at its ends."""
        text = self._written(span)
        if len(text) < _QUOTED or text[0] != text[-1] or text[0] not in "'\"`":
            return span
        return replace(span, column=span.column + 1, end_column=span.end_column - 1)

    def _written(self, span: Span) -> str:
        if span.file not in self._lines:
            self._lines[span.file] = self._texts.get(span.file, "").split("\n")
        lines = self._lines[span.file]
        if span.line != span.end_line or not 1 <= span.line <= len(lines):
            return ""
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]


def node_at(file: str, line: int, column: int, uses: Uses, tables: Iterable[KnownTable]) -> Node | None:
    """The column, or the table, that is named at a place: lines and columns as spans count them."""
    best: tuple[int, Node] | None = None
    for table, name, span in (*uses, *_declared(tables)):
        if span.file == file and span.line == span.end_line == line and span.column <= column <= span.end_column:
            width = span.end_column - span.column
            if best is None or width < best[0]:
                best = width, (table, name)
    return best[1] if best is not None else None


def name_of(node: Node, knowledge: Knowledge) -> Name:
    """A column with all that shares its name."""
    return _together(node, knowledge.uses, list(knowledge.tables.values()), Words(knowledge.texts))


def _together(node: Node, uses: Uses, tables: Iterable[KnownTable], words: Words) -> Name:
    at_span: dict[Span, set[Node]] = {}
    of_node: dict[Node, set[Span]] = {}
    for table, name, span in (*uses, *_declared(tables)):
        if name == node[1] and name:
            at_span.setdefault(span, set()).add((table, name))
            of_node.setdefault((table, name), set()).add(span)
    columns, pending = {node}, [node]
    places: set[Span] = set()
    while pending:
        for span in of_node.get(pending.pop(), ()):
            places.add(span)
            new = at_span[span] - columns
            columns |= new
            pending += new
    written = {words.inner(span) for span in places if words.at(span) == node[1]}
    return Name(name=node[1], columns=frozenset(columns), places=tuple(sorted(written)))


def table_places(table: str, knowledge: Knowledge) -> list[Span]:
    """Where a table is named."""
    found = {span for name, column, span in knowledge.uses if name == table and not column}
    return sorted(found)


def _declared(tables: Iterable[KnownTable]) -> Iterator[tuple[str, str, Span]]:
    for table in tables:
        yield table.name, "", table.span
        for column in table.columns:
            yield table.name, column.name, column.span
