"""What a SELECT and its sub-queries yield: keys, dependencies among the columns, and where a column comes from unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, traverse_scope

from whgen.sql.dependencies import closure, minimal
from whgen.sql.joined import ROW, Attribute, Joined, Relation, Rules, join_of

OUT, GROUP = "", " group"
"""Aliases that no table can have: of the columns that a SELECT yields, and of what it groups by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A SELECT that is understood: its joined rows, and what its own rows are one for each of."""

    select: exp.Select
    joined: Joined
    rules: Rules
    """The dependencies of the joined rows, and of what the SELECT yields of them."""
    items: Mapping[str, exp.Expr]
    """The columns that it yields."""
    wanted: frozenset[Attribute]
    """What determines a row that it yields: the groups, the rows of its tables, or with DISTINCT all of its columns."""
    groups: Mapping[Attribute, exp.Expr]
    is_grouped: bool


def understood(tree: exp.Query, tables: Mapping[str, Relation]) -> Iterator[Selected]:
    """Every SELECT of a query that is understood, the outermost last."""
    try:
        scopes = traverse_scope(tree)
    except OptimizeError:
        return
    known: dict[int, Relation | None] = {}
    for scope in scopes:
        selected = _selected(scope, tables, known)
        if selected is not None:
            known[id(scope)] = _relation(selected) if scope is not scopes[-1] else None
            yield selected


def relation_of_query(tree: exp.Query, tables: Mapping[str, Relation]) -> Relation | None:
    """What is known of the rows that a query yields; None when it is not understood."""
    selects = list(understood(tree, tables))
    return _relation(selects[-1]) if selects and selects[-1].select is tree else None


def _selected(scope: Scope, tables: Mapping[str, Relation], known: Mapping[int, Relation | None]) -> Selected | None:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return None
    relations: dict[str, Relation] = {}
    for alias, (_, source) in scope.selected_sources.items():
        relation = tables.get(source.name) if isinstance(source, exp.Table) else known.get(id(source))
        if relation is None:
            return None
        relations[alias] = relation
    joined = join_of(scope, relations)
    items = _items(select, joined) if joined is not None else None
    if joined is None or items is None:
        return None
    rules = [*joined.rules, *_output_rules(items, joined)]
    groups = _groups(select, items, joined)
    if groups is None or (not groups and any(item.find(exp.Anonymous, exp.AnonymousAggFunc) for item in items.values())):
        return None
    is_grouped = bool(groups) or any(True for item in items.values() for _ in aggregates_of(item))
    wanted: frozenset[Attribute] = frozenset(groups) if is_grouped else joined.rows
    for attribute, node in groups.items():
        if attribute[0] == GROUP:
            rules.append((joined.attributes(node), frozenset([attribute])))
            same = frozenset((OUT, name) for name, item in items.items() if _bare(item) == _bare(node))
            rules += [(frozenset([attribute]), same), *((frozenset([out]), frozenset([attribute])) for out in same)]
    if is_grouped:
        rules.append((wanted, frozenset((OUT, name) for name in items)))
    elif select.args.get("distinct") is not None:
        wanted = frozenset((OUT, name) for name in items)
    for partition in _first_of_each(select.args.get("qualify"), items, joined):
        rules.append((partition, joined.rows))
    if _is_one(select.args.get("limit")):
        rules.append((frozenset(), wanted))
    return Selected(select=select, joined=joined, rules=rules, items=items, wanted=wanted, groups=groups, is_grouped=is_grouped)


def _items(select: exp.Select, joined: Joined) -> dict[str, exp.Expr] | None:
    """The columns that a SELECT yields, each with its expression; None when they cannot be told."""
    found: dict[str, exp.Expr] = {}
    for item in select.expressions:
        node = item.unalias()
        if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
            star = node if isinstance(node, exp.Star) else node.this
            if any(star.args.get(part) for part in ("except_", "except", "replace", "rename", "ilike")):
                return None
            aliases = [node.table] if isinstance(node, exp.Column) else list(joined.sources)
            if any(alias not in joined.sources for alias in aliases):
                return None
            for alias in aliases:
                for name in joined.sources[alias].columns:
                    found.setdefault(name, exp.column(name, table=alias))
        elif item.alias_or_name:
            found[item.alias_or_name] = node
    return found


def _output_rules(items: Mapping[str, exp.Expr], joined: Joined) -> Iterator[tuple[frozenset[Attribute], frozenset[Attribute]]]:
    for name, node in items.items():
        out = frozenset([(OUT, name)])
        attributes = joined.attributes(node)
        if isinstance(node, exp.Column) and attributes:
            yield attributes, out
            yield out, attributes
        elif isinstance(node, exp.Window):
            yield joined.rows, out
            if isinstance(node.this, exp.RowNumber):
                yield out | _partition(node, joined), joined.rows
        elif not node.find(exp.Query, exp.Window, exp.AggFunc):
            yield attributes, out


def _groups(select: exp.Select, items: Mapping[str, exp.Expr], joined: Joined) -> dict[Attribute, exp.Expr] | None:
    """What a SELECT groups by; None when it has several groupings, or names one that is not there."""
    group = select.args.get("group")
    if group is None:
        return {}
    if any(group.args.get(part) for part in ("grouping_sets", "cube", "rollup", "totals")):
        return None
    if group.args.get("all"):
        return {(OUT, name): node for name, node in items.items() if not any(True for _ in aggregates_of(node))}
    found: dict[Attribute, exp.Expr] = {}
    for index, node in enumerate(group.expressions):
        if isinstance(node, exp.Cube | exp.Rollup | exp.GroupingSets):
            return None
        if isinstance(node, exp.Literal):
            position = int(node.name) - 1 if node.is_int else -1
            if not 0 <= position < len(items):
                return None
            name = list(items)[position]
            found[(OUT, name)] = items[name]
        elif isinstance(node, exp.Column) and not node.table and node.name in items:
            found[(OUT, node.name)] = node
        elif isinstance(node, exp.Column) and (owner := joined.owner(node)) is not None:
            found[(owner, node.name)] = node
        else:
            found[(GROUP, str(index))] = node
    return found


def _first_of_each(qualify: exp.Expr | None, items: Mapping[str, exp.Expr], joined: Joined) -> Iterator[frozenset[Attribute]]:
    """The columns of which `QUALIFY ROW_NUMBER() OVER (PARTITION BY ...) = 1` keeps one row of each."""
    condition = qualify.this.unnest() if qualify is not None else None
    if isinstance(condition, exp.EQ) and condition.right.name == "1":
        node = condition.left.unnest()
        node = items.get(node.name, node) if isinstance(node, exp.Column) else node
        if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber):
            yield _partition(node, joined)
            return
    if qualify is not None:
        joined.restricted.update(joined.sources)


def _partition(window: exp.Window, joined: Joined) -> frozenset[Attribute]:
    return frozenset(a for node in window.args.get("partition_by") or () for a in joined.attributes(node))


def aggregates_of(node: exp.Expr) -> Iterator[exp.Expr]:
    """The functions in an expression that sum up the rows of its own SELECT; windows and sub-queries do not."""
    own = node.find_ancestor(exp.Query)
    for found in node.find_all(exp.AggFunc):
        around = found.parent
        while isinstance(around, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
            around = around.parent
        if not isinstance(around, exp.Window) and found.find_ancestor(exp.Query) is own:
            yield found


def _bare(node: exp.Expr) -> exp.Expr:
    return node.transform(lambda n: exp.column(n.name) if isinstance(n, exp.Column) else n)


def _is_one(limit: exp.Expr | None) -> bool:
    return isinstance(limit, exp.Limit) and limit.expression is not None and limit.expression.name == "1"


def _relation(selected: Selected) -> Relation:
    """What the SELECT is for a query that reads it."""
    joined, rules, items = selected.joined, selected.rules, selected.items
    follows = {name: closure([(OUT, name)], rules) for name in items}
    same = {name: {(OUT, name), *(joined.attributes(item) if isinstance(item, exp.Column) else ())} for name, item in items.items()}
    numbered = [(n, i) for n, i in items.items() if isinstance(i, exp.Window) and isinstance(i.this, exp.RowNumber)]
    # There may be several keys: one of each table, and one of each numbering. The columns of each are given up last in turn.
    favourites = [{(alias, c) for key in relation.keys for c in key} for alias, relation in joined.sources.items()]
    favourites += [{(OUT, name), *_partition(item, joined)} for name, item in numbered]
    keys: set[frozenset[str]] = set()
    for parts in (set(), *favourites):
        ordered = sorted(items, key=lambda n: (bool(same[n] & parts), bool(follows[n] & parts)))
        found = minimal([(OUT, name) for name in ordered], selected.wanted, rules)
        if found is not None:
            keys.add(frozenset(name for _, name in found))
    among = [(frozenset([n]), frozenset(c for alias, c in found if alias == OUT and c != n)) for n, found in follows.items()]
    origins = {n: origin for n, item in items.items() if isinstance(item, exp.Column) and (origin := origin_of(item, joined)) is not None}
    return Relation(columns=tuple(items), keys=tuple(sorted(keys, key=sorted)), rules=tuple(r for r in among if r[1]), origins=origins)


def origin_of(column: exp.Column, joined: Joined) -> Attribute | None:
    """The model and column whose value a column is, through all sub-queries between them."""
    owner = joined.owner(column)
    return joined.sources[owner].origins.get(column.name) if owner is not None else None


__all__ = ["OUT", "ROW", "Selected", "origin_of", "relation_of_query", "understood"]
