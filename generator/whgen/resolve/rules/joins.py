"""Joins that multiply rows, and keys of hand-written models that their SELECT does not keep unique.

A claim is made only of tables whose keys are declared, and only where no condition speaks of what is missing: then it says which
columns of which key a join does not cover. It is an error where the specs contradict themselves, and a warning where a key that
nobody declared could save them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.inputs import Composed
from whgen.ir.warehouse import HandWritten
from whgen.resolve.rules.checked import Checked, names
from whgen.resolve.symbols import Query, key_of
from whgen.sql.dependencies import closure
from whgen.sql.joined import ROW, Attribute
from whgen.sql.relations import OUT, Selected, aggregates_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A table whose row does not follow from what is known: the key that is nearest, and what of it is missing."""

    alias: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def is_partly_covered(self) -> bool:
        """Whether some of the key is known, so that the whole key would be longer than it need be."""
        return len(self.columns) < len(self.key)


def check_joins(checked: Checked) -> None:
    """Look at every SELECT of every model."""
    models = {m.name: m for m in checked.warehouse.models if not isinstance(m, Composed)}
    for query in checked.symbols.queries:
        selects = checked.selects(query)
        for selected in selects:
            _sums(selected, query, checked)
        # The matches of a declared join were looked at where it stands, and keys are in `grain`.
        if query.model in models and selects and selects[-1].select is query.tree.unnest():
            _key(selects[-1], models[query.model], query, checked)


def _missing(selected: Selected, known: frozenset[Attribute]) -> Iterator[Missing]:
    """The tables whose rows do not follow, and of which that can be said for certain."""
    joined = selected.joined
    for alias in joined.sources:
        if (alias, ROW) not in known and joined.sources[alias].keys:
            key, columns = joined.lacking(alias, known)
            if not joined.is_doubtful(alias, columns):
                yield Missing(alias=alias, key=key, columns=columns)


def _sums(selected: Selected, query: Query, checked: Checked) -> None:
    """`sum(order.amount)` beside the lines of each order counts it once for each line."""
    joined = selected.joined
    groups = frozenset(selected.groups)
    for item in selected.items.values():
        for call in aggregates_of(item):
            if not isinstance(call, exp.Sum) or isinstance(call.this, exp.Distinct):
                continue
            summed = {alias for alias, _ in joined.attributes(call)}
            if not summed:
                continue
            rules = [*selected.rules, *joined.met]
            # Within a group; the sum itself is no help.
            rules = [r for r in rules if not any(alias == OUT for alias, _ in r[0]) or r[0] <= groups]
            known = closure({*((alias, ROW) for alias in summed), *groups, *joined.unknown}, rules)
            for missing in _missing(selected, known):
                _report_sum(missing, call, sorted(summed), selected, query, checked)


def _report_sum(missing: Missing, call: exp.Expr, summed: list[str], selected: Selected, query: Query, checked: Checked) -> None:
    written = query.text.written(call)
    span, related = query.text.span_of(call), _related(missing, selected, query, checked)
    message = f"`{written}` counts rows of `{summed[0]}` several times: each may meet several of `{missing.alias}`, "
    message += f"whose key is {names(missing.key)}"
    help_ = f"aggregate `{missing.alias}` before the join, or join it on {names(missing.columns)}"
    if missing.is_partly_covered:
        checked.report.error("fan-out-join", span, message, help=f"{help_}, too", related=related)
    else:
        help_ += "; where the columns of the join are unique, say so: `tests: [unique]`"
        checked.report.warning("unproven-join", span, message, help=help_, related=related)


def _key(selected: Selected, model: HandWritten, query: Query, checked: Checked) -> None:
    """The declared key must follow from the joins and the GROUP BY; without one, no join may multiply both of its sides."""
    if model.key_span is None or not set(model.key) <= set(selected.items):
        _both_sides(selected, query, checked)
        return
    joined = selected.joined
    declared = frozenset((OUT, name) for name in model.key)
    known = closure(declared | joined.unknown, selected.rules)
    if selected.wanted <= known:
        return
    if selected.is_grouped or selected.select.args.get("distinct") is not None:
        _grouped(selected, known, model, query, checked)
        return
    named = {alias for name in model.key for alias, _ in joined.attributes(selected.items[name])}
    for missing in _missing(selected, known):
        _report_key(missing, model, selected, query, checked, is_named=missing.alias in named)


def _report_key(missing: Missing, model: HandWritten, selected: Selected, query: Query, checked: Checked, *, is_named: bool) -> None:
    assert model.key_span is not None
    declared = [Related(span=model.key_span, message=f"the key of `{model.name}` is declared here")]
    join = selected.joined.joins.get(missing.alias)
    lacking = names(missing.columns)
    if join is not None and not is_named:
        checked.report.error(
            "fan-out-join",
            _span_of(join, query),
            f"{names(model.key)} is not unique after this join: `{missing.alias}` has a row for each {names(missing.key)}, "
            f"and nothing settles {lacking}",
            help=f"join on {lacking}, too, aggregate `{missing.alias}` before the join, or add {lacking} to the key of the model",
            related=[*declared, *_related(missing, selected, query, checked, with_join=False)],
        )
        return
    checked.report.warning(
        "unproven-key",
        model.key_span,
        f"nothing says that {names(model.key)} is unique: `{missing.alias}` has a row for each {names(missing.key)}",
        help=f"add {lacking} to the key; or if it is unique, say so where it comes from: `tests: [unique]`",
        related=_related(missing, selected, query, checked),
    )


