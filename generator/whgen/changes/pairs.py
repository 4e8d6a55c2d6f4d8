"""Which thing of before is which of now: by name, and where a name is new by the `was:` that it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """Something that has a name, and may have had another."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def was(self) -> str:
        """Its name before, if it was renamed."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs(Generic[N]):
    """What became of each thing: (before, after) where it is in both."""

    both: tuple[tuple[N, N], ...]
    added: tuple[N, ...]
    removed: tuple[N, ...]

    @property
    def renamed(self) -> dict[str, str]:
        """Old name -> new name."""
        return {old.name: new.name for old, new in self.both if old.name != new.name}


def paired(before: Iterable[N], after: Iterable[N]) -> Pairs[N]:
    """The pairs, in the order of now."""
    old, new = {b.name: b for b in before}, {a.name: a for a in after}
    lost = old.keys() - new.keys()
    both, added = [], []
    for name, thing in new.items():
        if name in old:
            both.append((old[name], thing))
        elif thing.was in lost:
            lost.discard(thing.was)
            both.append((old[thing.was], thing))
        else:
            added.append(thing)
    return Pairs(both=tuple(both), added=tuple(added), removed=tuple(t for n, t in old.items() if n in lost))
