"""`whgen explain`: what an error code means and how to mend it; or all that is known of a table or a column."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from whgen.cli.say import find_project, leave, meaning, say
from whgen.cli.settings import OK, USAGE, Settings, common, formatted, project_root

if TYPE_CHECKING:
    from whgen.diagnostics.code import Code


@click.command()
@click.argument("name", metavar="CODE|TABLE[.COLUMN]")
@formatted("json")
@common
@click.pass_obj
def explain(settings: Settings, /, name: str) -> None:
    """Say what the error CODE means, why it matters and how to mend it; or all that is known of a TABLE or a COLUMN.

    Of a column: its sources, the rules that make it, in their order and with their places in the specs, its tests, and who uses it.
    """
    from whgen.diagnostics.codes import CODES

    if name in CODES:
        _explain_code(settings, CODES[name])
    # No table has a hyphen in its name; and what is asked for where no project is can only be a code.
    if "-" in name or ("." not in name and not _has_project(settings)):
        _unknown(name, CODES)
    from whgen.cli.lineage import located_node
    from whgen.lineage.about import Atlas, about_column, about_table
    from whgen.lineage.find import Unknown, find
    from whgen.warehouses import DIALECTS

    warehouse = meaning(settings, find_project(settings))
    atlas = Atlas.of(warehouse, DIALECTS[warehouse.targets[0].warehouse])
    if "." not in name and isinstance(find(name, atlas.lineage), Unknown):
        _unknown(name, (*CODES, *atlas.lineage.tables))
    node = located_node(name, atlas.lineage)
    found = about_column(atlas, node) if node.column else about_table(atlas, node.table)
    if not settings.is_text:
        say(json.dumps(found, indent=2, default=str))
    else:
        from whgen.lineage.prose import column_lines, table_lines

        for line in column_lines(found) if node.column else table_lines(found):
            say(line)
    leave(OK)


def _has_project(settings: Settings) -> bool:
    try:
        return project_root(settings.folder.absolute()) is not None
    except FileNotFoundError:
        return False


def _unknown(name: str, known: Iterable[str]) -> None:
    from whgen.diagnostics.diagnostic import candidates_help

    known = sorted(known)
    label, help_ = candidates_help(name, known, kind="codes and tables")
    say(f"there is no code and no table `{name}`: {label or help_}", err=True)
    leave(USAGE)


def _explain_code(settings: Settings, code: Code) -> None:
    if not settings.is_text:
        parts = ("name", "title", "what", "why", "example", "fix")
        document: Mapping[str, Any] = {part: getattr(code, part) for part in parts}
        say(json.dumps(document, indent=2))
        leave(OK)
    say(f"{code.name}: {code.title}")
    say()
    say(code.what)
    for heading, text in (("Why", code.why), ("Example", code.example), ("Remedy", code.fix)):
        say()
        say(f"{heading}:")
        say(textwrap.indent(text, "  "))
    leave(OK)
