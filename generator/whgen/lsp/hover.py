"""What is told of the name under the cursor: a key of the spec language, a table, a column with what it is made of, a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from whgen.lsp.knowledge import Knowledge, KnownColumn, KnownTable
from whgen.lsp.schema import allowed, noun_of, nouns
from whgen.lsp.scope import columns_at
from whgen.spec.cursor import Cursor, cursor_at
from whgen.sql.catalogue.lookup import CATALOGUE

if TYPE_CHECKING:
    from whgen.lsp.project import Project

_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(r"\w+(?:\.\w+)?")
_MOST_STEPS = 6


def word_at(text: str, offset: int, pattern: re.Pattern[str] = _WORD) -> tuple[int, int] | None:
    """Where the word around an offset begins and ends."""
    line = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for match in pattern.finditer(text, line, len(text) if end < 0 else end):
        if match.start() <= offset <= match.end():
            return match.span()
    return None


def hover(project: Project, file: str, text: str, offset: int) -> tuple[tuple[int, int], str] | None:
    """What is known of the word at an offset, as Markdown, and where the word stands."""
    extent = word_at(text, offset)
    if extent is None:
        return None
    start, end = extent
    word, cursor = text[start:end], cursor_at(text, end)
    whole = word_at(text, offset, _REFERENCE) or extent
    lines = list(_about(project, file, word, text[slice(*whole)], cursor))
    return (extent, "\n\n".join(lines)) if lines else None


def _about(project: Project, file: str, word: str, reference: str, cursor: Cursor) -> Iterator[str]:
    knowledge, noun = project.knowledge, noun_of(cursor.value)
    # The word itself is not in the value that the cursor knows.
    noun = noun or next((w.name for w in nouns() if cursor.place == "key" and w.name == word and not cursor.path), "")
    columns = columns_at(knowledge, noun, cursor.path, cursor.value) if noun else {}
    own = (
        next((w for w in allowed(noun, cursor.path, cursor.value).keys if w.name == word), None) if noun and cursor.place == "key" else None
    )
    table = knowledge.table(reference) or knowledge.table(word)
    if own is not None:
        yield f"`{word}:` {own.description}"
    elif cursor.place == "key" and (found := _anywhere(knowledge, file, word)) is not None:
        yield from _about_column(project, file, *found)
    elif word in columns and columns[word][0].span.file:
        yield from _about_column(project, file, *columns[word])
    elif table is not None:
        yield from _about_table(table)
    elif (function := next((f for f in CATALOGUE if f.name.lower() == word.lower()), None)) is not None:
        yield f"`{function.usage}`"
        yield f"As in `{function.example}`. NULL: {function.nulls}."
    elif noun and (made := _anywhere(knowledge, file, word)) is not None:
        yield from _about_column(project, file, *made)


def _anywhere(knowledge: Knowledge, file: str, word: str) -> tuple[KnownColumn, str] | None:
    """A column of that name of a table that the file describes."""
    for table in knowledge.tables.values():
        if table.span.file == file and (column := table.column(word)) is not None:
            return column, table.name
    return None


def _about_column(project: Project, file: str, column: KnownColumn, table: str) -> Iterator[str]:
    missing = "may be missing" if column.nullable else "never missing"
    yield f"**{table}.{column.name}**  \n`{column.type or 'unknown'}`, {missing}{f', in {column.unit}' if column.unit else ''}"
    if column.description:
        yield column.description
    if steps := list(_steps(project, file, table, column.name)):
        yield "Made of:\n" + "\n".join(f"- {step}" for step in steps[:_MOST_STEPS])


def _about_table(table: KnownTable) -> Iterator[str]:
    yield f"**{table.name}**, a {table.kind}" + (f", in specs `{table.reference}`" if table.reference != table.name else "")
    if table.description:
        yield table.description
    facts = [f"Grain: {table.grain}"] if table.grain else []
    facts += [f"Key: {', '.join(table.key)}"] if table.key else []
    facts += [
        f"{len(table.columns)} columns: " + ", ".join(c.name for c in table.columns[:12]) + (" ..." if len(table.columns) > 12 else "")
    ]
    yield "  \n".join(facts)


def _steps(project: Project, file: str, table: str, column: str) -> Iterator[str]:
    """What a column is made of, in one step, by the file with what it is made of."""
    from whgen.lineage.compiler import lineage_of
    from whgen.lineage.graph import Node
    from whgen.warehouses import DIALECTS

    warehouse = project.meaning(file)
    if warehouse is None or all(t.name != table for t in warehouse.tables):
        return
    for edge in lineage_of(warehouse, DIALECTS[warehouse.warehouses[0]]).into(Node(table, column)):
        rules = "; ".join(rule.text for rule in edge.rules)
        yield f"`{edge.source}`" + (f": {rules}" if rules else "")
