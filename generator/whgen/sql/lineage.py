"""SELECT -> the columns of which tables each of its columns is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, build_scope

Origin = tuple[str, str]
"""A table and one of its columns."""
Outputs = dict[str, frozenset[Origin]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    tables: Mapping[str, Collection[str]]
    with_counted: bool = False
    """Whether what is counted counts."""
    known: dict[int, Outputs] = field(default_factory=dict)


def origins(query: exp.Query, tables: Mapping[str, Collection[str]]) -> Outputs:
    """For each column of a query the columns of `tables` whose values it shows, or something computed of them.

    >>> import sqlglot
    >>> query = sqlglot.parse_one("with c as (select upper(a) as b from t) select b, count(b) as n from c group by b")
    >>> origins(query, {"t": ["a"]})
    {'b': frozenset({('t', 'a')}), 'n': frozenset()}
    """
    scope = _scope(query)
    return _outputs(scope, _Search(tables=tables)) if scope is not None else {}


def influences(query: exp.Query, tables: Mapping[str, Collection[str]]) -> tuple[Outputs, frozenset[Origin]]:
    """For each column of a query the columns of `tables` that its value is computed of, counted ones too; and those that decide which
    rows there are: in conditions, joins, groups, orders.

    >>> import sqlglot
    >>> query = sqlglot.parse_one("select t.a, count(u.c) as n from t left join u on t.k = u.k group by t.a")
    >>> values, rows = influences(query, {"t": ["a", "k"], "u": ["c", "k"]})
    >>> values["n"], sorted(rows)
    (frozenset({('u', 'c')}), [('t', 'a'), ('t', 'k'), ('u', 'k')])
    """
    scope = _scope(query)
    if scope is None:
        return {}, frozenset()
    search = _Search(tables=tables, with_counted=True)
    rows = frozenset(origin for inner in scope.traverse() for origin in _deciding(inner, search))
    return _outputs(scope, search), rows


def computations(query: exp.Query) -> dict[str, tuple[exp.Expr, ...]]:
    """For each column of a query what is computed for it, the innermost first; nothing for one that is only shown.

    >>> import sqlglot
    >>> query = sqlglot.parse_one("with c as (select sum(a) as s from t) select coalesce(c.s, 0) as n, s as m, 1 as one from c")
    >>> {name: [tree.sql() for tree in found] for name, found in computations(query).items()}
    {'n': ['SUM(a)', 'COALESCE(c.s, 0)'], 'm': ['SUM(a)'], 'one': ['1']}
    """
    scope = _scope(query)
    return {name: tuple(_computed(scope, name, set())) for name in query.named_selects} if scope is not None else {}


def _computed(scope: Scope, name: str, seen: set[tuple[int, str]]) -> Iterator[exp.Expr]:
    if (id(scope), name) in seen:
        return
    seen.add((id(scope), name))
    query = scope.expression
    if isinstance(query, exp.SetOperation):
        place = query.named_selects.index(name) if name in query.named_selects else -1
        for side in scope.set_operation_scopes:
            names = side.expression.named_selects if isinstance(side.expression, exp.Query) else []
            yield from _computed(side, names[place], seen) if 0 <= place < len(names) else ()
        return
    item = next((i for i in query.selects if i.alias_or_name == name), None) if isinstance(query, exp.Query) else None
    tree = item.unalias() if item is not None else exp.column(name)
    for column in tree.find_all(exp.Column):
        for source in [column.table] if column.table else scope.selected_sources:
            inner = scope.sources.get(source)
            if isinstance(inner, Scope):
                yield from _computed(inner, column.name, seen)
    if item is not None and not isinstance(tree, exp.Column):
        yield tree


def _scope(query: exp.Query) -> Scope | None:
    try:
        return build_scope(query)
    except OptimizeError:
        return None


def _deciding(scope: Scope, search: _Search) -> Iterator[Origin]:
    """The columns that decide which rows a query has."""
    query = scope.expression
    if isinstance(query, exp.SetOperation):
        # UNION ALL keeps every row; the others compare whole rows.
        if query.args.get("distinct") or not isinstance(query, exp.Union):
            yield from (o for made_of in _outputs(scope, search).values() for o in made_of)
        return
    if not isinstance(query, exp.Select):
        return
    shown = {id(item) for item in query.selects}
    named = {item.alias: item for item in query.selects if isinstance(item, exp.Alias)}
    # A sub-query may ask for columns of the query around it.
    for column in (*scope.find_all(exp.Column), *(c for inner in scope.subquery_scopes for c in inner.external_columns)):
        if not _is_within(column, shown, query):
            found = [*_of_column(column, scope, search)]
            yield from found
            if not found and not column.table and column.name in named:
                yield from _of_item(named[column.name], scope, search)
    for join in query.args.get("joins") or ():
        for name in join.args.get("using") or ():
            yield from (o for source in scope.selected_sources for o in _source(scope, source, search).get(name.name, ()))
    for name, source in scope.sources.items():
        if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
            yield from _elements(scope, name, search)
    grouped = query.args.get("group")
    by_number = [g.this for g in grouped.expressions if isinstance(g, exp.Literal) and not g.is_string] if grouped else []
    every = query.args.get("distinct") or scope.is_subquery or (grouped and grouped.args.get("all"))
    items = query.selects if every else [query.selects[int(n) - 1] for n in by_number if 0 < int(n) <= len(query.selects)]
    for item in items:
        yield from _of_item(item, scope, search)


def _is_within(node: exp.Expr, ends: Collection[int], root: exp.Expr) -> bool:
    here: exp.Expr | None = node
    while here is not None and here is not root:
        if id(here) in ends:
            return True
        here = here.parent
    return False


def _outputs(scope: Scope, search: _Search) -> Outputs:
    known = search.known
    if id(scope) in known:
        return known[id(scope)]
    # A WITH that reads itself finds nothing in itself beyond where it begins.
    known[id(scope)] = {}
    found: Outputs = {}
    if isinstance(scope.expression, exp.SetOperation):
        sides = [_outputs(side, search) for side in scope.set_operation_scopes]
        for columns in zip(*(side.items() for side in sides), strict=False):
            found[columns[0][0]] = frozenset().union(*(made_of for _, made_of in columns))
    elif isinstance(scope.expression, exp.Query):
        for item in scope.expression.selects:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                wanted = [item.text("table")] if item.text("table") else list(scope.selected_sources)
                for source in wanted:
                    found |= _source(scope, source, search)
            else:
                found[item.alias_or_name] = frozenset(_of_item(item, scope, search))
    known[id(scope)] = found
    return found


def _of_item(item: exp.Expr, scope: Scope, search: _Search) -> Iterator[Origin]:
    # A count shows nothing of what it counts.
    counts = () if search.with_counted else item.find_all(exp.Count)
    counted = {id(c) for count in counts for c in count.find_all(exp.Column) if count.find_ancestor(exp.Window) is None}
    for column in item.find_all(exp.Column):
        if id(column) not in counted:
            yield from _of_column(column, scope, search)
    inside = {id(node) for node in item.walk()}
    for inner in scope.subquery_scopes:
        if id(inner.expression) in inside:
            yield from (origin for made_of in _outputs(inner, search).values() for origin in made_of)


def _of_column(column: exp.Column, scope: Scope, search: _Search) -> Iterator[Origin]:
    for source in [column.table] if column.table else scope.selected_sources:
        yield from _source(scope, source, search).get(column.name, ())


def _source(scope: Scope, name: str, search: _Search) -> Outputs:
    """The columns of one of the tables of a FROM."""
    source = scope.sources.get(name)
    if isinstance(source, exp.Table):
        return {column: frozenset({(source.name, column)}) for column in search.tables.get(source.name, ())}
    if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
        return _outputs(source, search)
    if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
        offset = source.expression.args.get("offset")
        names = [*source.expression.alias_column_names, *([offset.name] if isinstance(offset, exp.Expr) else [])]
        return dict.fromkeys(names, _elements(scope, name, search))
    return {}


def _elements(scope: Scope, name: str, search: _Search) -> frozenset[Origin]:
    """What the elements of an array show, and how many there are: the array is of a table that stands before them."""
    every = list(scope.selected_sources)
    before = every[: every.index(name)] if name in every else []
    return frozenset(
        origin
        for column in scope.sources[name].expression.find_all(exp.Column)
        for other in before
        if column.table in ("", other)
        for origin in _source(scope, other, search).get(column.name, ())
    )
