"""Names that are alike: the one that was most likely meant, and when there can be no doubt about it.

In: a name and the names there are. Out: one of these, or None. Neighbours: `diagnostic` makes suggestions and fixes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_SHORTEST_SURE = 4
"""Parts of names that are shorter than this differ by one letter too often: `q1` and `q2`, `price_a` and `price_b`, `is_on` and `is_no`."""
_SEPARATORS = str.maketrans("", "", " _-")


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` was most likely meant to be, or None when none is close.

    >>> nearest("carier_code", ["carrier_code", "flight_number"])
    'carrier_code'
    >>> nearest("di", ["id", "city"]), nearest("name_first", ["first_name", "last_name"])
    ('id', 'first_name')
    >>> nearest("zzz", ["carrier_code"])
    """
    return _nearest(name, tuple(sorted(set(candidates))))


def certain(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` must have been meant to be, or None when there is room for doubt.

    Either they differ in case and separators alone, or by one slip of the finger, and no other candidate is near.

    >>> certain("carrierCode", ["carrier_code"]), certain("carier_code", ["carrier_code", "flight_number"])
    ('carrier_code', 'carrier_code')
    >>> certain("address_1", ["address_2"]), certain("stat", ["state", "status"]), certain("price_a", ["price_b"])
    (None, None, None)
    """
    known = tuple(sorted(set(candidates)))
    if alike := _by_bare(known).get(_bare(name)):
        return alike[0] if len(alike) == 1 else None
    wanted = name.casefold()
    near = [c for c in known if distance(wanted, c.casefold(), limit=2) <= 2]
    if len(near) != 1 or distance(wanted, near[0].casefold(), limit=1) > 1:
        return None
    return near[0] if _is_slip(wanted, near[0].casefold()) else None


def distance(one: str, other: str, *, limit: int) -> int:
    """How many letters to add, leave out, replace or swap with their neighbour to make one of the other; past `limit`, `limit` + 1.

    >>> distance("nmae", "name", limit=2), distance("colums", "columns", limit=2), distance("kitten", "sitting", limit=2)
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    one, other = _stripped(one, other)
    if not one or not other:
        return min(max(len(one), len(other)), limit + 1)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, target in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and min(before) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


@lru_cache(maxsize=4096)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    if alike := _by_bare(known).get(_bare(name)):
        return alike[0]
    wanted = name.casefold()
    best: tuple[int, str] | None = None
    for candidate in known:
        target = candidate.casefold()
        # Of two letters one must be right, and of longer names two thirds.
        limit = max(max(len(wanted), len(target)) // 3, 1) if best is None else best[0] - 1
        found = distance(wanted, target, limit=limit) if limit > 0 else limit + 1
        if found <= limit and (len(wanted) > 2 or _keeps_a_letter(wanted, target)):
            best = (found, candidate)
    if best is not None:
        return best[1]
    parts = sorted(wanted.split("_"))
    turned = [c for c in known if sorted(c.casefold().split("_")) == parts] if len(parts) > 1 else []
    return turned[0] if len(turned) == 1 else None


@lru_cache(maxsize=16)
def _by_bare(known: tuple[str, ...]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in known:
        found.setdefault(_bare(name), []).append(name)
    return found


def _bare(name: str) -> str:
    return name.casefold().translate(_SEPARATORS)


def _keeps_a_letter(one: str, other: str) -> bool:
    return sorted(one) == sorted(other) or one[:1] == other[:1]


def _stripped(one: str, other: str) -> tuple[str, str]:
    """Both without the beginning and the end that they share, which cost nothing."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _is_slip(one: str, other: str) -> bool:
    """Whether two names at distance 1 differ in letters, inside of a part that is long enough to be recognised by the rest of it."""
    left, right = _stripped(one, other)
    if not (left + right).isalpha():
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return max(len(_part_at(one, start)), len(_part_at(other, start))) >= _SHORTEST_SURE


def _part_at(name: str, place: int) -> str:
    """The part of a name, between underscores and points, that holds a place."""
    start = max(name.rfind("_", 0, place), name.rfind(".", 0, place)) + 1
    return re.split(r"[_.]", name[start:], maxsplit=1)[0]
