"""Schedules -> when what is built: times are checked, every model finds its group, and groups their order."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.ir.inputs import Composed
from whgen.ir.schedule import Group, Schedule
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, Seed, Staging, Table, Warehouse
from whgen.resolve.cron import cron_flaws, in_words
from whgen.resolve.graph import reads_of
from whgen.spec.load import Located
from whgen.spec.schedule import GroupSpec, ScheduleSpec

_WAIT = re.compile(r"([0-9]{1,4}) (second|minute|hour)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A group under way. `span` is where the spec names it, or asks for it."""

    name: str
    span: Span
    belongs: Callable[[Table], bool]
    tables: list[Table] = field(default_factory=list)


def resolve_schedules(schedules: Sequence[Located[ScheduleSpec]], warehouse: Warehouse, report: Report) -> tuple[Schedule, ...]:
    """All schedules. Their groups are looked at only when the models are right: what is missing there would be missing here again."""
    return tuple(_schedule(at, warehouse, report, complete=not report.has_errors) for at in schedules)


def _schedule(at: Located[ScheduleSpec], warehouse: Warehouse, report: Report, *, complete: bool) -> Schedule:
    spec = at.spec
    for start, end, message, help_ in cron_flaws(spec.cron):
        report.error("invalid-cron", at.document.inside(("cron",), start, end), message, help=help_)
    zones = zoneinfo.available_timezones()
    if spec.time_zone not in zones:
        _unknown("time zone", spec.time_zone, zones, at.at("time_zone"), report, code="unknown-time-zone")
    targets = [t.name for t in warehouse.targets]
    if spec.target not in targets:
        _unknown("target", spec.target, targets, at.at("target"), report)
    groups: tuple[Group, ...] = ()
    sources: tuple[str, ...] = ()
    if complete:
        drafts = list(_drafts(at, warehouse, report))
        groups = _ordered(_filled(drafts, warehouse, report), warehouse, report)
        sources = _sources(groups, warehouse)
        if spec.freshness_gate and groups and not sources:
            help_ = "give a source `freshness:` with `error_after`, or take the gate out"
            report.error("no-freshness", at.at("freshness_gate"), "no source that is read says how fresh it has to be", help=help_)
    return Schedule(
        name=spec.schedule,
        file=at.file,
        span=at.at("schedule"),
        description=spec.description or "",
        tags=spec.tags or (),
        target=spec.target,
        cron=" ".join(spec.cron.split()),
        in_words=in_words(spec.cron),
        time_zone=spec.time_zone,
        gate=spec.freshness_gate,
        retries=spec.retries.count if spec.retries else 0,
        wait_seconds=_wait(at, report),
        webhook=_webhook(at, report),
        groups=groups,
        sources=sources if spec.freshness_gate else (),
    )


def _wait(at: Located[ScheduleSpec], report: Report) -> int:
    if at.spec.retries is None:
        return 0
    text = at.spec.retries.wait
    if (match := _WAIT.fullmatch(text.strip())) is None:
        report.error(
            "invalid-value", at.at("retries", "wait"), f"`{text}` is no length of time", help="write it like `30 seconds` or `10 minutes`"
        )
        return 0
    return int(match[1]) * _SECONDS[match[2]]


def _webhook(at: Located[ScheduleSpec], report: Report) -> str:
    name, span = at.spec.alerts.webhook if at.spec.alerts else "", at.at("alerts", "webhook")
    if name and not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        # Whoever has the address of a webhook can post to it.
        report.hide(span, name)
        help_ = "name the environment variable that holds the address, such as `WHGEN_ALERTS`; capitals, digits and underscores"
        report.error("secret-in-spec", span, "this is no name of an environment variable, and an address would be a secret", help=help_)
    return name


def _unknown(kind: str, name: str, known: Iterable[str], span: Span, report: Report, *, code: str = "unknown-in-schedule") -> None:
    report.unknown(code, span, f"there is no {kind} `{name}`", name=name, known=known, kind=f"{kind}s")


def _drafts(at: Located[ScheduleSpec], warehouse: Warehouse, report: Report) -> Iterator[_Draft]:
    span = at.at("groups") if "groups" in at.spec.model_fields_set else at.at("schedule")
    groups = at.spec.groups
    if isinstance(groups, dict):
        for name, spec in groups.items():
            _check_names(spec, name, at, warehouse, report)
            yield _Draft(name=name, span=at.key("groups", name), belongs=_named_by(spec))
    elif groups == "layer":
        for layer in ("staging", "production"):
            yield _Draft(name=layer, span=span, belongs=_named_by(GroupSpec(layers=(layer,))))
    elif groups == "source":
        for source in warehouse.sources:
            yield _Draft(name=f"staging_{source.name}", span=span, belongs=_named_by(GroupSpec(sources=(source.name,))))
        kinds: tuple[tuple[str, tuple[type[Table], ...]], ...] = (
            ("seeds", (Seed,)), ("dimensions", (Dimension, ComputedDimension)), ("facts", (Fact,)), ("models", (Table,)),
        )  # fmt: skip
        for name, classes in kinds:
            yield _Draft(name=name, span=span, belongs=lambda t, classes=classes: isinstance(t, classes))  # type: ignore[misc]
    else:
        for tag in sorted({tag for t in warehouse.tables for tag in t.tags}):
            yield _Draft(name=re.sub(r"[^a-z0-9_]+", "_", f"tag_{tag.lower()}"), span=span, belongs=_named_by(GroupSpec(tags=(tag,))))
        yield _Draft(name="untagged", span=span, belongs=lambda t: not t.tags)


