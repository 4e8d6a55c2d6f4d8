"""`dedupe:` -> which one of several rows with the same key is kept, in an order that leaves no two of them equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from whgen.ir.warehouse import Column, Dedupe, Ordering
from whgen.resolve.symbols import Path, Symbols, scope_of
from whgen.spec.load import Located
from whgen.spec.source import Dedupe as DedupeSpec


def resolve_dedupe(
    rule: DedupeSpec,
    at: Located[Any],
    path: Path,
    key: tuple[str, ...],
    columns: Mapping[str, Column],
    kept: Iterable[Column],
    symbols: Symbols,
    *,
    is_known: Callable[[str, Path], bool],
    where: str,
) -> Dedupe:
    """The rule over `columns`, by `key` where it names none. `kept` are those that may decide ties; `is_known` reports names."""
    for index, column in enumerate(rule.key or ()):
        is_known(column, (*path, "key", index))
    place = next(p for p in ("latest", "earliest", "order_by") if getattr(rule, p) is not None)
    terms = rule.order_by or (f"{rule.latest} desc" if rule.latest else str(rule.earliest),)
    order = []
    for index, term in enumerate(terms):
        column, _, direction = term.strip().partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            symbols.report.error(
                "invalid-value", at.at(*path, place, index), f"`{term}` is not a term of an order", help="write `column` or `column desc`"
            )
        elif is_known(column, (*path, place, index)):
            order.append(Ordering(column=column, descending=direction.strip().lower() == "desc"))
    key, named = rule.key or key, len(order)
    # What is left undecided is decided by the other columns, so that the same rows win on every run and on every warehouse.
    taken = {*key, *(o.column for o in order)}
    descending = order[0].descending if order else False
    order += [Ordering(column=c.name, descending=descending) for c in kept if c.name not in taken and c.type.is_orderable]
    condition = symbols.condition(rule.where, at, (*path, "where"), scope_of(columns.values()), where=where)
    return Dedupe(key=key, order=tuple(order), where=condition, terms=named, span=at.key(*path))
