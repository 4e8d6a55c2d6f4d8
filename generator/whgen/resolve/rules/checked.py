"""What every rule gets: the finished warehouse, the specs that it was made of, and what was found on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.ir.inputs import Composed
from whgen.ir.warehouse import Table, Warehouse
from whgen.resolve.rules.tables import relation_of
from whgen.resolve.symbols import Query, Symbols
from whgen.spec.load import Specs
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.joined import Relation
from whgen.sql.relations import Selected, relation_of_query, understood


@dataclass(slots=True, kw_only=True)
class Checked:
    """The warehouse under examination."""

    warehouse: Warehouse
    specs: Specs
    symbols: Symbols
    _relations: dict[str, Relation] = field(default_factory=dict)
    _understood: dict[int, tuple[Selected, ...]] = field(default_factory=dict)

    @property
    def report(self) -> Report:
        """Where findings go."""
        return self.symbols.report

    @property
    def project(self) -> WarehouseSpec:
        """The project file."""
        return self.symbols.warehouse.spec

    def relation(self, table: Table) -> Relation:
        """What the specs promise of the rows of a table."""
        if table.name not in self._relations:
            declared, proven = relation_of(table), self.proven(table)
            if proven is not None:
                keys = tuple(dict.fromkeys((*declared.keys, *proven.keys)))
                declared = replace(declared, keys=keys, rules=(*declared.rules, *proven.rules))
            self._relations[table.name] = declared
        return self._relations[table.name]

    def proven(self, table: Table) -> Relation | None:
        """What follows for the rows of a model that is made of parts; None for any other."""
        if not isinstance(table, Composed) or not table.selects:
            return None
        tree = next(iter(table.selects.values()))
        tables = {name: self.relation(found) for name in table.reads if (found := self.symbols.tables.get(name)) is not None}
        return relation_of_query(tree, tables)

    def selects(self, query: Query) -> tuple[Selected, ...]:
        """The SELECTs of a query that are understood, the outermost last."""
        if id(query) not in self._understood:
            read = {t.name for t in query.tree.find_all(exp.Table)} & self.symbols.tables.keys()
            tables = {name: self.relation(self.symbols.tables[name]) for name in read}
            self._understood[id(query)] = tuple(understood(query.tree, tables))
        return self._understood[id(query)]


def names(columns: Iterable[str]) -> str:
    """Names as messages show them.

    >>> names(["a", "b"])
    '`a, b`'
    """
    return f"`{', '.join(columns)}`"
