"""Two compiled projects -> what goes from one to the other: changes, what they reach, what is built, tests, SQL."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from whgen.changes.acknowledge import acknowledged
from whgen.changes.change import Change
from whgen.changes.pairs import paired
from whgen.changes.warehouse import compare_warehouses
from whgen.compilation import Compilation, Generated
from whgen.diagnostics.diagnostic import Report
from whgen.ir.change_kinds import Weight
from whgen.ir.warehouse import Warehouse
from whgen.plan.migrations import plan_migrations
from whgen.resolve.graph import reads_of

_OF_TABLES = ("storage-changed", "config-changed", "materialization-changed", "seed-changed")
_OF_SOURCES = ("source-moved",)
_OF_ALL = ("persist-docs-changed", "policy-tag-changed", "target-changed", "schema-changed")
"""Kinds of change after which a table, those of a source, or all are built anew whatever their SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A project as its specs say it: what it means and, where that is known, what is generated of it."""

    warehouse: Warehouse
    compilation: Compilation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What the models that are built would read on a target, in words and as bytes: None for a model of which it is not known."""

    target: str
    words: str
    models: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes from one state to the other."""

    against: str
    """What it is compared with, in words."""
    changes: tuple[Change, ...]
    reached: tuple[str, ...] = ()
    """The models that are not changed themselves, and read those that are."""
    exposures: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    """The models that differ from what was generated before, or read such a one; in the order of building."""
    moved: tuple[str, ...] = ()
    """What is renamed in the target before it is built, since it keeps its rows: tables and columns by their names now."""
    tests_added: tuple[str, ...] = ()
    tests_removed: tuple[str, ...] = ()
    sql: Mapping[str, str] = field(default_factory=dict)
    """For models whose SQL differs, how."""
    strangers: tuple[str, ...] = ()
    """What lies in the schemas of a target, and is none of the project's."""
    acknowledged: frozenset[str] = frozenset()
    """The breaking changes that the specs acknowledge."""
    reads: Reads | None = None
    """Where somebody asked for it."""

    def of(self, weight: Weight) -> tuple[Change, ...]:
        """The changes of a weight."""
        return tuple(c for c in self.changes if c.weight is weight)

    @property
    def unacknowledged(self) -> tuple[Change, ...]:
        """The breaking changes that nobody stands for."""
        return tuple(c for c in self.of(Weight.BREAKING) if c.id not in self.acknowledged)


def plan_changes(before: State | None, after: State, *, against: str, warehouse: str, report: Report) -> Plan:
    """The plan, with the SQL of one of the warehouses."""
    changes = compare_warehouses(before.warehouse if before is not None else None, after.warehouse)
    old = _project(before, warehouse) if before is not None else None
    new = _project(after, warehouse)
    sql = _sql(before, after, old, new)
    changed = {c.table for c in changes if c.table and c.weight is not Weight.ADDITIVE}
    reached = downstream(after.warehouse, changed)
    building = downstream(after.warehouse, {*_generated_anew(before, after, old, new), *_kept_anew(changes, after.warehouse)})
    tests = [{n.name for n in p.nodes if n.kind == "test"} if p is not None else set[str]() for p in (old, new)]
    return Plan(
        against=against,
        changes=changes,
        reached=tuple(sorted(reached - changed)),
        exposures=tuple(e.name for e in after.warehouse.exposures if reached & {*e.depends_on}),
        built=tuple(n for n in in_order(after.warehouse) if n in building),
        moved=tuple(_moved(changes, after.warehouse)),
        tests_added=tuple(sorted(tests[1] - tests[0])),
        tests_removed=tuple(sorted(tests[0] - tests[1])),
        sql=sql,
        acknowledged=acknowledged(changes, before.warehouse if before is not None else None, after.warehouse, report),
    )


def plan_target(changes: tuple[Change, ...], after: State, *, against: str, strangers: tuple[str, ...], report: Report) -> Plan:
    """The plan for what a target holds, by the changes that its tables tell of."""
    changed = {c.table for c in changes if c.weight is not Weight.ADDITIVE}
    reached, building = (downstream(after.warehouse, names) for names in (changed, {c.table for c in changes}))
    return Plan(
        against=against,
        changes=changes,
        reached=tuple(sorted(reached - changed)),
        exposures=tuple(e.name for e in after.warehouse.exposures if reached & {*e.depends_on}),
        built=tuple(n for n in in_order(after.warehouse) if n in building),
        moved=tuple(_moved(changes, after.warehouse)),
        strangers=strangers,
        acknowledged=acknowledged(changes, None, after.warehouse, report),
    )


