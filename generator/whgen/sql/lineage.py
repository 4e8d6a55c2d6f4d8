"""SELECT -> the columns of which tables each of its columns is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, build_scope

Origin = tuple[str, str]
"""A table and one of its columns."""
Outputs = dict[str, frozenset[Origin]]


def origins(query: exp.Query, tables: Mapping[str, Collection[str]]) -> Outputs:
    """For each column of a query the columns of `tables` whose values it shows, or something computed of them.

    >>> import sqlglot
    >>> query = sqlglot.parse_one("with c as (select upper(a) as b from t) select b, count(b) as n from c group by b")
    >>> origins(query, {"t": ["a"]})
    {'b': frozenset({('t', 'a')}), 'n': frozenset()}
    """
    try:
        scope = build_scope(query)
    except OptimizeError:
        return {}
    return _outputs(scope, tables, {}) if scope is not None else {}


def _outputs(scope: Scope, tables: Mapping[str, Collection[str]], known: dict[int, Outputs]) -> Outputs:
    if id(scope) in known:
        return known[id(scope)]
    # A WITH that reads itself finds nothing in itself beyond where it begins.
    known[id(scope)] = {}
    found: Outputs = {}
    if isinstance(scope.expression, exp.SetOperation):
        sides = [_outputs(side, tables, known) for side in scope.set_operation_scopes]
        for columns in zip(*(side.items() for side in sides), strict=False):
            found[columns[0][0]] = frozenset().union(*(made_of for _, made_of in columns))
    elif isinstance(scope.expression, exp.Query):
        for item in scope.expression.selects:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                wanted = [item.text("table")] if item.text("table") else list(scope.selected_sources)
                for source in wanted:
                    found |= _source(scope, source, tables, known)
            else:
                found[item.alias_or_name] = frozenset(_of_item(item, scope, tables, known))
    known[id(scope)] = found
    return found


def _of_item(item: exp.Expr, scope: Scope, tables: Mapping[str, Collection[str]], known: dict[int, Outputs]) -> Iterator[Origin]:
    # A count shows nothing of what it counts.
    counted = {id(c) for count in item.find_all(exp.Count) for c in count.find_all(exp.Column) if count.find_ancestor(exp.Window) is None}
    for column in item.find_all(exp.Column):
        if id(column) not in counted:
            for source in [column.table] if column.table else scope.selected_sources:
                yield from _source(scope, source, tables, known).get(column.name, ())
    inside = {id(node) for node in item.walk()}
    for inner in scope.subquery_scopes:
        if id(inner.expression) in inside:
            yield from (origin for made_of in _outputs(inner, tables, known).values() for origin in made_of)


def _source(scope: Scope, name: str, tables: Mapping[str, Collection[str]], known: dict[int, Outputs]) -> Outputs:
    """The columns of one of the tables of a FROM."""
    source = scope.sources.get(name)
    if isinstance(source, exp.Table):
        return {column: frozenset({(source.name, column)}) for column in tables.get(source.name, ())}
    if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
        return _outputs(source, tables, known)
    return {}
