"""Staging -> its edges: from the columns of a source, through what cleans them, to what is derived of them."""

from __future__ import annotations

from collections.abc import Iterator

from whgen.diagnostics.diagnostic import Span
from whgen.dialects.base import Dialect
from whgen.ir.types import Scalar, Type
from whgen.ir.warehouse import Cleaning, Expression, Staging
from whgen.lineage.graph import Edge, Node, Rule
from whgen.plan.sql import is_cast


def staging_edges(staging: Staging, dialect: Dialect) -> Iterator[Edge]:
    """What the columns and the rows of a staging model are made of."""
    own, raw = staging.name, [f"{staging.source}.{table}" for table, _ in staging.inputs]
    for table in raw:
        yield Edge(source=Node(table), target=Node(own), rules=(_rows(table, staging),))
        if staging.union_column is not None:
            mark = Rule(kind="union", text="says which table the row is of", span=staging.union_column.span)
            yield Edge(source=Node(table), target=Node(own, staging.union_column.name), rules=(mark,))
    for cleaning in staging.cleanings:
        rules = cleaning_rules(cleaning, dialect)
        for table in raw:
            yield Edge(source=Node(table, cleaning.source_name), target=Node(own, cleaning.column.name), rules=rules)
    for derivation in staging.derivations:
        yield from computed(
            own, derivation.expression, Node(own, derivation.column.name), derivation.expression.type, derivation.column.type, dialect
        )
    yield from conditional(own, staging.where, Node(own), "where", dialect)
    if staging.dedupe is not None:
        dedupe = staging.dedupe
        order = ", ".join(f"{o.column}{' descending' if o.descending else ''}" for o in dedupe.order)
        rule = Rule(kind="dedupe", text=f"keeps one row of each ({', '.join(dedupe.key)}), by {order or 'the values'}", span=dedupe.span)
        for name in dict.fromkeys((*dedupe.key, *(o.column for o in dedupe.order))):
            yield Edge(source=Node(own, name), target=Node(own), rules=(rule,))
        yield from conditional(own, dedupe.where, Node(own), "dedupe", dialect)


def cleaning_rules(cleaning: Cleaning, dialect: Dialect) -> tuple[Rule, ...]:
    """What is done to a column of the source, in this order."""
    arrival, column = cleaning.arrivals[dialect.name], cleaning.column
    found: list[tuple[str, str]] = []
    if cleaning.source_name != column.name:
        found.append(("rename", f"renamed {column.name}"))
    if arrival.trim:
        found.append(("trim", "spaces around it removed"))
    found += [("null_if", f"{shown(value)} means missing") for value in arrival.null_if]
    if arrival.case is not None:
        found.append(("case", f"in {arrival.case} case"))
    if arrival.format is not None:
        found.append(("format", f"read as {arrival.format}"))
    elif is_cast(cleaning, dialect):
        found.append(("cast", f"cast to {column.type}"))
    if cleaning.default is not None:
        found.append(("default", f"{shown(cleaning.default)} where missing"))
    return tuple(Rule(kind=kind, text=text, span=column.span) for kind, text in found or [("copy", "taken as it is")])


def computed(table: str, expression: Expression, target: Node, actual: Type, wanted: Type, dialect: Dialect) -> Iterator[Edge]:
    """The edges from the columns of an expression."""
    rule = Rule(kind="expression", text=dialect.line(expression.on(dialect.name)), span=expression.span)
    rules = (rule, *cast_rule(actual, wanted, expression.span))
    for name in sorted(expression.columns):
        yield Edge(source=Node(table, name), target=target, rules=rules)


def conditional(table: str, where: Expression | None, target: Node, kind: str, dialect: Dialect) -> Iterator[Edge]:
    """The edges from the columns of a condition to the rows that it lets through."""
    if where is not None:
        what = "gone" if kind == "deleted" else "only"
        rule = Rule(kind=kind, text=f"{what} where {dialect.line(where.on(dialect.name))}", span=where.span)
        for name in sorted(where.columns):
            yield Edge(source=Node(table, name), target=target, rules=(rule,))


def cast_rule(actual: Type, wanted: Type, span: Span) -> tuple[Rule, ...]:
    """The rule that casts, where types differ."""
    return (Rule(kind="cast", text=f"cast to {wanted}", span=span),) if wanted.is_known and actual != wanted else ()


def copied_rule(span: Span) -> tuple[Rule, ...]:
    """The rule that changes nothing."""
    return (Rule(kind="copy", text="taken as it is", span=span),)


def _rows(table: str, staging: Staging) -> Rule:
    return Rule(kind="rows", text=f"reads {table}", span=staging.span)


def shown(value: Scalar) -> str:
    """A value as a rule names it."""
    return f"'{value}'" if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
