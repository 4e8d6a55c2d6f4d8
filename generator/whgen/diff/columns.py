"""What the specs say of a table and what two targets hold -> what is compared with what, by which key, as values of which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whgen.dialects.base import Dialect
from whgen.dialects.native import logical_type
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, Table

Natives = Sequence[tuple[str, str]]
"""Names of columns with the warehouse's names of their types."""
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_MOMENTS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A column on one of the two sides."""

    name: str
    native: str
    kind: Kind

    def text(self, kind: Kind, dialect: Dialect) -> str:
        """The SQL of its value as text, for a comparison of values of some kind."""
        value, own = dialect.name_sql(self.name), self.kind
        if kind is Kind.FLOAT and own is not kind:
            value, own = f"CAST({value} AS {dialect.types[Kind.FLOAT]})", kind
        elif kind is Kind.DATETIME and own is Kind.DATE:
            value, own = f"CAST({value} AS {dialect.types[Kind.DATETIME]})", kind
        plain = "{x}" if own is Kind.STRING else f"CAST({{x}} AS {dialect.types[Kind.STRING]})"
        return dialect.values.texts.get(own, plain).replace("{x}", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column that both sides have."""

    name: str
    left: Cell
    right: Cell
    kind: Kind
    """What its values are compared as."""

    @property
    def is_retyped(self) -> bool:
        """Whether the sides have it in types that are not one logical type."""
        return self.left.kind is not self.right.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a table is compared. Rows are found by the `key`; without one, rows are what is compared."""

    table: str
    key: tuple[Pair, ...]
    columns: tuple[Pair, ...]
    """The other columns that both sides have."""
    shown: tuple[str, ...]
    """The columns by which people know a row."""
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All columns that both sides have."""
        return self.key + self.columns


def compare_columns(table: Table, left: Natives, right: Natives, dialects: tuple[Dialect, Dialect]) -> Comparison:
    """How a table is compared that both sides have. A column that has another name since is one column."""
    former = {c.was: c.name for c in table.columns if c.was}
    cells = _cells(left, former, dialects[0]), _cells(right, former, dialects[1])
    pairs = {n: _pair(n, cells[0][n], cells[1][n]) for n in cells[0] if n in cells[1]}
    # Columns that a table of two warehouses has come in the order of the first; two builds may have them in any.
    known = [names for names in _identities(table) if names and all(n in pairs for n in names)]
    key = known[0] if known else tuple(pairs)
    return Comparison(
        table=table.name,
        key=tuple(pairs[n] for n in key),
        columns=tuple(p for n, p in pairs.items() if n not in key),
        shown=_shown(table, key, tuple(pairs)),
        only_left=tuple(n for n in cells[0] if n not in pairs),
        only_right=tuple(n for n in cells[1] if n not in pairs),
    )


def _identities(table: Table) -> list[tuple[str, ...]]:
    """What tells a row from all others: first what is surely never missing, last what people know it by."""
    match table:
        case Fact():
            return [(table.surrogate_key,), tuple(c.name for c in table.grain_key)]
        case Dimension() | ComputedDimension():
            return [(table.surrogate_key,), table.key]
    return [table.key]


def _shown(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """What people know a row by; where that is not all there, what there is of it behind the key."""
    wanted = _identities(table)[-1]
    found = tuple(n for n in wanted if n in names and n not in key)
    return wanted if wanted and all(n in names for n in wanted) else key + found


def _cells(found: Natives, former: Mapping[str, str], dialect: Dialect) -> dict[str, Cell]:
    """The columns of a side, by the names that they have now."""
    names = {name for name, _ in found}
    cells = {}
    for name, native in found:
        now = former.get(name, name)
        cells[name if now in names else now] = Cell(name=name, native=native, kind=_kind(native, dialect))
    return cells


def _kind(native: str, dialect: Dialect) -> Kind:
    found: Type = logical_type(native.upper(), dialect)
    if found.is_known:
        return found.kind
    # A decimal of any size, or of one that no logical type has.
    name = native.upper().partition("(")[0].strip()
    return Kind.DECIMAL if name == dialect.types[Kind.DECIMAL].partition("(")[0] else Kind.UNKNOWN


def _pair(name: str, left: Cell, right: Cell) -> Pair:
    kinds = {left.kind, right.kind}
    if len(kinds) == 1:
        kind = left.kind
    elif kinds <= {*_NUMBERS}:
        kind = Kind.FLOAT if Kind.FLOAT in kinds else Kind.DECIMAL
    elif kinds <= {*_MOMENTS}:
        kind = Kind.DATETIME
    else:
        kind = Kind.STRING
    return Pair(name=name, left=left, right=right, kind=kind)
