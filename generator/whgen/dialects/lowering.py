"""What a warehouse writes in another way than sqlglot would, so that it means what it means in the reference dialect.

A warehouse has a table from classes of nodes to patterns: its own SQL, in which `{this}` and the like stand for the arguments of the
node, `{item0}` for the first of a list. Patterns and arguments are put together as trees, so that precedence is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect

from whgen.ir.trees import copied, nodes_of
from whgen.ir.types import Kind
from whgen.sql.catalogue.entry import is_literal
from whgen.sql.types import logical_type

Pattern = str | exp.Expr | None
Lowering = str | Callable[[exp.Expr], Pattern]
Lowerings = Mapping[type[exp.Expr], Lowering]
_HOLE = re.compile(r"\{([a-z]\w*)\}")
_OPERATORS = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.AtTimeZone, exp.Interval)


def lowered(node: exp.Expr, lowerings: Lowerings, dialect: type[SqlglotDialect]) -> exp.Expr:
    """The node as the warehouse writes it; the node itself where it needs nothing."""
    found = lowerings.get(type(node))
    pattern = found(node) if callable(found) else found
    if pattern is None:
        return node
    tree = pattern if isinstance(pattern, exp.Expr) else _filled(pattern, node, dialect)
    if tree.type is None:
        # What stands around it asks for the type.
        tree.type = node.type
    return exp.Paren(this=tree) if _needs_parentheses(tree, node.parent) else tree


def _needs_parentheses(tree: exp.Expr, parent: exp.Expr | None) -> bool:
    # Some functions are operators in the eyes of sqlglot.
    is_operator = (
        isinstance(tree, _OPERATORS)
        and not isinstance(tree, exp.Paren)
        and (isinstance(tree, exp.Connector) or not isinstance(tree, exp.Func))
    )
    return is_operator and isinstance(parent, (*_OPERATORS, exp.Bracket)) and not isinstance(parent, exp.Paren | exp.Interval)


def _filled(pattern: str, node: exp.Expr, dialect: type[SqlglotDialect]) -> exp.Expr:
    tree = copied(_parsed(pattern, dialect))
    for hole in [c for c in nodes_of(tree) if isinstance(c, exp.Column) and c.name.startswith("__")]:
        value = _argument(node, hole.name[2:])
        if _needs_parentheses(value, hole.parent):
            value = exp.Paren(this=value)
        if hole is tree:
            return value
        hole.replace(value)
    tree.type = node.type
    return tree


def _argument(node: exp.Expr, name: str) -> exp.Expr:
    value: exp.Expr = node.expressions[int(name[4:])] if name.startswith("item") else node.args[name]
    return copied(value)


@lru_cache(maxsize=512)
def _parsed(pattern: str, dialect: type[SqlglotDialect]) -> exp.Expr:
    return sqlglot.parse_one(_HOLE.sub(r"__\1", pattern), read=dialect)


def kind(node: exp.Expr | None) -> Kind:
    """The kind of a node's logical type."""
    return logical_type(node).kind if node is not None else Kind.UNKNOWN


def target_type(node: exp.Expr) -> exp.DataType:
    """What a cast casts to."""
    found = node.args["to"]
    assert isinstance(found, exp.DataType)
    return found


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def nulls_win(function: str) -> Callable[[exp.Expr], Pattern]:
    """GREATEST and LEAST of which NULL is the result as soon as one argument is; literals never are."""

    def pattern(node: exp.Expr) -> Pattern:
        places = ["this", *(f"item{i}" for i in range(len(node.expressions)))]
        arguments = ", ".join(f"{{{p}}}" for p in places)
        missing = [f"{{{p}}} IS NULL" for p in places if not is_literal(_argument(node, p))]
        call = f"{function}({arguments})"
        return f"CASE WHEN {' OR '.join(missing)} THEN NULL ELSE {call} END" if missing else call

    return pattern


def instant_of_clock(clock: str, zone: exp.Expr | None) -> str:
    """The instant at which the clock of a zone shows a time: the first one, where the clock is put back an hour and shows it twice."""
    if zone is None or (is_literal(zone) and zone.name.upper() == "UTC"):
        return f"{clock} AT TIME ZONE 'UTC'"
    last = f"{clock} AT TIME ZONE {{zone}}"
    first = f"{last} - INTERVAL '1' HOUR"
    return f"CASE WHEN ({first}) AT TIME ZONE {{zone}} = {clock} THEN {first} ELSE {last} END"


def concatenated(node: exp.Expr) -> Pattern:
    """CONCAT as a chain of `||`, of which NULL is the result as soon as one text is."""
    return " || ".join(f"{{item{i}}}" for i in range(len(node.expressions)))
