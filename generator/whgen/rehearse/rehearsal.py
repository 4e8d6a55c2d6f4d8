"""A rehearsal: days are made up and played until something is not as it should be, which is then reduced to the fewest rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whgen.dbt.events import Invocation
from whgen.dbt.repeated import RepeatedProject
from whgen.ir.warehouse import Warehouse
from whgen.rehearse.compare import Fault
from whgen.rehearse.days import Source, State
from whgen.rehearse.reduce import reduced
from whgen.rehearse.stage import Stage

_ATTEMPTS = 60
_TESTED_EVERY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How long, with which dice, and which tables."""

    days: int
    seed: int
    tables: tuple[str, ...] = ()
    reduce: bool = True


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What came of it. `day` counts from 1; `states` are the days that still show the fault, with the fewest rows."""

    days: int = 0
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)
    without_rows: list[str] = field(default_factory=list)


def rehearse(
    warehouse: Warehouse, name: str, invocation: Invocation, database: Path, wish: Wish, on_day: Callable[[int, State], None]
) -> Rehearsal:
    """Play days with a project that is generated already; `name` is the warehouse product, `database` the file that it builds into."""
    source = Source(warehouse, name, wish.seed)
    project = RepeatedProject(invocation, database)
    project.parse()
    stage = Stage(
        warehouse=warehouse, name=name, project=project, folder=invocation.root, raw=source.tables, wanted=frozenset(wish.tables)
    )  # fmt: skip
    found, days = Rehearsal(), []
    for day in range(wish.days):
        state = source.next_day(is_first=day == 0)
        days.append(state)
        found.days, found.rows = day + 1, found.rows + sum(map(len, state.values()))
        on_day(day + 1, state)
        is_last = day == wish.days - 1
        # Tests take most of the time of a build, and what one day breaks the days after it mostly show, too.
        faults = stage.play(state, tests=is_last or day % _TESTED_EVERY == 0)
        if is_last:
            faults = faults or stage.refresh()
        if faults:
            found.faults = faults[:1]
            found.states = _fewest(stage, days, faults[0]) if wish.reduce else [state]
            break
    found.compared, found.left_out = stage.compared, stage.left_out
    found.without_rows = sorted(".".join(p) for p in source.tables if not any(s[p] for s in days))
    return found


def _fewest(stage: Stage, days: Sequence[State], fault: Fault) -> list[State]:
    table = stage.warehouse.table(fault.table)
    if table is not None and not stage.wanted:
        stage.wanted = frozenset([table.name])

    def fails(states: Sequence[State]) -> bool:
        stage.clear()
        faults: list[Fault] = []
        for state in states:
            faults = stage.play(state, tests=fault.rule.startswith("test "))
        if fault.rule == "full refresh":
            faults = faults or stage.refresh()
        return any(f.signature == fault.signature for f in faults)

    return reduced(days, fails, _ATTEMPTS)
