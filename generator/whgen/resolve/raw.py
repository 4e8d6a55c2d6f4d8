"""What `sources.lock` says of the raw tables that one staging model reads: which columns they have, and of which types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from whgen.diagnostics.diagnostic import Related, Span, candidates_help, renamed
from whgen.diagnostics.similar import certain
from whgen.ir.source import RawType
from whgen.ir.types import UNKNOWN, parse_type
from whgen.resolve.symbols import Symbols
from whgen.spec.load import Located
from whgen.spec.lock import LOCK_FILE, LockedColumn, LockedSource
from whgen.spec.source import SourceSpec

_REFRESH = "if the table has changed since it was locked, run `whgen lock`"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One table on one warehouse, as it was locked. Names match as warehouses match those of columns, whatever their case."""

    name: str
    warehouse: str
    at: Located[LockedSource]
    columns: Mapping[str, LockedColumn]
    _by_folded: Mapping[str, str]

    def spelled(self, column: str) -> str | None:
        """The name of a column as the table spells it; None when it has none of that name."""
        return column if column in self.columns else self._by_folded.get(column.casefold())

    def span(self, column: str = "") -> Span:
        """Where the lock speaks of the table, or of a column that it has."""
        spelled = self.spelled(column)
        return self.at.key("tables", self.name, *([spelled] if spelled else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTables:
    """The tables that one staging model reads (several when it is a union), on each warehouse that the lock covers."""

    source: str
    inputs: tuple[str, ...]
    locked: tuple[RawTable, ...]
    symbols: Symbols

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all of them, each once, in the order of the first table that has it."""
        found: dict[str, str] = {}
        for table in self.locked:
            for column in table.columns:
                found.setdefault(column.casefold(), column)
        return tuple(found.values())

    def has(self, column: str) -> bool:
        """Whether some table has a column."""
        return any(t.spelled(column) for t in self.locked)

    def check(self, column: str, span: Span) -> bool:
        """Whether every table has a column, or what it has is not known; those that lack it are reported."""
        before = len(self.symbols.report)
        for name in self.inputs:
            tables = [t for t in self.locked if t.name == name]
            without = [t for t in tables if t.spelled(column) is None]
            if without:
                some = "" if len(without) == len(tables) else f" on {' and '.join(t.warehouse for t in without)}"
                self._report_lacking(column, span, without[0], some)
        return len(self.symbols.report) == before

    def check_somewhere(self, column: str, span: Span) -> None:
        """Report a column that no warehouse has, where one that only loaders of production add is no mistake."""
        for name in self.inputs:
            tables = [t for t in self.locked if t.name == name]
            if tables and not any(t.spelled(column) for t in tables):
                self._report_lacking(column, span, tables[0], "")

    def type_on(self, warehouse: str, column: str) -> RawType | None:
        """What a column is on a warehouse; None when it is not locked there. Tables of a union that differ make an unknown type."""
        types = {self.type_in(name, warehouse, column) for name in self.inputs}
        if None in types:
            return None
        logical = {t.type for t in types if t is not None}
        natives = sorted({t.native for t in types if t is not None and t.native})
        # One INTEGER among BIGINTs is enough for a cast; which of several names stands for them is of no matter.
        return RawType(type=logical.pop() if len(logical) == 1 else UNKNOWN, native=natives[0] if natives else "")

    def type_in(self, name: str, warehouse: str, column: str) -> RawType | None:
        """What a column of one of the tables is on a warehouse; None when it is not locked there."""
        for table in self.locked:
            if table.name == name and table.warehouse == warehouse and (spelled := table.spelled(column)) is not None:
                locked = table.columns[spelled]
                type_ = parse_type(locked.type) if locked.type else UNKNOWN
                if type_ is None:
                    type_ = self.symbols.type_of(str(locked.type), table.at.at("tables", name, spelled, "type"))
                return RawType(type=type_, native=locked.native or "")
        return None

    def notes(self, column: str, warehouse: str) -> Iterator[Related]:
        """Where the lock says what a column is on a warehouse."""
        for table in self.locked:
            if table.warehouse == warehouse and table.spelled(column) is not None:
                yield Related(span=table.span(column), message=f"this is what `{self.source}.{table.name}` has on {warehouse}")

    def _report_lacking(self, column: str, span: Span, table: RawTable, where: str) -> None:
        label, help_ = candidates_help(column, table.columns, kind="columns")
        self.symbols.report.error(
            "unknown-column",
            span,
            f"the source's table `{self.source}.{table.name}` has no column `{column}`{where}",
            label=label,
            help="\n".join(line for line in (help_, _REFRESH) if line),
            related=[Related(span=table.span(), message="the columns that it has are locked here")],
            fix=renamed(span, column, certain(column, table.columns)),
        )


def raw_tables(at: Located[SourceSpec], name: str, inputs: tuple[str, ...], symbols: Symbols) -> RawTables:
    """The raw tables of a staging table. One that the lock of its warehouse leaves out is warned of."""
    source = at.spec.source
    found: list[RawTable] = []
    for warehouse in symbols.warehouses:
        if not any(covered == warehouse for _, covered in symbols.lock.sources):
            continue
        locked = symbols.lock.sources.get((source, warehouse))
        for table in inputs:
            columns = locked.spec.tables.get(table) if locked is not None else None
            if columns is not None and locked is not None:
                folded = {c.casefold(): c for c in columns}
                found.append(RawTable(name=table, warehouse=warehouse, at=locked, columns=columns, _by_folded=folded))
            elif not symbols.lock.is_broken:
                symbols.report.warning(
                    "not-locked",
                    at.key("tables", name),
                    f"`{LOCK_FILE}` does not have the table `{source}.{table}` on {warehouse}",
                    help="run `whgen lock`: until then its columns are not checked",
                )
    return RawTables(source=source, inputs=inputs, locked=tuple(found), symbols=symbols)
