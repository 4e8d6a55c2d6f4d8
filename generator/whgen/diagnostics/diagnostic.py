"""Diagnostics as data: where, what, how bad, how to mend it.

Every stage returns its value and adds what it found to a `Report`. Nothing here prints: renderers do (`text`, `machine`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Span:
    """A stretch of one text file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How bad a diagnostic is: an error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place that helps to understand a diagnostic, such as the first of two definitions."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. `message` says what is wrong in one line; `label` stands under the caret; `help` says how to mend it."""

    code: str
    span: Span
    message: str
    severity: Severity = Severity.ERROR
    label: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()


@dataclass(slots=True)
class Report:
    """Collects the diagnostics of one command and hands them out sorted, each kind at each place once."""

    _found: dict[tuple[Span, str, str], Diagnostic] = field(default_factory=dict)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a finding, unless the same was found at the same place before."""
        self._found.setdefault((diagnostic.span, diagnostic.code, diagnostic.message), diagnostic)

    def error(self, code: str, span: Span, message: str, *, label: str = "", help: str = "", related: Iterable[Related] = ()) -> None:
        """Add an error."""
        self.add(Diagnostic(code=code, span=span, message=message, label=label, help=help, related=tuple(related)))

    def warning(self, code: str, span: Span, message: str, *, label: str = "", help: str = "") -> None:
        """Add a warning."""
        self.add(Diagnostic(code=code, span=span, message=message, severity=Severity.WARNING, label=label, help=help))

    @property
    def has_errors(self) -> bool:
        """Whether an error was found; warnings do not count."""
        return any(d.severity is Severity.ERROR for d in self._found.values())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found.values(), key=lambda d: (d.span, d.code, d.message)))

    def __len__(self) -> int:
        return len(self._found)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` was most likely meant to be, or None when none is close.

    >>> nearest("carier_code", ["carrier_code", "flight_number"])
    'carrier_code'
    >>> nearest("zzz", ["carrier_code"])
    """
    by_folded = {c.casefold(): c for c in sorted(candidates)}
    if (exact := by_folded.get(name.casefold())) is not None:
        return exact
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def candidates_help(name: str, candidates: Iterable[str], *, kind: str) -> tuple[str, str]:
    """(label, help) for an unknown name: the nearest right one under the caret, or else the list of what there is.

    >>> candidates_help("nam", ["name", "city"], kind="columns")
    ('did you mean `name`?', '')
    >>> candidates_help("zzz", ["name", "city"], kind="columns")
    ('', 'the columns here are: city, name')
    """
    known = sorted(set(candidates))
    if (match := nearest(name, known)) is not None:
        return f"did you mean `{match}`?", ""
    if not known:
        return "", f"there are no {kind} here"
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return "", f"the {kind} here are: {shown}"
