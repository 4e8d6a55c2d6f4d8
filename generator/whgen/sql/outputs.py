"""The columns that the tables and sub-queries of a SELECT yield, each with its type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from whgen.ir.types import Type
from whgen.sql.nullable import lacking, left_open
from whgen.sql.types import full_type

Columns = Mapping[str, Type | None]
"""By name, each with its type where it is known."""


class Outputs:
    """The columns that sources yield, worked out once each: queries may build on one another many times over."""

    def __init__(self, tables: Mapping[str, Mapping[str, Type]], *, nullable: bool) -> None:
        """`tables` are the models, `nullable` says that any column of a query may be missing."""
        self._tables = tables
        self._nullable = nullable
        self._known: dict[int, Columns | None] = {}

    def of(self, source: exp.Table | Scope) -> Columns | None:
        """The columns of a source, each with its type where it is known; None when they cannot be told."""
        if isinstance(source, exp.Table):
            return self._tables.get(source.name)
        if id(source) not in self._known:
            self._known[id(source)] = self._of_query(source)
        return self._known[id(source)]

    def of_all(self, scope: Scope) -> Mapping[str, Columns | None]:
        """The columns of the tables in the FROM of a query. That a WITH before it defines more does not matter to it."""
        without = None if self._nullable else left_open(scope.expression)
        return {
            name: lacking(columns) if columns is not None and (without is None or name in without) else columns
            for name, _ in scope.references
            if name in scope.sources
            for columns in (self.of(scope.sources[name]),)
        }

    def _of_query(self, scope: Scope) -> Columns | None:
        if scope.set_operation_scopes:
            return self._of_union(scope)
        query = scope.expression
        yielded = list(self._yielded(query, scope)) if isinstance(query, exp.Query) else [None]
        if None in yielded:
            return None
        found = {name: type_ for item in yielded if item is not None for name, type_ in (item,) if name}
        # Where a column has no name, or two have one, their places in a union are not known.
        return lacking(found) if self._nullable or len(found) < len(yielded) else found

    def _yielded(self, query: exp.Query, scope: Scope) -> Iterator[tuple[str, Type | None] | None]:
        """The columns of a SELECT with their types, in their order; None for a star over what is not known."""
        for item in query.selects:
            star = item.this if isinstance(item, exp.Column) else item
            if not isinstance(star, exp.Star):
                yield item.output_name, full_type(item)
                continue
            tables = self.of_all(scope)
            inner = [tables.get(item.table)] if isinstance(item, exp.Column) else list(tables.values())
            if not inner or None in inner:
                yield None
            left_out = {c.name for c in star.args.get("except_") or ()}
            others = {c.alias: full_type(c) for c in star.args.get("replace") or ()}
            for name, type_ in ((n, t) for columns in inner if columns is not None for n, t in columns.items()):
                if name not in left_out:
                    yield name, others.get(name, type_)

    def _of_union(self, scope: Scope) -> Columns | None:
        """The columns of the first of several queries, which can be missing where those of any of them can."""
        first, *others = (self.of(s) for s in scope.set_operation_scopes)
        if first is None:
            return None
        if any(other is None or len(other) != len(first) for other in others):
            return lacking(first)
        nullable = [any(t is None or t.nullable for t in place) for place in zip(*(o.values() for o in (first, *others) if o), strict=True)]
        return {n: t and replace(t, nullable=is_) for (n, t), is_ in zip(first.items(), nullable, strict=True)}
