"""`from`, `join`, `where`, `group_by`, `aggregates`, `derive` -> the rows that a fact, a dimension or a model is made of.

Each part sees the columns that there are after the one before it. A join must find at most one row, which is proven from the keys
that are declared, or say that it does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whgen.diagnostics.diagnostic import Related
from whgen.ir.inputs import Aggregate, Brought, Composed, Group, Input, Join
from whgen.ir.types import UNKNOWN, Type, a
from whgen.ir.warehouse import Column, Derivation, Expression, Table
from whgen.resolve.derivation import resolve_derivations
from whgen.resolve.literals import check_literal
from whgen.resolve.matches import check_one_match
from whgen.resolve.nullable import after, computed
from whgen.resolve.symbols import Path, Symbols, declared_as, scope_of
from whgen.spec.common import DerivedColumn
from whgen.spec.inputs import AggregateColumn, Parts
from whgen.spec.inputs import Join as JoinSpec
from whgen.spec.load import Located
from whgen.sql.compose import STEPS, select_of

Columns = dict[str, Column]


@dataclass(slots=True, kw_only=True)
class Rows:
    """The rows so far: their columns, and which of these are their key."""

    at: Located[Any]
    symbols: Symbols
    where: str
    """What messages call them."""
    columns: Columns
    key: tuple[str, ...]
    is_broken: bool = False
    """Whether something was reported, so that nothing can be made of them."""
    joins: list[Join] = field(default_factory=list)

    @property
    def scope(self) -> dict[str, Type]:
        """The columns as expressions see them."""
        return scope_of(self.columns.values())

    def add(self, column: Column) -> None:
        """One more column, whose name nothing else may have."""
        first = self.columns.setdefault(column.name, column)
        if first is not column:
            self.is_broken = True
            self.symbols.report.error(
                "duplicate-column",
                column.span,
                f"there is a column `{column.name}` already",
                help="give one of them another name",
                related=[Related(span=first.span, message="first here")],
            )

    def expression(self, written: str | dict[str, str], path: Path, declared: Type | None = None) -> Expression | None:
        """An expression over the row itself."""
        found = self.symbols.expression(written, self.at, path, self.scope, where=self.where, declared=declared, sees="row")
        self.is_broken |= found is None
        return found

    def condition(self, written: str | None, path: Path, scope: Mapping[str, Type], where: str) -> Expression | None:
        """A condition on rows."""
        found = self.symbols.condition(written, self.at, path, scope, where=where)
        self.is_broken |= found is None and written is not None
        return found


def resolve_input(
    at: Located[Any],
    base: Table,
    symbols: Symbols,
    *,
    where: str | None,
    derive: Mapping[str, DerivedColumn] = {},
    kept: Callable[[Columns], Sequence[str]] = list,
) -> tuple[Input | None, tuple[Column, ...], tuple[str, ...]]:
    """The rows, their columns and their key, as far as it follows. No rows when something was reported."""
    spec: Parts = at.spec
    # What is inherited of a column stands where its table does; its tests are that table's.
    inherited = {c.name: replace(c, tests=(), pii="") for c in base.columns}
    rows = Rows(at=at, symbols=symbols, where=f"`{base.name}`", columns=inherited, key=base.key)
    for alias, join in spec.join.items():
        _check_alias(rows, alias, base)
        _join(rows, alias, join)
    if spec.join:
        rows.where = "the input"
    filter_ = rows.condition(where, ("where",), rows.scope, rows.where)
    rows.columns = {c.name: c for c in after(filter_, rows.columns.values())}
    groups: tuple[Group, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    if spec.group_by:
        groups, aggregates = _groups(rows, spec), _aggregates(rows, spec.aggregates, ("aggregates",), rows.scope, rows.where)
        rows.columns, rows.key, rows.where = {}, tuple(g.column.name for g in groups), "the input"
        for column in (*(g.column for g in groups), *(a.column for a in aggregates)):
            rows.add(column)
    derivations: tuple[Derivation, ...] = ()
    if derive:
        errors = symbols.report.errors
        derivations = resolve_derivations(derive, at, ("derive",), rows.columns, symbols, where=rows.where)
        rows.is_broken |= symbols.report.errors > errors
        rows.columns = {**{d.column.name: d.column for d in derivations}, **rows.columns}
        rows.columns = {n: rows.columns[n] for n in sorted(rows.columns, key=lambda n: n in derive)}
    names = [n for n in kept(rows.columns) if n in rows.columns]
    made = Input(
        base=base,
        joins=tuple(rows.joins),
        where=filter_,
        groups=groups,
        aggregates=aggregates,
        derivations=derivations,
        kept=tuple(names),
    )
    key = rows.key if set(rows.key) <= set(names) else ()
    return (None if rows.is_broken else made), tuple(rows.columns[n] for n in names), key


def made_of(at: Located[Any], base: Table, name: str, symbols: Symbols, derive: Mapping[str, DerivedColumn] = {}) -> Table:
    """What a fact or dimension is made of: the table itself, or where it has parts a model of them that stands before it."""
    if not at.spec.has_parts and not derive:
        return base
    made, columns, key = resolve_input(at, base, symbols, where=at.spec.where, derive=derive)
    input_name = f"int_{name}"
    symbols.claim(input_name, at.key("join" if at.spec.join else "group_by" if at.spec.group_by else "derive"))
    found = Composed(
        name=input_name,
        file=at.file,
        span=at.at("from"),
        description=f"The rows that {name} is made of.",
        columns=symbols.with_tests(columns),
        key=key,
        meta={},
        tags=tuple(at.spec.tags or ()),
        materialized="view",
        grain="",
        selects={w: select_of(made, w) for w in symbols.warehouses} if made else {},
        verbatim={},
        reads=read_at(made, input_name, at, symbols),
        input_of=name,
    )
    symbols.inputs.append(found)
    return found


def read_at(made: Input | None, name: str, at: Located[Any], symbols: Symbols) -> tuple[str, ...]:
    """The models that an input reads; where it does is noted under its name."""
    if made is None:
        return ()
    places = {made.base.name: at.at("from")} | {j.table.name: at.at("join", j.alias, "table") for j in made.joins}
    for read, span in places.items():
        symbols.read_at.setdefault((name, read), span)
    return tuple(sorted(places))


def _join(rows: Rows, alias: str, spec: JoinSpec) -> None:
    path, symbols = ("join", alias), rows.symbols
    table = symbols.table(spec.table, rows.at.at(*path, "table"))
    if table is None:
        rows.is_broken = True
        # Nobody is told of its columns too.
        for part, names in (("columns", spec.columns), ("aggregates", spec.aggregates)):
            for name in names:
                rows.columns.setdefault(name, Column(name=name, type=UNKNOWN, span=rows.at.key(*path, part, name)))
        return
    on = _on(rows, path, spec, table)
    filter_ = rows.condition(spec.where, (*path, "where"), scope_of(table.columns), f"`{table.name}`")
    if on is not None and spec.matches == "one" and not spec.aggregates:
        check_one_match(table, tuple(c.name for c, _ in on), filter_, rows.at, path, symbols)
    if spec.matches == "many":
        rows.key = ()
    found = {c.name: c for c in after(filter_, table.columns)}
    columns = tuple(c for name in spec.columns if (c := _brought(rows, path, name, spec, table, found)) is not None)
    aggregates = _aggregates(rows, spec.aggregates, (*path, "aggregates"), scope_of(found.values()), f"`{table.name}`")
    if spec.kind == "left":
        aggregates = tuple(replace(g, column=g.column.that_is(nullable=g.default is None)) for g in aggregates)
    for column in (*(b.column for b in columns), *(g.column for g in aggregates)):
        rows.add(column)
    if on is not None:
        rows.joins.append(Join(alias=alias, table=table, on=on, kind=spec.kind, where=filter_, columns=columns, aggregates=aggregates))


def _check_alias(rows: Rows, alias: str, base: Table) -> None:
    """The name of a join must not be that of another table or query of the same SELECT."""
    joins: Mapping[str, JoinSpec] = rows.at.spec.join
    read = {alias: rows.symbols.by_reference.get(j.table) for alias, j in joins.items()}
    others = {t.name for other, t in read.items() if t is not None and (other != alias or joins[alias].aggregates)} | {base.name}
    if alias in others or re.sub(r"_[0-9]+$", "", alias) in STEPS:
        rows.is_broken = True
        what = "a table that is read here" if alias in others else "a step of the SELECT"
        rows.symbols.report.error(
            "duplicate-name", rows.at.key("join", alias), f"`{alias}` is the name of {what}", help="give the join another name"
        )


def _on(rows: Rows, path: Path, spec: JoinSpec, table: Table) -> tuple[tuple[Column, Expression], ...] | None:
    found = []
    for name, written in spec.on.items():
        here = (*path, "on", name)
        # Of `on: a` the value is the name.
        span = rows.at.key(*here) if rows.at.document.has(here) else rows.at.at(*here)
        theirs = rows.symbols.column_in(table, name, span)
        # A name that both sides have is one word, of which one thing is said.
        ours = rows.expression(written, here) if theirs is not None or written != name else None
        if theirs is None or ours is None:
            rows.is_broken = True
        elif not ours.type.matches(theirs.type):
            rows.is_broken = True
            rows.symbols.report.error(
                "key-mismatch",
                rows.at.at(*here),
                f"this is {a(ours.type)}, and `{name}` of `{table.name}` {a(theirs.type)}",
                help="cast one of them in staging, or here",
                related=[declared_as(theirs)],
            )
        else:
            found.append((theirs, ours))
    return tuple(found) if len(found) == len(spec.on) else None


def _brought(rows: Rows, path: Path, name: str, spec: JoinSpec, table: Table, found: Mapping[str, Column]) -> Brought | None:
    said, here = spec.columns[name], (*path, "columns", name)
    place = rows.at.at(*here, "column") if rows.at.document.has((*here, "column")) else rows.at.at(*here)
    source = rows.symbols.column_in(table, said.column or name, place)
    if source is None:
        rows.is_broken = True
        rows.columns.setdefault(name, Column(name=name, type=UNKNOWN, span=rows.at.key(*here)))
        return None
    source = found[source.name]
    if said.default is not None:
        check_literal(said.default, source.type, rows.at.at(*here, "default"), rows.symbols.report, related=[declared_as(source)])
    column = replace(
        source,
        name=name,
        description=said.description or source.description,
        meta={**source.meta, **said.meta},
        tags=tuple(said.tags or source.tags),
        tests=(),
        pii="",
        span=rows.at.key(*here),
    )
    column = column.that_is(nullable=said.default is None and (spec.kind == "left" or source.type.nullable))
    return Brought(column=column, source=source, default=said.default)


def _groups(rows: Rows, spec: Parts) -> tuple[Group, ...]:
    found = []
    for name, said in spec.group_by.items():
        path = ("group_by", name)
        text_path = (*path, "expr") if rows.at.document.has((*path, "expr")) else path
        declared = rows.symbols.type_of(said.type, rows.at.at(*path, "type")) if said.type else None
        expression = rows.expression(said.expr, text_path, declared)
        if expression is not None and not expression.columns:
            rows.is_broken = True
            rows.symbols.report.error(
                "not-grouped", expression.span, "this is the same in every row", help="name a column that rows are told apart by"
            )
        same = rows.columns.get(said.expr) if isinstance(said.expr, str) else None
        type_ = None if same is not None and declared is None else declared or (expression.type if expression else UNKNOWN)
        column = rows.symbols.column(name, said, rows.at, path, inherited=same, type_=type_)
        column = computed(column, expression)
        found.append(Group(column=column, expression=expression or Expression(tree=None, trees={}, type=UNKNOWN, span=column.span)))
    return tuple(found)


def _aggregates(
    rows: Rows, specs: Mapping[str, AggregateColumn], path: Path, scope: Mapping[str, Type], where: str
) -> tuple[Aggregate, ...]:
    found, symbols, at = [], rows.symbols, rows.at
    for name, said in specs.items():
        here = (*path, name)
        text_path = (*here, "expr") if at.document.has((*here, "expr")) else here
        declared = symbols.type_of(said.type, at.at(*here, "type")) if said.type else None
        expression = symbols.expression(said.expr, at, text_path, scope, where=where, declared=declared, sees="group")
        condition = rows.condition(said.where, (*here, "where"), scope, where)
        if expression is not None and condition is not None and expression.tree is not None:
            # Of no row at all, only a count knows something.
            is_count = expression.tree.unnest().key in ("count", "countif")
            expression = replace(expression, type=replace(expression.type, nullable=not is_count))
        column = computed(symbols.column(name, said, at, here, type_=declared or (expression.type if expression else UNKNOWN)), expression)
        rows.is_broken |= expression is None
        if expression is not None and not column.type.is_known:
            symbols.report.error(
                "missing-type", at.key(*here), f"the type of `{name}` does not follow from its expression", help="add `type:`"
            )
        if said.default is not None:
            check_literal(said.default, column.type, at.at(*here, "default"), symbols.report)
            column = column.that_is(nullable=False)
        if expression is not None:
            found.append(Aggregate(column=column, expression=expression, where=condition, default=said.default))
        else:
            rows.columns.setdefault(name, column)
    return tuple(found)
