"""Names as MetricFlow takes them: a name means one kind of thing in the whole project, and some are its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from whgen.ir.warehouse import Fact, Role, Warehouse

# The units of time by which it groups, and its own names.
_UNITS = ("nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_TAKEN = frozenset((*_UNITS, "metric_time", "mf_internal_uuid"))


@dataclass(slots=True, kw_only=True)
class SemanticNames:
    """The names that are given away, with what each means."""

    ambiguous: frozenset[str]
    """Names of roles that are of different dimensions in different facts."""
    meanings: dict[str, str] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, warehouse: Warehouse) -> SemanticNames:
        """The names of the entities of a warehouse; they come first, since everything else is called by them."""
        by_role: dict[str, set[str]] = {}
        for fact in warehouse.facts:
            for role in fact.roles:
                by_role.setdefault(_role(role), set()).add(role.dimension.name)
        found = cls(ambiguous=frozenset(name for name, dimensions in by_role.items() if len(dimensions) > 1))
        for fact in warehouse.facts:
            for role in fact.roles:
                found.entity(role)
        for fact in warehouse.facts:
            found.primary(fact)
        return found

    def entity(self, role: Role) -> str:
        """The entity of a role: the same in every fact in which it is one of the same dimension."""
        name = _role(role)
        wanted = f"{name}_{role.dimension.noun}" if name in self.ambiguous else name
        return self._claim(wanted, f"entity of {role.dimension.name}", "entity")

    def primary(self, fact: Fact) -> str:
        """The entity that a row of a fact is."""
        return self._claim(fact.noun, f"row of {fact.name}", "fact")

    def dimension(self, column: str, owner: str, *, is_time: bool) -> str:
        """A column to group by. In tables that have it as another kind of thing, it has the name of the table before it."""
        return self._claim(column, "time" if is_time else "category", owner, before=True)

    def metric(self, name: str) -> str:
        """A metric, and the measure that it is of."""
        return self._claim(name, "metric", "metric")

    def model(self, name: str) -> str:
        """A semantic model."""
        found = valid(name)
        while found in self.models:
            found = f"{found}_model"
        self.models.add(found)
        return found

    def _claim(self, name: str, meaning: str, mark: str, *, before: bool = False) -> str:
        found = valid(name)
        while self.meanings.setdefault(found, meaning) != meaning:
            found = valid(f"{mark}_{found}" if before else f"{found}_{mark}")
        return found


def valid(name: str) -> str:
    """A name of a column as MetricFlow takes it: two underscores beside each other, or one at an end, mean something to it.

    >>> [valid(n) for n in ("carrier_code", "a__b_", "_x", "Größe", "month", "2nd")]
    ['carrier_code', 'a_b', 'x_value', 'gr_e', 'month_value', 'value_2nd']
    """
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "value"
    found = found if found[0].isalpha() else f"value_{found}"
    return f"{found}_value" if found in _TAKEN or len(found) < 2 else found


def words(name: str) -> str:
    """A name as people write it.

    >>> words("flight_distance_miles")
    'Flight distance miles'
    """
    return name.replace("_", " ").capitalize()


def _role(role: Role) -> str:
    return role.column.name.removesuffix("_key")
