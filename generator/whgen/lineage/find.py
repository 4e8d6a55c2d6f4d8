"""TABLE or TABLE.COLUMN as people write it -> what it names, or what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from whgen.diagnostics.diagnostic import candidates_help
from whgen.diagnostics.similar import nearest
from whgen.lineage.graph import Lineage, Node, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A name that there is not, with the parts of the diagnostic that says so."""

    code: str
    message: str
    help: str


def find(text: str, lineage: Lineage) -> Node | Unknown:
    """The column that a text names; or the table, as a node without a column.

    A table has its name in the warehouse, as `stg_shop__orders`. `shop.orders` is the table of the source; its staging model where only
    that has the column.
    """
    for name, table in _named(text, lineage):
        column = text[len(name) + 1 :]
        if not column or column in table.columns:
            return Node(table.name, column)
    named = _named(text, lineage)
    if named:
        name, table = named[0]
        return _no_column(text[len(name) + 1 :], table, name)
    return _no_table(text, lineage)


def _named(text: str, lineage: Lineage) -> list[tuple[str, Shown]]:
    """The tables whose name the text begins with, the longest name first, sources before what is made of them."""
    names = [*((t.name, t) for t in lineage.tables.values()), *((t.reference, t) for t in lineage.tables.values() if t.reference)]
    found = [(name, t) for name, t in names if text == name or text.startswith(f"{name}.")]
    return sorted(found, key=lambda item: (-len(item[0]), item[1].kind != "source"))


def _no_column(column: str, table: Shown, name: str) -> Unknown:
    label, help_ = candidates_help(column, table.columns, kind="columns")
    return Unknown(code="unknown-column", message=f"`{name}` has no column `{column}`", help=label or help_)


def _no_table(text: str, lineage: Lineage) -> Unknown:
    names = {*lineage.tables, *(t.reference for t in lineage.tables.values() if t.reference)}
    table, _, column = text.rpartition(".")
    for name, rest in ((table, f".{column}"), (text, "")):
        if name and (meant := nearest(name, names)) is not None:
            return Unknown(code="unknown-table", message=f"there is no table `{name}`", help=f"did you mean `{meant}{rest}`?")
    _, help_ = candidates_help(table or text, names, kind="tables", may_suggest=False)
    return Unknown(code="unknown-table", message=f"there is no table `{table or text}`", help=help_)
