"""Two projects -> how they differ around their tables: targets, layers, sources, exposures, schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whgen.changes.change import Changes
from whgen.changes.column import compare_notes
from whgen.diagnostics.diagnostic import Span
from whgen.ir.environment import Layer
from whgen.ir.source import Source
from whgen.ir.warehouse import Warehouse


def compare_projects(old: Warehouse, new: Warehouse, changes: Changes) -> None:
    """All that is of no single table."""
    place = Span(file=new.file)
    if old.description.split() != new.description.split():
        changes.add("description-changed", new.name, place)
    if old.persist_docs is not new.persist_docs:
        changes.add("persist-docs-changed", new.name, place, before=old.persist_docs, after=new.persist_docs)
    if old.run_history is not new.run_history:
        changes.add("run-history-changed", new.name, place, before=old.run_history, after=new.run_history)
    if old.semantic_layer is not new.semantic_layer:
        changes.add("semantic-layer-changed", new.name, place, before=old.semantic_layer, after=new.semantic_layer)
    for name in sorted(old.policy_tags.keys() | new.policy_tags.keys()):
        if old.policy_tags.get(name) != new.policy_tags.get(name):
            changes.add("policy-tag-changed", name, place)
    if changes.differ(old.ci, new.ci):
        changes.add("workflow-changed", new.name, place)
    _targets(old, new, place, changes)
    for before, after in ((old.staging, new.staging), (old.production, new.production)):
        _layer(before, after, changes)
    _sources(old, new, changes)
    _exposures(old, new, changes)
    _schedules(old, new, changes)


def _targets(old: Warehouse, new: Warehouse, place: Span, changes: Changes) -> None:
    before, after = {t.name: t for t in old.targets}, {t.name: t for t in new.targets}
    for name in after.keys() - before.keys():
        changes.add("target-added", name, place, after=after[name].warehouse)
    for name in before.keys() - after.keys():
        changes.add("target-removed", name, Span(file=old.file), is_gone=True)
    for name in before.keys() & after.keys():
        prefixes = [f"{t.schema_prefix}{'(developer)_' if t.per_developer else ''}" or "none" for t in (before[name], after[name])]
        if prefixes[0] != prefixes[1]:
            changes.add("schema-changed", name, place, before=prefixes[0], after=prefixes[1])
        if changes.differ(_settings(before[name]), _settings(after[name])):
            changes.add("target-changed", name, place)
    if old.targets and new.targets and old.targets[0].name != new.targets[0].name:
        changes.add("default-target-changed", new.name, place, before=old.targets[0].name, after=new.targets[0].name)


def _settings(target: Any) -> object:
    # How many models are built at once is nothing that anybody could read in a table.
    return (target.warehouse, {k: v for k, v in target.settings.items() if k != "threads"})


def _layer(old: Layer, new: Layer, changes: Changes) -> None:
    if old.schema != new.schema:
        changes.add("schema-changed", f"the layer {new.name}", new.span, before=old.schema, after=new.schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notes:
    """What people read of a source's table, which has nothing else."""

    description: str
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    span: Span


def _sources(old: Warehouse, new: Warehouse, changes: Changes) -> None:
    before, after = {s.name: s for s in old.sources}, {s.name: s for s in new.sources}
    for name in after.keys() - before.keys():
        changes.add("source-added", name, after[name].span)
    for name in before.keys() - after.keys():
        changes.add("source-removed", name, before[name].span, is_gone=True)
    for name in before.keys() & after.keys():
        _source(before[name], after[name], changes)


def _source(old: Source, new: Source, changes: Changes) -> None:
    if changes.differ(old.location, new.location):
        changes.add("source-moved", new.name, new.span)
    # Meta and tags of a source are handed down to its tables, where they are compared.
    if old.description.split() != new.description.split():
        changes.add("description-changed", new.name, new.span)
    before = {t.name: (t, fresh, span) for t, fresh, span in old.tables}
    for table, fresh, span in new.tables:
        if table.name not in before:
            continue
        was, was_fresh, was_span = before[table.name]
        subject = f"{new.name}.{table.name}"
        # How old rows may be follows from what the specs say, not from what the column is on some warehouse.
        ages = [(f.column, f.warn_after, f.error_after) if f is not None else None for f in (was_fresh, fresh)]
        if ages[0] != ages[1]:
            changes.add("freshness-changed", subject, span)
        notes = [_Notes(description=t.description, meta={}, tags=(), span=s) for t, s in ((was, was_span), (table, span))]
        if not _is_described_by_staging(subject, new, changes):
            compare_notes(notes[0], notes[1], subject, changes=changes)


def _is_described_by_staging(subject: str, source: Source, changes: Changes) -> bool:
    # The description of a table is also that of the staging model made of it, where it is compared.
    table = subject.removeprefix(f"{source.name}.")
    return any(name.endswith(f"{source.name}__{table}") for name in changes.private)


def _exposures(old: Warehouse, new: Warehouse, changes: Changes) -> None:
    before, after = {e.name: e for e in old.exposures}, {e.name: e for e in new.exposures}
    for name in after.keys() - before.keys():
        changes.add("exposure-added", name, after[name].span)
    for name in before.keys() - after.keys():
        changes.add("exposure-removed", name, before[name].span, is_gone=True)
    for name in before.keys() & after.keys():
        if changes.differ(before[name], after[name]):
            changes.add("exposure-changed", name, after[name].span)


def _schedules(old: Warehouse, new: Warehouse, changes: Changes) -> None:
    before, after = {s.name: s for s in old.schedules}, {s.name: s for s in new.schedules}
    for name in after.keys() - before.keys():
        changes.add("schedule-added", name, after[name].span)
    for name in before.keys() - after.keys():
        changes.add("schedule-removed", name, before[name].span, is_gone=True)
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        states = (was.cron, now.cron) if was.cron != now.cron else ("", "")
        # What its groups build follows from the tables; how they are made, and all else, is its own.
        if changes.differ(_own(was), _own(now)):
            changes.add("schedule-changed", name, now.span, before=states[0], after=states[1])


def _own(schedule: Any) -> object:
    groups = tuple(g.name for g in schedule.groups)
    said = (schedule.description, schedule.target, schedule.cron, schedule.time_zone, schedule.gate, schedule.webhook)
    return (*said, schedule.retries, schedule.wait_seconds, schedule.tags, groups)
