"""`derive:` - columns computed from others, put into an order in which each only needs what is there before it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.types import UNKNOWN, Type
from whgen.ir.warehouse import Column, Derivation, Expression
from whgen.resolve.nullable import computed
from whgen.resolve.symbols import Symbols, scope_of
from whgen.spec.common import DerivedColumn, SpecModel
from whgen.spec.load import Located


def resolve_derivations(
    specs: Mapping[str, DerivedColumn],
    at: Located[SpecModel],
    path: tuple[str | int, ...],
    columns: Mapping[str, Column],
    symbols: Symbols,
    *,
    where: str,
) -> tuple[Derivation, ...]:
    """The derived columns in the order of the spec, each with the level at which it can be computed."""
    for name in specs:
        if name in columns:
            symbols.report.error(
                "duplicate-column",
                at.key(*path, name),
                f"the table has a column `{name}` already",
                help="give one another name",
                related=[Related(span=columns[name].span, message="first here")],
            )
    declared = {n: symbols.type_of(s.type, at.at(*path, n, "type")) if s.type else _of_dictionary(n, symbols) for n, s in specs.items()}
    every = scope_of(columns.values()) | {n: t or UNKNOWN for n, t in declared.items()}
    found: dict[str, Derivation] = {}
    pending = dict(specs)
    first = {n: symbols.expression(s.expr, at, (*path, n, "expr"), every, where=where, declared=declared[n]) for n, s in pending.items()}
    needs = {n: (e.columns & set(specs)) - ({n} if n in columns else set()) if e else frozenset() for n, e in first.items()}
    level = 0
    while pending:
        ready = [n for n in pending if needs[n] <= found.keys()]
        if not ready:
            name = min(pending)
            circle = _cycle(name, needs)
            symbols.report.error(
                "circular-reference",
                at.key(*path, circle[0]),
                f"`{circle[0]}` is computed from itself: {' -> '.join(circle)}",
                related=[Related(span=at.key(*path, n), message=f"`{n}` needs `{m}`") for n, m in pairwise(circle[1:])],
            )
            # They stay columns, of no known type, so that what uses them is not reported too.
            found |= {n: _derivation(n, specs[n], None, level, at, path, declared[n], symbols) for n in pending}
            break
        # Types of the columns before are known only now, and the type of an expression depends on them.
        scope = scope_of(columns.values()) | {n: d.column.type for n, d in found.items()}
        for name in ready:
            expression = first[name]
            if expression is not None and needs[name]:
                expression = symbols.expression(specs[name].expr, at, (*path, name, "expr"), scope, where=where, declared=declared[name])
            found[name] = _derivation(name, specs[name], expression, level, at, path, declared[name], symbols)
        pending = {n: s for n, s in pending.items() if n not in found}
        level += 1
    return tuple(found[n] for n in specs)


def _of_dictionary(name: str, symbols: Symbols) -> Type | None:
    entry = symbols.dictionary.get(name)
    return symbols.type_of(entry.type, symbols.dictionary_span(name)) if entry is not None and entry.type else None


def _derivation(
    name: str,
    spec: DerivedColumn,
    expression: Expression | None,
    level: int,
    at: Located[SpecModel],
    path: tuple[str | int, ...],
    declared: Type | None,
    symbols: Symbols,
) -> Derivation:
    actual = expression.type if expression else UNKNOWN
    column = computed(symbols.column(name, spec, at, (*path, name), type_=declared or actual), expression)
    if expression is not None and declared is None and not column.type.is_known:
        symbols.report.error(
            "missing-type", at.key(*path, name), f"the type of `{name}` does not follow from its expression", help="add `type:`"
        )
    return Derivation(column=column, expression=expression or unknown(at.key(*path, name)), level=level)


def unknown(span: Span) -> Expression:
    """In the place of an expression that is wrong, so that an editor can be told what else is known."""
    return Expression(tree=exp.Null(), trees={}, type=UNKNOWN, span=span)


def _cycle(start: str, needs: Mapping[str, frozenset[str]]) -> list[str]:
    """The names of a circle, from its first one by name back to that."""
    path = [start]
    while path.count(path[-1]) == 1:
        path.append(min(n for n in needs[path[-1]] if needs[n]) if needs[path[-1]] else start)
    circle = path[path.index(path[-1]) : -1]
    lowest = circle.index(min(circle))
    return [*circle[lowest:], *circle[:lowest], circle[lowest]]
