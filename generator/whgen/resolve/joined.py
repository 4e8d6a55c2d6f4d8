"""`join:` -> other tables beside the rows so far: how their rows are found, and which of their columns come along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from whgen.ir.inputs import Brought, Join
from whgen.ir.types import UNKNOWN, a
from whgen.ir.warehouse import Column, Expression, Table
from whgen.resolve.literals import check_literal
from whgen.resolve.matches import check_one_match
from whgen.resolve.nullable import after
from whgen.resolve.periods import check_period, period_of
from whgen.resolve.rows import Rows, aggregates_of, deduped_of
from whgen.resolve.symbols import Path, declared_as, scope_of
from whgen.spec.inputs import Join as JoinSpec
from whgen.sql.compose import STEPS


def join_table(rows: Rows, alias: str, spec: JoinSpec) -> None:
    """Add a table to the rows."""
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
    theirs = {c.name: c for c in table.columns}
    dedupe = None
    if spec.dedupe is not None and on is not None:
        dedupe = deduped_of(rows, spec.dedupe, (*path, "dedupe"), tuple(c.name for c, _ in on), theirs, table)
    period = period_of(rows, path, spec.between, table) if spec.between is not None else None
    if on is not None and spec.between is not None:
        if period is not None and spec.matches == "one":
            check_period(rows, path, table, tuple(c.name for c, _ in on), period, filter_)
    elif on is not None and spec.matches == "one" and not spec.aggregates and spec.dedupe is None:
        check_one_match(table, tuple(c.name for c, _ in on), filter_, rows.at, path, symbols)
    if spec.matches == "many":
        rows.key = ()
    found = {c.name: c for c in after(filter_, table.columns)}
    columns = tuple(c for name in spec.columns if (c := _brought(rows, path, name, spec, table, found)) is not None)
    aggregates = aggregates_of(rows, spec.aggregates, (*path, "aggregates"), scope_of(found.values()), f"`{table.name}`")
    if spec.kind == "left":
        aggregates = tuple(replace(g, column=g.column.that_is(nullable=g.default is None)) for g in aggregates)
    for column in (*(b.column for b in columns), *(g.column for g in aggregates)):
        rows.add(column)
    if on is not None:
        rows.joins.append(
            Join(
                alias=alias,
                table=table,
                on=on,
                kind=spec.kind,
                where=filter_,
                dedupe=dedupe,
                period=period,
                columns=columns,
                aggregates=aggregates,
                span=rows.at.at(*path, "on"),
            )
        )


def check_alias(rows: Rows, alias: str, bases: Iterable[str]) -> None:
    """The name of a join must not be that of another table or query of the same SELECT."""
    joins: Mapping[str, JoinSpec] = rows.at.spec.join
    read = {alias: rows.symbols.by_reference.get(j.table) for alias, j in joins.items()}
    others = {t.name for other, t in read.items() if t is not None and (other != alias or joins[alias].aggregates)}
    others |= {*bases}
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
    # The name stands as the key, the value, or in it.
    place = rows.at.at(*here, "column") if rows.at.document.has((*here, "column")) else rows.at.at(*here)
    place = rows.at.key(*here) if said.column is None else place
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
