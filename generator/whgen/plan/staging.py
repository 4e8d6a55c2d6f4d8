"""Staging -> the view of its model, and what its cast test compares."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from whgen.dialects.base import LINE, Dialect
from whgen.ir.time_format import pattern_of
from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.ir.warehouse import Cleaning, Derivation, Staging
from whgen.plan.project import Ranking, StagingView, Step, UnionBranch
from whgen.plan.sql import can_lose, cast, cleaned, cleaned_text, conditions, literal, safely_typed, select_item, select_list, source_call
from whgen.plan.ways import laid_out, line_of

ROW_NUMBER = "_row_number"
# Texts that a cast takes on every warehouse with the same outcome: DuckDB would round '1.5' to an integer, and read 'yes' as true.
_HOUR = r"([01]?[0-9]|2[0-3]):[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?"
# No year is 0 on BigQuery.
_DAY = r"([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-[0-9]{1,2}-[0-9]{1,2}"
_LOSSLESS: Mapping[Kind, str] = {
    Kind.INTEGER: r"^\s*[-+]?[0-9]+\s*$",
    Kind.DECIMAL: r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*$",
    Kind.FLOAT: r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$",
    Kind.BOOLEAN: r"^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$",
    Kind.DATE: rf"^{_DAY}$",
    Kind.TIMESTAMP: rf"^{_DAY}([ T]{_HOUR})?(Z|[-+][0-9]{{1,2}}(:[0-9]{{2}})?)?$",
    Kind.DATETIME: rf"^{_DAY}([ T]{_HOUR})?$",
    Kind.TIME: rf"^{_HOUR}$",
}
_NUMERIC_DIGITS = 29
"""How many digits before the point the widest decimal of every warehouse has."""
# Casts that round away digits which no float made up.
_ROUNDED = ((Kind.FLOAT, Kind.INTEGER), (Kind.DECIMAL, Kind.INTEGER), (Kind.DECIMAL, Kind.DECIMAL))


def staging_view(staging: Staging, dialect: Dialect, config: tuple[str, ...]) -> StagingView:
    """The model of a staging table: read, clean, derive, filter, keep one row of each key."""
    tag = staging.union_column
    columns = [_item(c, dialect) for c in staging.cleanings]
    if tag is not None:
        columns.append(dialect.name_sql(tag.name))
    steps = _steps(staging.derivations, dialect)
    last = steps[-1].name if steps else "cleaned"
    ranking = None
    if staging.dedupe is not None:
        order = [exp.Ordered(this=exp.column(o.column), desc=o.descending, nulls_first=False) for o in staging.dedupe.order]
        ranking = Ranking(
            partition_by=select_list([dialect.name_sql(k) for k in staging.dedupe.key]),
            order_by=select_list([dialect.sql(o) for o in order]),
            reads=last,
            where=conditions(staging.dedupe.where, dialect),
        )
    every = {c.column.name for c in staging.cleanings} | {d.column.name for d in staging.derivations} | ({tag.name} if tag else set())
    kept = [dialect.name_sql(c.name) for c in staging.columns]
    return StagingView(
        origin=staging.file,
        config=config,
        relation=_relation(staging, staging.inputs[0][0]),
        branches=_branches(staging, dialect),
        columns=select_list(columns),
        steps=steps,
        ranking=ranking,
        kept=select_list(["*"] if ranking is None and every == {c.name for c in staging.columns} else kept),
        final="ranked" if ranking else last,
        where=(f"{ROW_NUMBER} = 1", *conditions(staging.where, dialect, among=1)) if ranking else conditions(staging.where, dialect),
    )


def _item(cleaning: Cleaning, dialect: Dialect) -> str:
    name, line = cleaning.column.name, line_of(_settled, cleaning, dialect)
    if line == dialect.name_sql(name):
        return line
    alias = f" AS {dialect.name_sql(name)}"
    # A long one is laid out, which depends on how long the names in it are.
    text = line if len(line) + len(alias) <= LINE else laid_out(_settled, cleaning, dialect, beside=len(alias))
    return f"{text}{alias}"


def _settled(cleaning: Cleaning, dialect: Dialect) -> exp.Expr:
    return dialect.settle(cleaned(cleaning, dialect), cleaning.column.type)


def losses(staging: Staging, dialect: Dialect) -> dict[str, str]:
    """For each column that is cast, the condition under which the cast loses a value that was there.

    Rows that `where` leaves out do not count, unless it is the lost value itself for which they are left out. Conditions speak of the
    source's columns.
    """
    found: dict[str, str] = {}
    where = _decided_by_others(staging, dialect)
    # The same for every column, so it is written once.
    counted = f" AND {dialect.line(exp.Paren(this=_inlined(where, staging, dialect)))}" if where is not None else ""
    for cleaning in staging.cleanings:
        if can_lose(cleaning, dialect):
            found[cleaning.column.name] = line_of(_loss, cleaning, dialect) + counted
    return found


def _loss(cleaning: Cleaning, dialect: Dialect) -> exp.Expr:
    value = cleaned_text(cleaning, dialect)
    type_, form = cleaning.column.type, cleaning.arrivals[dialect.name].format

    def typed() -> exp.Expr:
        return safely_typed(copied(value), cleaning, dialect)

    gone: exp.Expr = exp.Is(this=typed(), expression=exp.Null())
    if type_.kind is Kind.DECIMAL and type_.precision - type_.scale < _NUMERIC_DIGITS and not dialect.bounds_decimals:
        limit = exp.Literal.number(10 ** (type_.precision - type_.scale))
        gone = exp.Or(this=gone, expression=exp.GTE(this=exp.Abs(this=typed()), expression=limit))
    pattern = pattern_of(form) if form else _LOSSLESS.get(type_.kind)
    kinds = cleaning.arrivals[dialect.name].raw.type.kind, type_.kind
    if kinds in _ROUNDED:
        gone = exp.Or(this=gone, expression=exp.NEQ(this=typed(), expression=copied(value)))
    elif pattern is not None and (form or kinds[0] is Kind.STRING):
        matches = exp.RegexpLike(this=copied(value), expression=exp.Literal.string(pattern))
        gone = exp.Or(this=gone, expression=exp.Not(this=matches))
    gone = exp.Paren(this=gone) if isinstance(gone, exp.Or) else gone
    return exp.And(this=exp.Not(this=exp.Is(this=value, expression=exp.Null())), expression=gone)


def _decided_by_others(staging: Staging, dialect: Dialect) -> exp.Expr | None:
    """The part of `where` that no cast can change."""
    if staging.where is None or staging.union_column is not None:
        return None
    uncertain = {c.column.name for c in staging.cleanings if can_lose(c, dialect)}
    for derivation in staging.derivations:
        if derivation.expression.columns & uncertain:
            uncertain.add(derivation.column.name)
    tree = staging.where.on(dialect.name)
    parts = list(tree.flatten(unnest=False)) if isinstance(tree, exp.And) else [tree]
    certain = [p for p in parts if not {c.name for c in p.find_all(exp.Column)} & uncertain]
    return exp.and_(*certain) if certain else None


def _inlined(tree: exp.Expr, staging: Staging, dialect: Dialect) -> exp.Expr:
    """A condition over cleaned and derived columns as one over the source's columns."""
    cleanings = {c.column.name: c for c in staging.cleanings}
    derivations = {d.column.name: d for d in staging.derivations}

    def definition(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if node.name in cleanings:
            return exp.Paren(this=cleaned(cleanings[node.name], dialect))
        return exp.Paren(this=_inlined(derivations[node.name].expression.on(dialect.name), staging, dialect))

    return tree.transform(definition)


def _steps(derivations: tuple[Derivation, ...], dialect: Dialect) -> tuple[Step, ...]:
    levels = sorted({d.level for d in derivations})
    names = ["cleaned", *("derived" if n == 0 else f"derived_{n + 1}" for n in levels)]
    return tuple(
        Step(
            name=names[n + 1],
            reads=names[n],
            columns=select_list(
                [
                    "*",
                    *(
                        select_item(
                            cast(d.expression.on(dialect.name), d.expression.type, d.column.type), d.column.name, dialect, d.column.type
                        )
                        for d in derivations
                        if d.level == n
                    ),
                ]
            ),
        )
        for n in levels
    )


def _branches(staging: Staging, dialect: Dialect) -> tuple[UnionBranch, ...]:
    if staging.union_column is None:
        return ()
    names = tuple(dict.fromkeys(dialect.name_sql(c.source_name) for c in staging.cleanings))
    tag = staging.union_column
    return tuple(
        UnionBranch(
            columns=select_list(
                [*names, f"{dialect.sql(literal(mark if mark is not None else table, tag.type))} AS {dialect.name_sql(tag.name)}"]
            ),
            relation=_relation(staging, table),
        )
        for table, mark in staging.inputs
    )


def _relation(staging: Staging, table: str) -> str:
    return f"{{{{ {source_call(staging.source, table)} }}}}"
