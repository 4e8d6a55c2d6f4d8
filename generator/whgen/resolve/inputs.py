"""`from`, `join`, `where`, `group_by`, `aggregates`, `derive` -> the rows that a fact, a dimension or a model is made of.

Each part sees the columns that there are after the one before it. A join must find at most one row, which is proven from the keys
that are declared, or say that it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.inputs import Aggregate, Composed, Group, Input, Tested, Union
from whgen.ir.warehouse import Column, Derivation, Table
from whgen.resolve.derivation import resolve_derivations
from whgen.resolve.joined import check_alias, join_table
from whgen.resolve.nullable import after
from whgen.resolve.rows import Columns, Rows, aggregates_of, deduped_of, groups_of, unnest_of
from whgen.resolve.symbols import Query, Symbols
from whgen.resolve.unions import resolve_union, shared_key
from whgen.resolve.windows import check_order
from whgen.spec.common import DerivedColumn
from whgen.spec.inputs import PARTS, Parts
from whgen.spec.load import Located
from whgen.sql.compose import select_of
from whgen.sql.parse import SqlText


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The rows, or None when something was reported; their columns, and their key, as far as it follows."""

    made: Input | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    periods: tuple[Tested, ...]

    def selects(self, name: str, at: Located[Any], symbols: Symbols) -> dict[str, exp.Query]:
        """The SELECT of the model on each warehouse; the rules get to see one of them."""
        found: dict[str, exp.Query] = {w: select_of(self.made, w) for w in symbols.warehouses} if self.made is not None else {}
        text = SqlText(text="", dialect=symbols.dialect, locate=lambda _start, _end: source_span(at))
        symbols.queries += [Query(model=name, tree=tree, text=text) for tree in list(found.values())[:1]]
        return found


def resolve_input(
    at: Located[Any],
    base: Table,
    symbols: Symbols,
    *,
    where: str | None,
    derive: Mapping[str, DerivedColumn] = {},
    kept: Callable[[Columns], Sequence[str]] = list,
) -> Resolved:
    """The rows that the parts of a spec make of a base."""
    spec: Parts = at.spec
    # What is inherited of a column stands where its table does; its tests are that table's.
    inherited = {c.name: replace(c, tests=(), pii="") for c in base.columns}
    where_ = "the input" if isinstance(base, Union) else f"`{base.name}`"
    rows = Rows(at=at, symbols=symbols, where=where_, columns=inherited, key=base.key)
    dedupe = deduped_of(rows, spec.dedupe, ("dedupe",), shared_key(base), rows.columns) if spec.dedupe is not None else None
    if dedupe is not None:
        rows.key = dedupe.key
        rows.columns = {c.name: c for c in after(dedupe.where, rows.columns.values())}
    unnest = unnest_of(rows, spec.unnest) if spec.unnest is not None else None
    for alias, join in spec.join.items():
        check_alias(rows, alias, [t.name for t, _ in _tables_of(base, at)])
        join_table(rows, alias, join)
    if spec.join or spec.unnest is not None:
        rows.where = "the input"
    filter_ = rows.condition(where, ("where",), rows.scope, rows.where)
    rows.columns = {c.name: c for c in after(filter_, rows.columns.values())}
    groups: tuple[Group, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    if spec.group_by:
        groups, aggregates = groups_of(rows, spec), aggregates_of(rows, spec.aggregates, ("aggregates",), rows.scope, rows.where)
        rows.columns, rows.key, rows.where = {}, tuple(g.column.name for g in groups), "the input"
        for column in (*(g.column for g in groups), *(a.column for a in aggregates)):
            rows.add(column)
    derivations: tuple[Derivation, ...] = ()
    if derive:
        errors = symbols.report.errors
        derivations = resolve_derivations(derive, at, ("derive",), rows.columns, symbols, where=rows.where)
        for derivation in derivations:
            path = ("derive", derivation.column.name, "expr")
            check_order(derivation.expression, rows.key, at, path, symbols, made_of=rows.where)
        rows.is_broken |= symbols.report.errors > errors
        rows.columns = {**{d.column.name: d.column for d in derivations}, **rows.columns}
        rows.columns = {n: rows.columns[n] for n in sorted(rows.columns, key=lambda n: n in derive)}
    qualify = rows.condition(spec.qualify, ("qualify",), rows.scope, rows.where)
    rows.columns = {c.name: c for c in after(qualify, rows.columns.values())}
    names = [n for n in kept(rows.columns) if n in rows.columns]
    made = Input(
        base=base,
        dedupe=dedupe,
        unnest=unnest,
        joins=tuple(rows.joins),
        where=filter_,
        groups=groups,
        aggregates=aggregates,
        derivations=derivations,
        qualify=qualify,
        kept=tuple(names),
    )
    return Resolved(
        made=None if rows.is_broken else made,
        columns=tuple(rows.columns[n] for n in names),
        key=rows.key if set(rows.key) <= set(names) else (),
        periods=tuple(rows.periods),
    )


def made_of(at: Located[Any], base: Table, name: str, symbols: Symbols, derive: Mapping[str, DerivedColumn] = {}) -> Table:
    """What a fact or dimension is made of: the table itself, or where it has parts a model of them that stands before it."""
    if not at.spec.has_parts and not derive:
        return base
    found = resolve_input(at, base, symbols, where=at.spec.where, derive=derive)
    input_name = f"int_{name}"
    symbols.claim(input_name, at.key(next(part for part in (*PARTS, "derive") if getattr(at.spec, part, None))))
    composed = Composed(
        name=input_name,
        file=at.file,
        span=source_span(at),
        description=f"The rows that {name} is made of.",
        was=_former(at, name),
        columns=symbols.with_tests(found.columns),
        key=found.key,
        meta={},
        tags=tuple(at.spec.tags or ()),
        materialized="view",
        grain="",
        selects=found.selects(input_name, at, symbols),
        verbatim={},
        reads=read_at(found.made, input_name, at, symbols),
        input_of=name,
        periods=found.periods,
    )
    symbols.inputs.append(composed)
    return composed


def _former(at: Located[Any], name: str) -> str:
    noun = getattr(at.spec, "fact", None) or at.spec.dimension
    return f"int_{name.removesuffix(noun)}{at.spec.was}" if at.spec.was else ""


def read_at(made: Input | None, name: str, at: Located[Any], symbols: Symbols) -> tuple[str, ...]:
    """The models that an input reads; where it does is noted under its name."""
    if made is None:
        return ()
    places = {table.name: span for table, span in _tables_of(made.base, at)} | {
        j.table.name: at.at("join", j.alias, "table") for j in made.joins
    }
    for read, span in places.items():
        symbols.read_at.setdefault((name, read), span)
    return tuple(sorted(places))


def _tables_of(base: Table, at: Located[Any]) -> Iterator[tuple[Table, Span]]:
    if isinstance(base, Union):
        yield from ((t, at.key("union", "tables", name)) for (t, _), name in zip(base.branches, at.spec.union.tables, strict=True))
    else:
        yield base, at.at("from")


def source_span(at: Located[Any]) -> Span:
    """Where a spec says what it takes its rows from."""
    return at.at("from") if at.spec.from_ is not None else at.key("union")


def source_table(at: Located[Any], symbols: Symbols) -> Table | None:
    """The table that a spec takes its rows from, or several as one; None when it is unknown (and reported)."""
    if at.spec.union is not None:
        return resolve_union(at, at.spec.union, symbols)
    return symbols.table(at.spec.from_ or "", at.at("from"))