def _grouped(selected: Selected, known: frozenset[Attribute], model: HandWritten, query: Query, checked: Checked) -> None:
    assert model.key_span is not None
    joined = selected.joined
    lacking = [a for a in selected.groups if a not in known] or sorted(a for a in selected.wanted if a not in known)
    nodes = {a: selected.groups.get(a) or selected.items[a[1]] for a in lacking}
    made_of = {a: {alias for alias, _ in _attributes(a, nodes[a], selected)} for a in lacking}
    in_key = {x for name in model.key for x in joined.attributes(selected.items[name])}
    if any({(alias, ROW)} & joined.unknown or alias in joined.restricted for aliases in made_of.values() for alias in aliases):
        return
    # From another table than the key, or beside it in a key of the same table, a column is independent of it.
    apart = [a for a in lacking if not made_of[a] & {alias for alias, _ in in_key} or _is_beside(a, in_key, selected)]
    shown = [query.text.written(nodes[a]) for a in lacking]
    what = "groups by" if selected.is_grouped else "yields each different"
    related = [Related(span=query.text.span_of(nodes[lacking[0]]), message=f"`{shown[0]}` is here")]
    message = f"the SELECT also {what} {names(shown)}"
    if apart:
        checked.report.error(
            "impossible-key",
            model.key_span,
            f"{names(model.key)} cannot be unique: {message}",
            help="add it to the key, or take it out of the SELECT",
            related=related,
        )
    else:
        checked.report.warning(
            "unproven-key",
            model.key_span,
            f"{names(model.key)} may not be unique: {message}",
            help=f"add it to the key, or write `any_value({shown[0]})`",
            related=related,
        )


def _attributes(attribute: Attribute, node: exp.Expr, selected: Selected) -> frozenset[Attribute]:
    if attribute[0] == OUT:
        node = selected.items[attribute[1]]
    return selected.joined.attributes(node)


def _is_beside(attribute: Attribute, in_key: set[Attribute], selected: Selected) -> bool:
    for alias, column in _attributes(attribute, selected.groups.get(attribute) or selected.items[attribute[1]], selected):
        others = {c for a, c in in_key if a == alias}
        if any({column, *others} <= key for key in selected.joined.sources[alias].keys):
            return True
    return False


def _both_sides(selected: Selected, query: Query, checked: Checked) -> None:
    """`a join b on a.city = b.city`, where neither has one row for each city, pairs all with all."""
    joined = selected.joined
    if selected.is_grouped or selected.select.args.get("distinct") is not None:
        return
    before = [alias for alias in joined.sources if alias not in joined.joins]
    for alias, join in joined.joins.items():
        rules = [*joined.rules, *joined.met]
        left = closure({*((b, ROW) for b in before), *joined.unknown}, rules)
        right = closure({(alias, ROW), *joined.unknown}, rules)
        here = next((m for m in _missing(selected, left) if m.alias == alias), None)
        there = next((m for m in _missing(selected, right) if m.alias in before), None)
        before.append(alias)
        if here is not None and there is not None and (join.args.get("on") is not None or join.args.get("using")):
            checked.report.warning(
                "unproven-join",
                _span_of(join, query),
                f"each row of `{there.alias}` may meet several of `{alias}`, and each of those several of `{there.alias}`",
                help=f"join on a key: of `{alias}` {names(here.columns)} is missing, of `{there.alias}` {names(there.columns)}; "
                "or declare the `key:` of the model, if all pairs are meant",
                related=[*_related(here, selected, query, checked, with_join=False), *_related(there, selected, query, checked)][:2],
            )


def _span_of(join: exp.Join, query: Query) -> Span:
    on = join.args.get("on")
    if on is not None:
        return query.text.span_of(on)
    used = join.args.get("using")
    return query.text.span_of(used[0] if used else join.this)


def _related(missing: Missing, selected: Selected, query: Query, checked: Checked, *, with_join: bool = True) -> list[Related]:
    """Where the table is joined, and where its key is declared, or the sub-query that has it stands."""
    join = selected.joined.joins.get(missing.alias)
    found = [Related(span=_span_of(join, query), message=f"`{missing.alias}` is joined here")] if join is not None and with_join else []
    source = next((t for t in selected.select.find_all(exp.Table) if t.alias_or_name == missing.alias), None)
    table = checked.symbols.tables.get(source.name) if source is not None else None
    return [*found, *key_of(table)] if table is not None else found
