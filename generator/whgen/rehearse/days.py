"""Days in the life of the source: rows are added, changed, deleted, come back, come late, come twice.

Seeded: the same seed makes the same days.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from whgen.evaluate.values import Row
from whgen.ir.types import Kind
from whgen.ir.warehouse import CalendarDimension, Staging, Warehouse
from whgen.rehearse.partners import let_go_of_the_lost
from whgen.rehearse.raw import Dating, Link, Place, RawTable, raw_tables, raw_type
from whgen.rehearse.values import Values

State = dict[Place, list[Row]]
_TRIES = 60
_USUAL = date(2024, 3, 20)
"""Clocks of Europe go forward ten days later, and those of New York went ten days before."""


@dataclass(slots=True)
class Source:
    """All raw tables, as they are today."""

    warehouse: Warehouse
    name: str
    """The warehouse product on which the tables lie."""
    seed: int
    tables: dict[Place, RawTable] = field(init=False)
    rows: State = field(init=False)
    draw: random.Random = field(init=False)
    values: Values = field(init=False)
    _deleted: dict[Place, list[Row]] = field(init=False)
    _members: dict[Place, dict[tuple[Any, ...], Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.tables = raw_tables(self.warehouse)
        self.rows = {place: [] for place in self.tables}
        self._deleted = {place: [] for place in self.tables}
        self._members = {place: {} for place in self.tables}
        self.values = Values(self.draw, self._begin())
        for table in self.tables.values():
            self._find_what_is_beyond(table)

    def _begin(self) -> date:
        calendars = [d for d in self.warehouse.dimensions if isinstance(d, CalendarDimension)]
        if all(c.first <= _USUAL <= c.last for c in calendars):
            return _USUAL
        return min(max(c.first for c in calendars) + timedelta(days=60), min(c.last for c in calendars))

    def _find_what_is_beyond(self, table: RawTable) -> None:
        """Derived columns that no row at all has a value for are none that can be evaluated."""
        for staging in table.stagings:
            names = {(staging.name, d.column.name) for d in staging.derivations}
            table.beyond = table.beyond | names
            for _ in range(_TRIES):
                row = self._drawn(table)
                for name in list(names):
                    table.beyond.discard(name)
                    if table.staged(staging, row, self.name) is None:
                        table.beyond.add(name)
                    else:
                        names.discard(name)
        self.values.moments.clear()

    def next_day(self, *, is_first: bool) -> State:
        """Live through a day; the rows of all tables at its end."""
        if not is_first:
            self.values.today += timedelta(days=1)
        for table in self._in_order():
            if is_first and self.draw.random() < 0.15:
                # A table without rows on the first day is one that a dimension must bear.
                continue
            self._live(table, is_first=is_first)
        let_go_of_the_lost(self.warehouse, self.tables, self.rows, self.name)
        return {place: [dict(r) for r in rows] for place, rows in self.rows.items()}

    def _in_order(self) -> list[RawTable]:
        """Tables that others point to come first."""
        found: list[RawTable] = []
        waiting = list(self.tables.values())
        while waiting:
            free = [t for t in waiting if not any(self._places(link.other) & {w.place for w in waiting if w is not t} for link in t.links)]
            found += free or waiting[:1]
            waiting = [t for t in waiting if t not in found]
        return found

    def _places(self, staging: Staging) -> set[Place]:
        return {(staging.source, name) for name, _ in staging.inputs}

    def _live(self, table: RawTable, *, is_first: bool) -> None:
        rows, dating = self.rows[table.place], next(iter(table.dating.values()), None)
        if dating is not None and dating.is_extract:
            self._extract(table, dating)
            return
        if not is_first:
            self._change(table)
            self._delete(table)
            self._return(table)
        for _ in range(self.draw.randint(8, 14) if is_first or not rows else self.draw.choice((0, 2, 3, 5, 7))):
            if dating is not None and rows and self.draw.random() < 0.8:
                self._add_change(table, dating)
            else:
                self._add(table, lambda: self._drawn(table))
        if table.has_replays and rows:
            for _ in range(self.draw.randrange(3)):
                self._replay(table)
        self.draw.shuffle(rows)

    def _drawn(self, table: RawTable, keep: Mapping[str, Any] | None = None) -> Row:
        """A row with random values; `keep` has what some of its columns hold, by their names in the source."""
        keys, row = table.key_columns(), {}
        for name, cleaning in table.cleanings.items():
            column = cleaning.column
            tests = [(t.kind, t.argument) for s in table.stagings for c in s.columns if c.name == column.name for t in c.tests]
            is_key = column.name in keys
            is_empty = column.name not in table.required and self.draw.random() < (0.25 if is_key else 0.15)
            value = None if is_empty else self.values.value(column, is_key=is_key, tests=tests)
            row[name] = self.values.written(value, cleaning, raw_type(cleaning, self.name), self.name)
        for link in table.links:
            row |= self._linked(table, link)
        return row | dict(keep or {})

    def _linked(self, table: RawTable, link: Link) -> Row:
        """The key of a row that is there in another table, most of the time."""
        if table.place in self._places(link.other):
            return {}
        others = [(self.tables[p], r) for p in self._places(link.other) for r in self.rows.get(p, ())]
        if not others or (not link.is_strict and self.draw.random() < 0.15):
            return {}
        other, row = self.draw.choice(others)
        staged = other.staged(link.other, row, self.name)
        by_name = {c.column.name: c for c in link.staging.cleanings}
        if staged is None or not all(n in by_name for n in link.columns):
            return {}
        found = {}
        for name, other_name in zip(link.columns, link.other_columns, strict=True):
            cleaning = by_name[name]
            is_kept = name in table.required or link.is_strict or self.draw.random() > 0.05
            value = staged.get(other_name) if is_kept else None
            found[cleaning.source_name] = self.values.written(value, cleaning, raw_type(cleaning, self.name), self.name)
        moment, column = staged.get(link.moment), by_name.get(link.as_of)
        if moment is not None and column is not None and self.draw.random() < 0.6:
            near = self.values.near(moment, column.column.type)
            found[column.source_name] = self.values.written(near, column, raw_type(column, self.name), self.name)
        return found

    def _key_taken(self, table: RawTable, row: Row) -> bool:
        for name, keys in table.keys.items():
            staging = next(s for s in table.stagings if s.name == name)
            found = table.staged(staging, row, self.name)
            others = [s for r in self.rows[table.place] if (s := table.staged(staging, r, self.name)) is not None]
            if found is None or any(all(found.get(k) == o.get(k) for k in key) for key in keys for o in others):
                return True
        return False

    def _add(self, table: RawTable, make: Any) -> bool:
        for _ in range(_TRIES):
            row = make()
            if table.accepts(row, self.name) and not self._key_taken(table, row):
                self.rows[table.place].append(row)
                return True
        return False

    def _add_change(self, table: RawTable, dating: Dating) -> None:
        """A later, an earlier or an equal row of a member that is there."""
        known = self.draw.choice(self.rows[table.place])
        staging = next(s for s in table.stagings if s.name in table.dating)
        names = {c.column.name: c for c in staging.cleanings}
        fixed = {names[k].source_name for k in dating.key if k in names}
        if self.draw.random() < 0.3:
            # Nothing but the moment differs.
            fixed = {c.source_name for n, c in names.items() if n != dating.moment}
        staged = table.staged(staging, known, self.name)
        moment = staged.get(dating.moment) if staged else None
        if isinstance(moment, datetime):
            self.values.moments.append(moment)
        self._add(table, lambda: self._drawn(table, {n: known[n] for n in fixed}))

    def _extract(self, table: RawTable, dating: Dating) -> None:
        """All members as they are today; now and then those of an earlier day, which come late, and on some days nothing."""
        staging = next(s for s in table.stagings if s.name in table.dating)
        names = {c.column.name: c for c in staging.cleanings}
        if dating.moment not in names or any(k not in names for k in dating.key):
            return
        members = self._members[table.place]
        for _ in range(self.draw.choice((0, 1, 2)) if members else 6):
            row = self._drawn(table)
            members.setdefault(tuple(row[names[k].source_name] for k in dating.key), row)
        if self.draw.random() < 0.2:
            return
        day = datetime.combine(self.values.today, time()) - timedelta(days=self.draw.choice((0, 0, 0, 0, 3)))
        column = names[dating.moment]
        moment: Any = day.date() if column.column.type.kind is Kind.DATE else day
        for key, row in members.items():
            if self.draw.random() < 0.25:
                members[key] = row = self._drawn(table, {names[k].source_name: row[names[k].source_name] for k in dating.key})
            if self.draw.random() < 0.85:
                written = self.values.written(moment, column, raw_type(column, self.name), self.name)
                one = {**row, column.source_name: written}
                self._add(table, lambda one=one: dict(one))

    def _change(self, table: RawTable) -> None:
        rows = self.rows[table.place]
        fixed = {n for n, c in table.cleanings.items() if c.column.name in table.key_columns() | {"_"}}
        # What a key is computed of stays as it is, too.
        fixed |= {
            c.source_name
            for s in table.stagings
            for d in s.derivations
            if d.column.name in table.key_columns()
            for c in s.cleanings
            if c.column.name in d.expression.columns
        }
        for index in self.draw.sample(range(len(rows)), min(len(rows), self.draw.choice((0, 1, 2, 3)))):
            before = rows[index]
            for _ in range(_TRIES):
                row = self._drawn(table, {n: before[n] for n in fixed})
                if table.accepts(row, self.name):
                    rows[index] = row
                    break

    def _delete(self, table: RawTable) -> None:
        rows = self.rows[table.place]
        for _ in range(self.draw.choice((0, 0, 1, 2)) if len(rows) > 4 else 0):
            self._deleted[table.place].append(rows.pop(self.draw.randrange(len(rows))))

    def _return(self, table: RawTable) -> None:
        """A row that was deleted is there again."""
        gone = self._deleted[table.place]
        if gone and self.draw.random() < 0.4:
            row = gone.pop(self.draw.randrange(len(gone)))
            if not self._key_taken(table, row):
                self.rows[table.place].append(row)

    def _replay(self, table: RawTable) -> None:
        row = self.draw.choice(self.rows[table.place])
        fixed = {n for n, c in table.cleanings.items() for s in table.stagings if s.dedupe and c.column.name in s.dedupe.key}
        again = dict(row) if self.draw.random() < 0.5 else self._drawn(table, {n: row[n] for n in fixed})
        if table.accepts(again, self.name):
            self.rows[table.place].append(again)
