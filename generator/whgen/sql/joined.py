"""The FROM, ON and WHERE of a SELECT as functional dependencies: which rows of its tables follow from which columns.

An attribute is (alias, column); (alias, ROW) is the row of that table. What is not understood yields no dependency, and marks the
tables that it speaks of as restricted, so that nobody claims something of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from whgen.sql.dependencies import Rule, closure

ROW = "*"
Attribute = tuple[str, str]
Rules = list[Rule[Attribute]]
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NEQ, exp.In, exp.Like, exp.Between)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What is known of the rows of a table or sub-query. No `keys` means that nothing is known; an empty key, that it has one row."""

    columns: tuple[str, ...]
    keys: tuple[frozenset[str], ...] = ()
    rules: tuple[Rule[str], ...] = ()
    origins: Mapping[str, Attribute] = field(default_factory=dict)
    """For each column that passes on one of a model unchanged: that model and its column."""


@dataclass(slots=True, kw_only=True)
class Joined:
    """The joined rows of a SELECT."""

    sources: Mapping[str, Relation]
    joins: Mapping[str, exp.Join]
    rules: Rules = field(default_factory=list)
    """What holds for every row."""
    met: Rules = field(default_factory=list)
    """What holds besides for rows that an outer join has found a partner for."""
    restricted: set[str] = field(default_factory=set)
    mentioned: set[Attribute] = field(default_factory=set)
    """Columns that a condition speaks of that gave no dependency."""

    @property
    def rows(self) -> frozenset[Attribute]:
        """The rows of all tables."""
        return frozenset((alias, ROW) for alias in self.sources)

    @property
    def unknown(self) -> frozenset[Attribute]:
        """The rows of tables of which no key is known. Given for free, so that no claim rests on them."""
        return frozenset((alias, ROW) for alias, relation in self.sources.items() if not relation.keys)

    def lacking(self, alias: str, known: frozenset[Attribute]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the keys of a table the one that is nearest to being covered, and those of its columns that are not."""
        relation = self.sources[alias]
        nearest = min(relation.keys, key=lambda k: (len({c for c in k if (alias, c) not in known}), sorted(k)))
        key = tuple(c for c in relation.columns if c in nearest)
        return key, tuple(c for c in key if (alias, c) not in known)

    def is_doubtful(self, alias: str, lacking: tuple[str, ...]) -> bool:
        """Whether some condition may choose one of several rows in a way that is not understood."""
        return alias in self.restricted or any((alias, c) in self.mentioned for c in lacking)

    def owner(self, column: exp.Column) -> str | None:
        """The alias whose column this is; None when it belongs to a query around this one, or to nobody known."""
        if column.table:
            return column.table if column.table in self.sources else None
        return next((alias for alias, relation in self.sources.items() if column.name in relation.columns), None)

    def attributes(self, node: exp.Expr) -> frozenset[Attribute]:
        """The columns of these tables that an expression is made of."""
        return frozenset((owner, c.name) for c in node.find_all(exp.Column) if (owner := self.owner(c)) is not None)


def join_of(scope: Scope, relations: Mapping[str, Relation]) -> Joined | None:
    """The joined rows of a SELECT, or None when a part of its FROM is not understood."""
    select = scope.expression
    joins = {join.alias_or_name: join for join in select.args.get("joins") or ()}
    strange = any(join.kind in ("SEMI", "ANTI") or join.method == "ASOF" for join in joins.values())
    if strange or set(joins) - set(relations) or select.args.get("laterals") or select.args.get("connect"):
        return None
    joined = Joined(sources=relations, joins=joins)
    for alias, relation in relations.items():
        joined.rules.append((frozenset([(alias, ROW)]), frozenset((alias, c) for c in relation.columns)))
        joined.rules += [(frozenset((alias, c) for c in key), frozenset([(alias, ROW)])) for key in relation.keys]
        joined.rules += [(frozenset((alias, c) for c in a), frozenset((alias, c) for c in b)) for a, b in relation.rules]
    before = [alias for alias in relations if alias not in joins]
    for alias, join in joins.items():
        _add_join(joined, alias, join, before)
        before.append(alias)
    where = select.args.get("where")
    for condition in _conjuncts(where.this) if where is not None else ():
        _add_condition(joined, condition, joined.rules)
    return joined


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _add_join(joined: Joined, alias: str, join: exp.Join, before: list[str]) -> None:
    side, on = join.side, join.args.get("on")
    conditions = [*(_conjuncts(on) if on is not None else ()), *_using(joined, alias, join, before)]
    if not side:
        for condition in conditions:
            _add_condition(joined, condition, joined.rules)
        return
    found: Rules = []
    for condition in conditions:
        _add_condition(joined, condition, found)
    joined.met += found
    if side == "LEFT":
        # Whether there is a partner, too, depends on all that the condition asks of the rows before.
        asked = frozenset(a for c in conditions for a in joined.attributes(c) if a[0] != alias)
        follows = closure(asked, [*joined.rules, *found])
        joined.rules.append((asked, frozenset(a for a in follows if a[0] == alias)))
    elif side == "RIGHT":
        asked = frozenset(a for c in conditions for a in joined.attributes(c) if a[0] == alias)
        follows = closure(asked, [*joined.rules, *found])
        joined.rules.append((asked, frozenset(a for a in follows if a[0] != alias)))


def _using(joined: Joined, alias: str, join: exp.Join, before: list[str]) -> Iterator[exp.Expr]:
    names = [i.name for i in join.args.get("using") or ()]
    if join.method == "NATURAL":
        names = [c for c in joined.sources[alias].columns if any(c in joined.sources[b].columns for b in before)]
    for name in names:
        other = next((b for b in before if name in joined.sources[b].columns), None)
        if other is not None:
            yield exp.EQ(this=exp.column(name, table=other), expression=exp.column(name, table=alias))


def _add_condition(joined: Joined, condition: exp.Expr, rules: Rules) -> None:
    """What follows from a condition that holds."""
    found = joined.attributes(condition)
    matches = False
    if isinstance(condition, exp.EQ | exp.NullSafeEQ) and not condition.find(exp.Query):
        sides = [condition.left.unnest(), condition.right.unnest()]
        known = [(joined.attributes(a), joined.attributes(b)) for a, b in (sides, sides[::-1]) if isinstance(b, exp.Column)]
        known = [(needs, follows) for needs, follows in known if follows]
        rules += known
        matches = bool(known) and all(needs for needs, _ in known)
    elif isinstance(condition, exp.Column | exp.Not | exp.Is) and isinstance(condition.this.unnest(), exp.Column | exp.Identifier):
        # `is_current`, `not is_deleted`, `valid_to is null`: every row has the same value there.
        rules.append((frozenset(), found))
    if matches:
        return
    if _is_plain(condition) and len({alias for alias, _ in found}) == 1 and not condition.find(exp.Query):
        joined.mentioned |= found
    else:
        joined.restricted |= {alias for alias, _ in found}


def _is_plain(condition: exp.Expr) -> bool:
    """Whether a condition leaves rows out without choosing one of several: `amount > 0`, `status <> 'x'`, `note is not null`."""
    if isinstance(condition, exp.Not):
        inner = condition.this.unnest()
        return isinstance(inner, exp.Is | exp.In | exp.Like | exp.Between | exp.EQ)
    return isinstance(condition, _COMPARISONS)
