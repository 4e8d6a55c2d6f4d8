"""A failure with the fewest days and rows that still show it, by leaving out as much as possible at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from whgen.rehearse.days import State

Item = tuple[int, tuple[str, str], int]
"""A day, a table, and the place of a row in it."""


def reduced(days: Sequence[State], fails: Callable[[Sequence[State]], bool], attempts: int) -> list[State]:
    """The fewest days and rows for which `fails` still holds, as far as a number of attempts goes."""
    left = [attempts]

    def tried(found: Sequence[State]) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(found)

    kept = list(days)
    for fewer in ([days[-1]], [days[0], days[-1]], list(days[-2:]), list(days[-4:])):
        if len(fewer) < len(kept) and tried(fewer):
            kept = list(fewer)
            break
    items = [(d, place, n) for d, state in enumerate(kept) for place, rows in state.items() for n in range(len(rows))]
    # Whole tables first: most have nothing to do with it.
    for place in list(kept[0]):
        without = [i for i in items if i[1] != place]
        if len(without) < len(items) and tried(_with_only(kept, without)):
            items = without
    size = max(1, len(items) // 2)
    while left[0] > 0:
        for start in range(0, len(items), size):
            without = items[:start] + items[start + size :]
            if len(without) < len(items) and tried(_with_only(kept, without)):
                items = without
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
    return _with_only(kept, items)


def _with_only(days: Sequence[State], items: Sequence[Item]) -> list[State]:
    chosen = set(items)
    return [
        {place: [r for n, r in enumerate(rows) if (d, place, n) in chosen] for place, rows in state.items()} for d, state in enumerate(days)
    ]
