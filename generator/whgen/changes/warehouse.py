"""Two warehouses -> every change between them, sorted by table. One of them may be empty: then all of the other is new, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whgen.changes.change import Change, Changes
from whgen.changes.dimension import compare_calendars, compare_dimensions, compare_times
from whgen.changes.fact import compare_facts
from whgen.changes.model import compare_models, compare_seeds
from whgen.changes.pairs import paired
from whgen.changes.project import compare_projects
from whgen.changes.staging import compare_stagings
from whgen.changes.table import Pair, compare_keys, compare_tables, pair_of
from whgen.ir.change_kinds import KINDS
from whgen.ir.warehouse import CalendarDimension, Dimension, Fact, HandWritten, Seed, Staging, Table, TimeDimension, Warehouse
from whgen.resolve.graph import reads_of

_NOUNS = {
    Staging: "a source",
    Dimension: "a table",
    CalendarDimension: "a calendar",
    TimeDimension: "times of day",
    Fact: "a fact",
    HandWritten: "a SELECT",
    Seed: "a seed",
}
_ORDER = {name: number for number, name in enumerate(KINDS)}


def compare_warehouses(old: Warehouse | None, new: Warehouse) -> tuple[Change, ...]:
    """All changes from one warehouse to the other; None is one that there was not yet."""
    changes = Changes(private=private_tables(old, new))
    if old is not None:
        compare_projects(old, new, changes)
    pairs = paired(old.tables if old is not None else (), new.tables)
    for table in pairs.added:
        changes.add("table-added", table.name, table.span, table=table.name)
    for table in pairs.removed:
        changes.add("table-removed", table.name, table.span, table=table.name, is_gone=True)
    tables = pairs.renamed
    columns = {after.name: paired(before.columns, after.columns).renamed for before, after in pairs.both}
    for before, after in pairs.both:
        _compare(pair_of(before, after, tables, columns, _read(after, columns, new)), changes)
    return in_catalogue_order(changes.found)


def in_catalogue_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes sorted by table, by what they are of, and by kind."""
    return tuple(sorted(changes, key=lambda c: (c.table, c.subject, _ORDER[c.kind.name], c.states)))


def private_tables(old: Warehouse | None, new: Warehouse) -> frozenset[str]:
    """The tables that nobody but the project reads: staging, seeds and inputs, unless an exposure names them."""
    both = [w for w in (old, new) if w is not None]
    exposed = {name for w in both for e in w.exposures for name in e.depends_on}
    return frozenset(t.name for w in both for t in (*w.stagings, *w.seeds, *w.inputs)) - exposed


def _read(table: Table, columns: Mapping[str, Mapping[str, str]], warehouse: Warehouse) -> Mapping[str, str]:
    """The renamed columns that the expressions of a table may speak of: those of its base, or of all tables of a SELECT.

    Of several tables none whose name more than one of them has or had: which one is meant, a name alone does not say.
    """
    if isinstance(table, Dimension | Fact):
        return columns.get(table.base.name, {})
    reads = reads_of(table)
    known = {t.name: {c.name for c in t.columns} | columns.get(t.name, {}).keys() for t in warehouse.tables if t.name in reads}
    return {
        before: after
        for name in reads
        for before, after in columns.get(name, {}).items()
        if not any(before in of for other, of in known.items() if other != name)
    }


def _compare(pair: Pair, changes: Changes) -> None:
    match pair.old, pair.new:
        case Staging(), Staging():
            compare_stagings(pair, changes)
        case Dimension(), Dimension():
            compare_dimensions(pair, changes)
        case CalendarDimension(), CalendarDimension():
            compare_calendars(pair, changes)
        case TimeDimension(), TimeDimension():
            compare_times(pair, changes)
        case Fact(), Fact():
            compare_facts(pair, changes)
        case HandWritten(), HandWritten():
            compare_models(pair, changes)
        case Seed(), Seed():
            compare_seeds(pair, changes)
        case old, new:
            # A table that is made in another way under the same name: a dimension that becomes a calendar.
            compare_tables(pair, changes)
            compare_keys(pair, changes)
            if type(old) is not type(new):
                changes.add("base-changed", new.name, new.span, table=new.name, before=_noun(old), after=_noun(new))


def _noun(table: Table) -> str:
    return next(_NOUNS[kind] for kind in type(table).__mro__ if kind in _NOUNS)