def _named_by(spec: GroupSpec) -> Callable[[Table], bool]:
    def belongs(table: Table) -> bool:
        return (
            _layer(table) in (spec.layers or ())
            or (isinstance(table, Staging) and table.source in (spec.sources or ()))
            or bool({*table.tags} & {*(spec.tags or ())})
            or table.name in (spec.tables or ())
        )

    return belongs


def _layer(table: Table) -> Literal["staging", "production"]:
    return "staging" if isinstance(table, Staging | Seed) else "production"


def _check_names(spec: GroupSpec, name: str, at: Located[ScheduleSpec], warehouse: Warehouse, report: Report) -> None:
    kinds: tuple[tuple[str, str, Iterable[str] | None, Iterable[str]], ...] = (
        ("sources", "source", spec.sources, [s.name for s in warehouse.sources]),
        ("tags", "tag", spec.tags, {tag for t in warehouse.tables for tag in t.tags}),
        ("tables", "table", spec.tables, [t.name for t in warehouse.tables]),
    )
    for key, kind, named, known in kinds:
        for index, item in enumerate(named or ()):
            if item not in known:
                _unknown(kind, item, known, at.at("groups", name, key, index), report)


def _filled(drafts: Sequence[_Draft], warehouse: Warehouse, report: Report) -> list[_Draft]:
    """The groups with their models: each model in the first that takes it. Groups of our own making may be empty, and are left out.

    The input of a fact or dimension goes with it, as it is named nowhere; or with a dimension that infers members from it.
    """
    users: dict[str, list[Table]] = {t.name: [] for t in warehouse.inputs if isinstance(t, Composed)}
    for table in warehouse.tables:
        for name in reads_of(table):
            if name in users:
                users[name].insert(0 if isinstance(table, Dimension) else len(users[name]), table)
    for table in warehouse.tables:
        takers = (d for t in (*users.get(table.name, ()), table) for d in drafts if d.belongs(t))
        if (first := next(takers, None)) is not None:
            first.tables.append(table)
    for draft in drafts:
        own = len({d.span for d in drafts}) == len(drafts)
        if not draft.tables and own and not report.has_errors:
            taken = any(draft.belongs(t) for t in warehouse.tables)
            help_ = "groups before it took all its models: put it before them" if taken else "correct what it names, or take it out"
            report.error("empty-group", draft.span, f"the group `{draft.name}` has no models", help=help_)
    return [d for d in drafts if d.tables]


def _ordered(drafts: Sequence[_Draft], warehouse: Warehouse, report: Report) -> tuple[Group, ...]:
    """The groups, each behind those that it reads; as they stand where that leaves a choice. Circles are reported, and nothing is left."""
    edges = _edges(drafts, warehouse)
    by_name = {d.name: d for d in drafts}
    ordered: list[str] = []
    while len(ordered) < len(drafts):
        ready = next((d.name for d in drafts if d.name not in ordered and edges[d.name].keys() <= {*ordered}), None)
        if ready is None:
            _report_circle([d.name for d in drafts if d.name not in ordered], edges, by_name, report)
            return ()
        ordered.append(ready)
    return tuple(
        Group(
            name=name,
            tables=tuple(t.name for t in by_name[name].tables),
            after=tuple(n for n in ordered if n in edges[name]),
        )
        for name in ordered
    )


def _edges(drafts: Sequence[_Draft], warehouse: Warehouse) -> dict[str, dict[str, tuple[Table, str]]]:
    """Group -> the groups whose models it reads, each with a model that reads and the name of one that is read.

    A model that is in no group passes on what it reads: as a view, it reads it then.
    """
    group_of = {t.name: d.name for d in drafts for t in d.tables}
    tables = {t.name: t for t in warehouse.tables}
    found: dict[str, dict[str, tuple[Table, str]]] = {d.name: {} for d in drafts}
    for draft in drafts:
        for table in draft.tables:
            seen: set[str] = set()
            pending = list(reads_of(table))
            while pending:
                read = pending.pop()
                if read in seen or read not in tables:
                    continue
                seen.add(read)
                other = group_of.get(read)
                if other is None:
                    pending += reads_of(tables[read])
                elif other != draft.name:
                    found[draft.name].setdefault(other, (table, read))
    return found


def _report_circle(
    left: Sequence[str], edges: Mapping[str, Mapping[str, tuple[Table, str]]], by_name: Mapping[str, _Draft], report: Report
) -> None:
    path = [left[0]]
    while (following := next(n for n in edges[path[-1]] if n in left)) not in path:
        path.append(following)
    circle = path[path.index(following) :]
    steps = [(name, edges[name][circle[(n + 1) % len(circle)]]) for n, name in enumerate(circle)]
    report.error(
        "circular-groups",
        by_name[circle[0]].span,
        f"the groups read each other in a circle: {' -> '.join([*circle, circle[0]])}",
        help="move a model to another group; with `groups: layer` there is no circle",
        related=[Related(span=t.span, message=f"`{t.name}` of `{name}` reads `{read}`") for name, (t, read) in steps],
    )


def _sources(groups: Sequence[Group], warehouse: Warehouse) -> tuple[str, ...]:
    """The sources that the groups read and that say how fresh they have to be."""
    built = {name for g in groups for name in g.tables}
    read = {t.source for t in warehouse.stagings if t.name in built}
    return tuple(s.name for s in warehouse.sources if s.name in read and any(f is not None and f.error_after for _, f, _ in s.tables))
