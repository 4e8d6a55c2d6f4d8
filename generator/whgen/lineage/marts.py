"""Dimensions, facts and hand-written models -> their edges."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from whgen.dialects.base import Dialect
from whgen.ir.inputs import Composed
from whgen.ir.warehouse import Attribute, CalendarDimension, Column, Dimension, Fact, HandWritten, Reference, Role, TimeDimension
from whgen.lineage.graph import Edge, Node, Rule
from whgen.lineage.staging import cast_rule, computed, conditional, copied_rule, shown
from whgen.plan.fact import looked_up
from whgen.sql.lineage import computations, influences

_SCD = {
    0: "keeps its first value (type 0)",
    1: "shows its last value (type 1)",
    2: "a change begins a new version (type 2)",
    3: "holds the value before the last change (type 3)",
}
_REF = re.compile(r"\bref\(\s*'(\w+)'\s*\)|\bref\(\s*\"(\w+)\"\s*\)")


def dimension_edges(dimension: Dimension, dialect: Dialect) -> Iterator[Edge]:
    """What the columns and the rows of a dimension are made of."""
    own, base, rows = dimension.name, dimension.base.name, Node(dimension.name)
    key_span = dimension.key_span or dimension.span
    yield Edge(source=Node(base), target=rows, rules=(Rule(kind="rows", text=f"reads {base}", span=dimension.span),))
    for name in dimension.business_key:
        yield Edge(source=Node(base, name), target=Node(own, name), rules=copied_rule(key_span))
    hashed = Rule(kind="hash", text=f"hash of ({', '.join(dimension.key)})", span=key_span)
    for name in dimension.key:
        yield Edge(source=Node(own, name), target=Node(own, dimension.surrogate_key), rules=(hashed,))
    for attribute in dimension.attributes:
        yield from _attribute_edges(dimension, attribute, dialect)
    for role in dimension.outriggers:
        yield from _role_edges(dimension, role)
    yield from conditional(base, dimension.where, rows, "where", dialect)
    for reference in dimension.references:
        yield from _reference_edges(dimension, reference, dialect)
    yield from _history_edges(dimension, dialect)


def _attribute_edges(dimension: Dimension, attribute: Attribute, dialect: Dialect) -> Iterator[Edge]:
    target, expression, column = Node(dimension.name, attribute.column.name), attribute.expression, attribute.column
    base = dimension.base.name
    beside: list[Rule] = []
    if dimension.history is not None or attribute.scd != 1:
        beside.append(Rule(kind="history", text=_SCD[attribute.scd], span=column.span))
    for value, member in ((attribute.unknown, "Unknown"), (attribute.not_found, "Not found")):
        if value is not None:
            beside.append(Rule(kind="default", text=f"{shown(value)} for the member `{member}`", span=column.span))
    for edge in computed(base, expression, target, expression.type, column.type, dialect):
        is_copy = len(expression.columns) == 1 and edge.rules[0].text == dialect.name_sql(edge.source.column)
        rules = (*(copied_rule(column.span) if is_copy else edge.rules[:1]), *edge.rules[1:], *beside)
        yield Edge(source=edge.source, target=target, rules=rules)
        if dimension.history is not None and attribute.scd == 2:
            yield Edge(source=edge.source, target=Node(dimension.name), rules=tuple(r for r in beside if r.kind == "history"))


def _reference_edges(dimension: Dimension, reference: Reference, dialect: Dialect) -> Iterator[Edge]:
    own, base, rows = dimension.name, dimension.base.name, Node(dimension.name)
    rule = Rule(kind="inferred_member", text="a key that a fact has and the source lacks becomes a member", span=dimension.span)
    yield Edge(source=Node(reference.base), target=rows, rules=(rule,))
    yield from conditional(reference.base, reference.where, rows, "inferred_member", dialect)
    for theirs, ours in zip(reference.columns, dimension.business_key, strict=True):
        for target in (Node(own, ours), Node(own, "is_inferred"), rows):
            yield Edge(source=Node(reference.base, theirs), target=target, rules=(rule,))
        for target in (Node(own, "is_inferred"), rows):
            yield Edge(source=Node(base, ours), target=target, rules=(rule,))


def _history_edges(dimension: Dimension, dialect: Dialect) -> Iterator[Edge]:
    history, own, base = dimension.history, dimension.name, dimension.base.name
    if history is None:
        return
    if history.snapshot is not None:
        text = f"dbt's snapshot {history.snapshot} dates the rows of {base} when it first sees them"
        moments = [Node(base)]
    else:
        text = f"{history.moment.name} dates {'whole extracts' if history.is_extract else 'the rows'}"
        moments = [Node(base, history.moment.name)]
    rule = Rule(kind="history", text=text, span=dimension.span)
    for moment in moments:
        for name in ("valid_from", "valid_to", "is_current", ""):
            yield Edge(source=moment, target=Node(own, name), rules=(rule,))
    for name in dimension.business_key:
        yield Edge(source=Node(base, name), target=Node(own), rules=(rule,))
    if history.deleted is not None and history.snapshot is None:
        yield from conditional(base, history.deleted, Node(own), "deleted", dialect)


def fact_edges(fact: Fact, dialect: Dialect) -> Iterator[Edge]:
    """What the columns and the rows of a fact are made of."""
    own, base, rows = fact.name, fact.base.name, Node(fact.name)
    grain = [c.name for c in fact.grain_key]
    yield Edge(source=Node(base), target=rows, rules=(Rule(kind="rows", text=f"reads {base}", span=fact.span),))
    hashed = Rule(kind="hash", text=f"hash of ({', '.join(grain)})", span=fact.key_span or fact.span)
    for name in grain:
        yield Edge(source=Node(base, name), target=Node(own, fact.surrogate_key), rules=(hashed,))
    for role in fact.roles:
        yield from _role_edges(fact, role)
    for column in fact.degenerate:
        held = fact.base.column(column.name) or column
        rules = cast_rule(held.type, column.type, column.span) or copied_rule(column.span)
        yield Edge(source=Node(base, column.name), target=Node(own, column.name), rules=rules)
    for measure in fact.measures:
        target = Node(own, measure.column.name)
        default: tuple[Rule, ...] = ()
        if measure.default is not None:
            default = (Rule(kind="default", text=f"{shown(measure.default)} where missing", span=measure.column.span),)
        for edge in computed(base, measure.expression, target, measure.expression.type, measure.column.type, dialect):
            is_copy = edge.rules[0].text == dialect.name_sql(edge.source.column)
            rules = (*(copied_rule(measure.column.span) if is_copy else edge.rules[:1]), *edge.rules[1:], *default)
            yield Edge(source=edge.source, target=target, rules=rules)
    yield from conditional(base, fact.where, rows, "where", dialect)


def _role_edges(fact: Fact | Dimension, role: Role) -> Iterator[Edge]:
    target, base, span, dimension = Node(fact.name, role.column.name), fact.base.name, role.column.span, role.dimension
    looked = looked_up(role)
    if isinstance(dimension, CalendarDimension):
        rule = Rule(kind="lookup", text=f"the day in {dimension.name}, as yyyymmdd", span=span)
    elif isinstance(dimension, TimeDimension):
        rule = Rule(kind="lookup", text=f"the time in {dimension.name}, by {dimension.by}", span=span)
    elif looked is None:
        rule = Rule(kind="lookup", text=f"hash of ({', '.join(role.on)}), the key of {dimension.name}", span=span)
    else:
        when = f" at {role.as_of.name}" if role.as_of is not None else ""
        rule = Rule(kind="lookup", text=f"looked up in {dimension.name} by ({', '.join(role.on)}){when}; -2 where not found", span=span)
    is_junk = isinstance(dimension, Dimension) and dimension.is_junk
    rules = (rule,) if is_junk else (rule, Rule(kind="default", text="-1 where missing", span=span))
    for name in role.on:
        yield Edge(source=Node(base, name), target=target, rules=rules)
    if looked is not None:
        # A combination of flags is found by its hash alone.
        found_by = () if looked.is_junk else looked.business_key if looked.history is None else looked.key
        names = ["", looked.surrogate_key, *found_by]
        names += ["valid_to"] if looked.history is not None and role.as_of is not None else []
        for name in names:
            yield Edge(source=Node(looked.name, name), target=target, rules=(rule,))
        if role.as_of is not None:
            yield Edge(source=Node(base, role.as_of.name), target=target, rules=(rule,))


def hand_written_edges(model: HandWritten, tables: Mapping[str, Collection[str]], dialect: Dialect) -> Iterator[Edge]:
    """What is read out of the SELECT of a hand-written model. Of one with dbt's Jinja nothing is known but what it reads."""
    rows = Node(model.name)
    if dialect.name in model.verbatim:
        rule = Rule(kind="jinja", text="may use any column: its SQL is made by dbt's Jinja", span=model.span)
        read = sorted({a or b for a, b in _REF.findall(model.verbatim[dialect.name])} & set(tables))
        for table in read:
            for name in ("", *tables[table]):
                yield Edge(source=Node(table, name), target=rows, rules=(rule,), inferred=True)
        return
    select = model.selects.get(dialect.name)
    if select is None:
        return
    values, deciding = influences(select, tables)
    # A SELECT that whgen wrote does what the spec declares, and nothing else.
    is_read = not isinstance(model, Composed)
    texts = {name: [dialect.line(tree) for tree in trees] for name, trees in computations(select).items()}
    for column in model.columns:
        rules = tuple(_computation(text, column, is_read=is_read) for text in dict.fromkeys(texts.get(column.name) or [""]))
        for table, name in sorted(values.get(column.name, ())):
            yield Edge(source=Node(table, name), target=Node(model.name, column.name), rules=rules, inferred=is_read)
    for table in model.reads:
        rule = Rule(kind="rows", text=f"reads {table}", span=model.span)
        yield Edge(source=Node(table), target=rows, rules=(rule,), inferred=is_read)
    rule = Rule(kind="select", text=f"conditions, joins or groups of its {'SELECT' if is_read else 'spec'}", span=model.span)
    for table, name in sorted(deciding):
        yield Edge(source=Node(table, name), target=rows, rules=(rule,), inferred=is_read)


def _computation(text: str, column: Column, *, is_read: bool) -> Rule:
    if not is_read:
        return Rule(kind="expression", text=text, span=column.span) if text else copied_rule(column.span)[0]
    return Rule(kind="select", text=f"computed in its SELECT: {text}" if text else "taken as it is by its SELECT", span=column.span)
