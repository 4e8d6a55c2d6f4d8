"""A schedule x a dbt project -> the nodes that each of its groups builds, and what a scheduler's file shows of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whgen.plan.project import Node, PlannedGroup, PlannedSchedule

if TYPE_CHECKING:
    from whgen.ir.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as a template shows it."""

    name: str
    before: str
    """The groups before it as a list of Python."""
    words: str
    """Its name, then those of the groups before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """What templates/schedules/* show. Texts that stand in code are literals of Python already."""

    name: str
    identifier: str
    flow: str
    title: str
    when: str
    origin: str
    cron: str
    time_zone: str
    description: str
    tags: str
    retries: str
    wait_seconds: str
    webhook: str
    sources: str
    listed: str
    """The same as a list of Python."""
    has_gate: bool
    skips: bool
    has_alerts: bool
    has_retries: bool
    one_writer: bool
    target: str
    groups: tuple[GroupView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrontabView:
    """What templates/schedules/crontab.j2 shows: all schedules."""

    project: str
    origins: str
    schedules: tuple[ScheduleView, ...]


def plan_schedule(schedule: Schedule, project: str, built: Iterable[Node], *, one_writer: bool) -> PlannedSchedule:
    """The nodes of each group. A test runs with the last of the models that it reads, so that none is left out between two groups."""
    place = {table: n for n, group in enumerate(schedule.groups) for table in group.tables}
    nodes: list[list[str]] = [[*group.tables] for group in schedule.groups]
    after = [{*group.after} for group in schedule.groups]
    for test in built:
        # A test whose own table is in no group is left to whoever builds that.
        if test.reads and test.reads[0] in place:
            read = {place[name] for name in test.reads if name in place}
            last = max(read)
            nodes[last].append(test.name)
            after[last] |= {schedule.groups[n].name for n in read if n != last}
    groups: list[PlannedGroup] = []
    behind: dict[str, set[str]] = {}
    for n, group in enumerate(schedule.groups):
        # What comes before one that comes before goes without saying.
        implied = {far for near in after[n] for far in behind[near]}
        behind[group.name] = after[n] | implied
        direct = tuple(g.name for g in schedule.groups if g.name in after[n] - implied)
        groups.append(PlannedGroup(name=group.name, nodes=tuple(nodes[n]), after=direct))
    return PlannedSchedule(
        project=project,
        name=schedule.name,
        file=schedule.file,
        description=schedule.description,
        tags=schedule.tags,
        target=schedule.target,
        cron=schedule.cron,
        in_words=schedule.in_words,
        time_zone=schedule.time_zone,
        gate=schedule.gate or "",
        sources=schedule.sources,
        retries=schedule.retries,
        wait_seconds=schedule.wait_seconds,
        webhook=schedule.webhook,
        groups=tuple(groups),
        one_writer=one_writer,
    )


def schedule_view(planned: PlannedSchedule) -> ScheduleView:
    """A schedule as templates show it."""
    title = f"The schedule `{planned.name}` of the warehouse `{planned.project}`: builds the target `{planned.target}`."
    return ScheduleView(
        name=planned.name,
        identifier=f"{planned.project}_{planned.name}",
        flow=f"{planned.project}-{planned.name}".replace("_", "-"),
        title=title,
        when=f"{planned.in_words} ({planned.time_zone}).",
        origin=planned.file,
        cron=planned.cron,
        time_zone=planned.time_zone,
        description=_literal(planned.description),
        tags=_literals(planned.tags),
        retries=str(planned.retries),
        wait_seconds=str(planned.wait_seconds),
        webhook=planned.webhook,
        sources=" ".join(planned.sources),
        listed=_literals(planned.sources),
        has_gate=bool(planned.gate),
        skips=planned.gate == "skip",
        has_alerts=bool(planned.webhook),
        has_retries=bool(planned.retries),
        one_writer=planned.one_writer,
        target=planned.target,
        groups=tuple(GroupView(name=g.name, before=_literals(g.after), words=" ".join((g.name, *g.after))) for g in planned.groups),
    )


def crontab_view(schedules: Sequence[PlannedSchedule]) -> CrontabView:
    """All schedules as one table."""
    origins = ", ".join(dict.fromkeys(s.file for s in schedules))
    return CrontabView(project=schedules[0].project, origins=origins, schedules=tuple(map(schedule_view, schedules)))


def _literal(text: str) -> str:
    """A text as Python writes it: in double quotes, unless others need fewer backslashes."""
    return repr(text) if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def _literals(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_literal, texts))}]"
