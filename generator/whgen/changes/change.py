"""A change as data, and where one is collected: `Changes` is given every pair of values that could differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from whgen.diagnostics.diagnostic import Span
from whgen.ir.change_kinds import KINDS, Kind, Weight
from whgen.ir.signature import SAME, Renames, signature

_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `before` and `after` are short texts, empty where there is nothing to show."""

    kind: Kind
    weight: Weight
    table: str
    """The table that it is of, by its name now, or before if it is gone; empty for what is of no table."""
    subject: str
    before: str = ""
    after: str = ""
    span: Span
    is_gone: bool = False
    """Whether `span` is a place in the specs of before."""

    @property
    def id(self) -> str:
        """What names it, for whoever acknowledges it."""
        return " ".join(part for part in (self.kind.name, self.subject, self.states) if part)

    @property
    def states(self) -> str:
        """What was and what is, if that can be shown."""
        if self.before and self.after:
            return f"{self.before} -> {self.after}"
        return self.after or self.before

    @property
    def words(self) -> str:
        """What a plan says of it behind its subject."""
        return f"{self.kind.says}: {self.states}" if self.states else self.kind.says


@dataclass(slots=True, kw_only=True)
class Changes:
    """The changes found so far. `private`: tables that only the project itself reads, so that it breaks nobody."""

    private: frozenset[str] = frozenset()
    found: list[Change] = field(default_factory=list)

    def add(
        self, kind: str, subject: str, span: Span, *, table: str = "", before: Any = "", after: Any = "", is_gone: bool = False
    ) -> None:
        """Add a change."""
        known = KINDS[kind]
        weight = Weight.REBUILD if known.weight is Weight.BREAKING and table in self.private else known.weight
        self.found.append(
            Change(
                kind=known,
                weight=weight,
                table=table,
                subject=subject,
                before=shown(before),
                after=shown(after),
                span=span,
                is_gone=is_gone,
            )
        )

    def differ(self, before: Any, after: Any, renames: Renames = SAME, *, name: str = "") -> bool:
        """Whether two values mean something else; `name` as in `signature`."""
        return bool(signature(before, renames, name=name) != signature(after, name=name))


def shown(value: Any) -> str:
    """A value as a plan shows it: on one line, not too long.

    >>> shown(("a", "b")), shown(None), shown(True)
    ('a, b', '', 'true')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return shown(", ".join(shown(v) for v in value))
    text = re.sub(r"\s+", " ", str(value)).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
