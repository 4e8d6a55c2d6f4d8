"""Functional dependencies: which columns follow from which others. The arithmetic of keys, over any names of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

A = TypeVar("A")
Rule = tuple[frozenset[A], frozenset[A]]
"""Rows that agree in all of the first attributes agree in all of the second."""


def closure(known: Iterable[A], rules: Iterable[Rule[A]]) -> frozenset[A]:
    """Everything that follows from what is known.

    >>> sorted(closure("a", [(frozenset("a"), frozenset("b")), (frozenset("bc"), frozenset("d"))]))
    ['a', 'b']
    """
    found, pending = set(known), list(rules)
    while True:
        ready = [rule for rule in pending if rule[0] <= found]
        if not ready:
            return frozenset(found)
        pending = [rule for rule in pending if not rule[0] <= found]
        for _, follows in ready:
            found |= follows


def minimal(candidates: Sequence[A], wanted: frozenset[A], rules: Sequence[Rule[A]]) -> frozenset[A] | None:
    """As few of the candidates as determine all that is wanted, or None when all of them do not. The first ones are given up first.

    >>> minimal("cba", frozenset("abc"), [(frozenset("a"), frozenset("b"))]) == frozenset("ca")
    True
    """
    kept = list(dict.fromkeys(candidates))
    if not wanted <= closure(kept, rules):
        return None
    for candidate in tuple(kept):
        without = [k for k in kept if k != candidate]
        if wanted <= closure(without, rules):
            kept = without
    return frozenset(kept)