def _moved(changes: Iterable[Change], warehouse: Warehouse) -> Iterable[str]:
    keeping = {m.table for m in plan_migrations(warehouse)}
    yield from (c.subject for c in changes if c.table in keeping and c.kind.name in ("table-renamed", "column-renamed"))


def _project(state: State, warehouse: str) -> Generated | None:
    return next((p for p in state.compilation.projects if p.warehouse == warehouse), None)


def _files(project: Generated | None) -> dict[str, dict[str, str]]:
    """Model -> suffix -> the text of its file."""
    found: dict[str, dict[str, str]] = {}
    names = {n.name for n in project.nodes if n.kind in ("model", "seed", "snapshot")} if project is not None else set()
    for path, text in project.files.items() if project is not None else ():
        if path.stem in names:
            found.setdefault(path.stem, {})[path.suffix] = text
    return found


def _sql(before: State | None, after: State, old: Generated | None, new: Generated | None) -> dict[str, str]:
    files = _files(old), _files(new)
    renamed = {b: a for a, b in paired(before.warehouse.tables, after.warehouse.tables).renamed.items()} if before is not None else {}
    found = {}
    for name, texts in sorted(files[1].items()):
        was = renamed.get(name, name)
        if diff := _diff(files[0].get(was, {}).get(".sql", ""), texts.get(".sql", ""), f"{was}.sql", f"{name}.sql"):
            found[name] = diff
    for name in sorted(files[0].keys() - files[1].keys() - {*renamed.values()}):
        if diff := _diff(files[0][name].get(".sql", ""), "", f"{name}.sql", f"{name}.sql"):
            found[name] = diff
    return found


def _diff(before: str, after: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(_lines(before), _lines(after), old if before else "/dev/null", new if after else "/dev/null")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    # The header names the file of the specs that it comes from, which is nothing that a warehouse would notice.
    return [line for line in text.splitlines(keepends=True) if not line.startswith("-- Generated by whgen from ")]


def _generated_anew(before: State | None, after: State, old: Generated | None, new: Generated | None) -> Iterable[str]:
    """The models whose SQL or rows are not what they were, or that are kept otherwise."""
    files = _files(old), _files(new)
    kept = {t.name: t for t in before.warehouse.tables} if before is not None else {}
    for table in after.warehouse.tables:
        was = kept.get(table.name)
        texts = [{s: _lines(t) for s, t in of.get(table.name, {}).items() if s != ".yml"} for of in files]
        if was is None or texts[0] != texts[1] or was.materialized != table.materialized:
            yield table.name


def _kept_anew(changes: Iterable[Change], warehouse: Warehouse) -> Iterable[str]:
    """The models that are built otherwise, though their SQL is what it was."""
    for change in changes:
        if change.kind.name in _OF_TABLES:
            yield change.table
        elif change.kind.name in _OF_SOURCES:
            yield from (s.name for s in warehouse.stagings if s.source == change.subject)
        elif change.kind.name in _OF_ALL:
            yield from (t.name for t in warehouse.tables)


def downstream(warehouse: Warehouse, names: set[str]) -> set[str]:
    """These tables and all that read them, directly or not."""
    readers: dict[str, list[str]] = {}
    for table in warehouse.tables:
        for read in reads_of(table):
            readers.setdefault(read, []).append(table.name)
    found, pending = set[str](), [*names]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += readers.get(name, ())
    return found


def in_order(warehouse: Warehouse) -> list[str]:
    """The tables in an order in which they can be built."""
    reads = {t.name: reads_of(t) for t in warehouse.tables}
    done: dict[str, None] = {}
    pending = [(name, False) for name in sorted(reads, reverse=True)]
    while pending:
        name, is_ready = pending.pop()
        if name in done or name not in reads:
            continue
        if is_ready:
            done[name] = None
        else:
            pending.append((name, True))
            pending += [(read, False) for read in sorted(reads[name], reverse=True) if read not in done]
    return [*done]
