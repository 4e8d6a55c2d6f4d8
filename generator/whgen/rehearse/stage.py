"""The stage: a temporary folder with the real dbt project, built day by day on DuckDB, and every table held against the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whgen.dbt.repeated import Ended, RepeatedProject
from whgen.evaluate.dimension import Memory, evaluate_dimension, see
from whgen.evaluate.expressions import holds
from whgen.evaluate.fact import evaluate_fact
from whgen.evaluate.increments import after_run
from whgen.evaluate.outriggers import add_outriggers
from whgen.evaluate.staging import Evaluated, evaluate_staging
from whgen.evaluate.values import EvaluationError, Row
from whgen.ir.types import Kind
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, HandWritten, Staging, Table, Warehouse
from whgen.rehearse.compare import Fault, broken_invariants, comparable, difference, rows_of
from whgen.rehearse.days import State
from whgen.rehearse.raw import RawTable, raw_type

_NATIVE = {Kind.STRING: "VARCHAR", Kind.INTEGER: "BIGINT", Kind.FLOAT: "DOUBLE", Kind.DATETIME: "TIMESTAMP", Kind.TIMESTAMP: "TIMESTAMPTZ"}

_OF_OLDER_ROWS = ("__relationships", "__members_exist", "_key__unique")


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where days are played. `wanted` are the tables that are looked at, empty for all; `left_out` says what could not be."""

    warehouse: Warehouse
    name: str
    project: RepeatedProject
    folder: Path
    raw: Mapping[tuple[str, str], RawTable]
    wanted: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=Memory)
    keys: dict[tuple[object, ...], object] = field(default_factory=dict)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget all days."""
        self.project.path.unlink(missing_ok=True)
        self.project.path.with_name(self.project.path.name + ".wal").unlink(missing_ok=True)
        self.memory, self.keys = Memory(), {}

    def play(self, state: State, *, tests: bool) -> list[Fault]:
        """Build on the rows of a day; what is not as it should be, that of tables that come first before the others."""
        schemas = {s.name: s.location[self.name]["schema_name"] for s in self.warehouse.sources}
        tables = {(schemas[source], table): (self._columns((source, table)), rows) for (source, table), rows in state.items()}
        self.project.load(tables, self.folder)
        # A fact of hashed keys reads none of its dimensions, which are looked at, too.
        ended = self.project.build([f"+{name}" for name in sorted(self._needed())], tests=tests)
        with self.project.reading():
            faults = self._held_against(state, {e.name for e in ended if e.kind != "test"})
        return faults or [_of_node(e) for e in ended if not e.is_skipped and self._is_ours(e)]

    def refresh(self) -> list[Fault]:
        """Build all facts anew; those whose rows are then others."""
        facts = [f for f in self.warehouse.facts if f.name in self.compared and (not self.wanted or f.name in self.wanted)]
        with self.project.reading():
            before = {f.name: self.memory.anew[f.name] if f.incremental else self._built(f) for f in facts}
        ended = self.project.build([f.name for f in facts], full_refresh=True, tests=False) if facts else []
        with self.project.reading():
            found = [difference(f, Evaluated(self._built(f)), before[f.name]) for f in facts]
        return [_of_node(e) for e in ended] or [
            Fault(table=f.table, rule="full refresh", message=f"a full refresh gives others: {f.message}", lines=f.lines)
            for f in found
            if f
        ]

    def _is_ours(self, ended: Ended) -> bool:
        # What is made of hand-written SQL may fail tests that the made-up rows know nothing of.
        table = self.warehouse.table(ended.tested or ended.name)
        if ended.kind != "test" or table is None:
            return True
        # Nor do they know which level of a hierarchy belongs to which, or what others of a group weigh.
        if isinstance(table, Fact) and table.bridge is not None and ended.name.endswith("__weights_sum_to_one"):
            return False
        is_of_levels = isinstance(table, Dimension) and table.hierarchies and "__one_" in ended.name
        return not (is_of_levels or self._by_hand(table) or self._is_of_older_rows(table, ended.name))

    def _is_of_older_rows(self, table: Table, test: str) -> bool:
        # Rows from before the look-back keep the keys of members and versions that were there, and stay when their event moves into it.
        # That these tests then say so is what they are there for.
        return isinstance(table, Fact) and table.incremental is not None and test.endswith(_OF_OLDER_ROWS)

    def _by_hand(self, table: Table) -> bool:
        base = getattr(table, "base", None)
        return isinstance(table, HandWritten) or (base is not None and self._by_hand(base))

    def _columns(self, place: tuple[str, str]) -> list[tuple[str, str]]:
        found = []
        for name, cleaning in self.raw[place].cleanings.items():
            type_ = raw_type(cleaning, self.name)
            native = cleaning.arrivals[self.name].raw.native or _NATIVE.get(type_.kind) or str(type_).upper()
            found.append((name, native))
        return found

    def _held_against(self, state: State, not_built: set[str]) -> list[Fault]:
        known: dict[str, Sequence[Row]] = {}
        raw = {source: {t: rows for (s, t), rows in state.items() if s == source} for source, _ in state}
        tables = self.warehouse
        made = (*tables.stagings, *tables.seeds, *tables.inputs, *tables.models, *tables.dimensions, *tables.facts)
        kept = [t for t in made if t.name not in not_built and not (self.wanted and t.name not in self._needed())]
        # Dimensions may look members up in each other, whatever their names.
        known |= {d.name: self._built(d) for d in kept if isinstance(d, Dimension)}
        for table in kept:
            built = known[table.name] if table.name in known else self._built(table)
            known[table.name] = built
            try:
                wanted = self._evaluated(table, raw, known)
            except (EvaluationError, KeyError) as reason:
                self.left_out[table.name, ""] = str(reason)
                continue
            self.left_out |= {(table.name, name): why for name, why in wanted.left_out.items()}
            self.compared.add(table.name)
            faults = [f for f in (difference(table, wanted, built),) if f is not None]
            faults = faults or broken_invariants(table, built, self._rows_in(table, known), self.keys)
            if faults:
                return faults
        return []

    def _needed(self) -> set[str]:
        """The wanted tables, and those that they are made of."""
        found: set[str] = set()
        pending = [t for t in self.warehouse.tables if t.name in self.wanted]
        while pending:
            table = pending.pop()
            if table.name not in found:
                found.add(table.name)
                pending += [b for b in (getattr(table, "base", None),) if b is not None]
                pending += [r.dimension for r in table.roles] if isinstance(table, Fact) else []
                pending += [r.dimension for r in table.outriggers] if isinstance(table, Dimension) else []
                names = [r.base for r in table.references] if isinstance(table, Dimension) else []
                pending += [t for t in self.warehouse.tables if t.name in names]
        return found

    def _rows_in(self, table: Table, known: Mapping[str, Sequence[Row]]) -> int | None:
        if not isinstance(table, Fact) or table.base.name not in known or table.incremental is not None:
            return None
        return sum(holds(table.where, row) for row in known[table.base.name])

    def _evaluated(self, table: Table, raw: Mapping[str, Mapping[str, Sequence[Row]]], known: Mapping[str, Sequence[Row]]) -> Evaluated:
        if isinstance(table, Staging):
            return evaluate_staging(table, raw[table.source], self.name)
        if isinstance(table, Dimension):
            base = known[table.base.name]
            if table.history is not None and table.history.snapshot is not None:
                self._see(table, base)
                base = self.memory.seen.get(table.name, [])
            found = evaluate_dimension(table, base, known, self.memory)
            add_outriggers(table, found.rows, base, known)
            return found
        if type(table) is Fact:
            return self._of_fact(table, known)
        if isinstance(table, ComputedDimension):
            raise EvaluationError("days or times, which no row changes")
        raise EvaluationError("SQL that is not whgen's, or is made of several tables")

    def _of_fact(self, fact: Fact, known: Mapping[str, Sequence[Row]]) -> Evaluated:
        found = evaluate_fact(fact, known[fact.base.name], known)
        if fact.incremental is None:
            return found
        self.memory.anew[fact.name] = found.rows
        after = after_run(fact, found.rows, known[fact.base.name], self.memory.loaded.get(fact.name))
        self.memory.loaded[fact.name] = after
        return Evaluated(after, found.left_out)

    def _see(self, dimension: Dimension, base: Sequence[Row]) -> None:
        """Date what the snapshot saw today by the warehouse's clock, which nobody else knows."""
        assert dimension.history is not None, "only history has snapshots"
        assert dimension.history.snapshot is not None, "it dates its rows otherwise"
        moments = [r[0] for r in self.project.rows(dimension.history.snapshot, [("dbt_valid_from", False)])]
        see(dimension, base, max(moments, default=None), self.memory)

    def _built(self, table: Table) -> list[Row]:
        columns = comparable(table, [c.name for c in table.columns])
        return rows_of([n for n, _ in columns], self.project.rows(table.name, columns)) if table.materialized != "ephemeral" else []


def _of_node(ended: Ended) -> Fault:
    is_test = ended.kind == "test"
    return Fault(
        table=ended.tested or ended.name,
        rule=f"test {ended.name}" if is_test else "build",
        message=f"its test {ended.name} fails, and its rows are as the specs say" if is_test else "it cannot be built",
        lines=tuple(ended.message.splitlines()[:8]),
    )
