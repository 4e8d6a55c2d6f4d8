"""Where a name comes from and where it is used, for an editor that asks at a place. In: a project, an offset. Out: spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whgen.diagnostics.diagnostic import Span
from whgen.lsp.hover import word_at
from whgen.lsp.knowledge import Knowledge, known_tables
from whgen.lsp.names import Node, name_of, node_at, table_places
from whgen.lsp.project import Project
from whgen.lsp.schema import noun_of
from whgen.lsp.scope import columns_at
from whgen.spec.cursor import cursor_at
from whgen.spec.text import SourceText

_REFERENCE = re.compile(r"\w+(?:\.\w+)?")


def named_at(project: Project, file: str, text: str, offset: int) -> Node | None:
    """The column or table that a name at an offset means, by the file with what it is made of."""
    part = project.part(file)
    tables = known_tables(part.warehouse) if part.warehouse is not None else {}
    here = SourceText.of(file, text).span(offset, offset)
    if (node := node_at(file, here.line, here.column, part.uses, tables.values())) is not None:
        return node
    return _by_name(project.knowledge, text, offset)


def _by_name(knowledge: Knowledge, text: str, offset: int) -> Node | None:
    """What a name means where no rule looked it up, as in a file with mistakes: a column of the tables around it, or a table."""
    if (extent := word_at(text, offset)) is None:
        return None
    cursor = cursor_at(text, extent[1])
    noun = noun_of(cursor.value)
    columns = columns_at(knowledge, noun, cursor.path, cursor.value) if noun else {}
    word = text[slice(*extent)]
    if word in columns and columns[word][1] in knowledge.tables:
        return columns[word][1], word
    whole = word_at(text, offset, _REFERENCE) or extent
    table = knowledge.table(text[slice(*whole)]) if cursor.place == "value" and cursor.path[-1:] != ("description",) else None
    return (table.name, "") if table is not None else None


def definition(project: Project, file: str, text: str, offset: int) -> Span | None:
    """Where a name is declared that stands at an offset."""
    node = named_at(project, file, text, offset)
    if node is None:
        return None
    part = project.part(file)
    fresh = known_tables(part.warehouse) if part.warehouse is not None else {}
    table = fresh.get(node[0]) or project.knowledge.tables.get(node[0])
    if table is None:
        return None
    column = table.column(node[1]) if node[1] else None
    return column.span if column is not None else None if node[1] else table.span


def references(knowledge: Knowledge, node: Node) -> Sequence[Span]:
    """Where a column is named, with all that share its name; or where a table is named."""
    if not node[1]:
        return table_places(node[0], knowledge)
    return name_of(node, knowledge).places
