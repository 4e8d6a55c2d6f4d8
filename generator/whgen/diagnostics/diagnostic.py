"""Diagnostics as data: where, what, how bad, how to mend it.

Every stage returns its value and adds what it found to a `Report`. Nothing here prints: renderers do (`text`, `machine`, `sarif`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from whgen.diagnostics.secrets import concealed, without_secrets
from whgen.diagnostics.similar import certain, nearest


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
class Edit:
    """A stretch of a file and what belongs there instead of `old`. Where something else than `old` stands, it must not be made.

    Quotes around `old` stay, unless it is a `whole` value.
    """

    span: Span
    old: str
    new: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What mends a diagnostic for certain. All edits are made, or none."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What an unknown name was looked for in. When many are not there, that thing is what is wrong, and is reported once for all."""

    name: str
    kind: str
    of: str
    declared_at: Span


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
    fix: Fix | None = None
    lack: Lack | None = None
    hidden: tuple[Span, ...] = ()
    """Places with a secret in them: who shows a line of a file leaves them out."""


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
"""What needs no quotes, and none other than it has, in any style in which YAML writes a text."""
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}
_MOST_LACKING = 3
"""More names than these that one thing lacks, none of them near to one that it has, are one mistake: it is cut off, or the wrong thing."""

_MOST_COMPARED = 100_000
"""Names that unknown names are compared with in one command: thousands of both would take minutes, and no one would read the answers."""


@dataclass(slots=True)
class Report:
    """Collects the diagnostics of one command and hands them out sorted, each kind at each place once."""

    _found: dict[tuple[Span, str, str], Diagnostic] = field(default_factory=dict)
    _secrets: dict[tuple[Span, str], None] = field(default_factory=dict)
    _left_out: dict[tuple[str, str], Related] = field(default_factory=dict)
    _compared: int = 0
    _mistakes: int = 0
    uses: dict[tuple[str, str, Span], None] | None = None
    """(table, column, place) of every name that was found, where somebody wants to know; without a column, the table is named there."""

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a finding, unless the same was found at the same place before."""
        self._mistakes += diagnostic.severity is Severity.ERROR
        self._found.setdefault((diagnostic.span, diagnostic.code, diagnostic.message), diagnostic)

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        label: str = "",
        help: str = "",
        related: Iterable[Related] = (),
        fix: Fix | None = None,
    ) -> None:
        """Add an error."""
        self.add(Diagnostic(code=code, span=span, message=message, label=label, help=help, related=tuple(related), fix=fix))

    def warning(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        label: str = "",
        help: str = "",
        related: Iterable[Related] = (),
        fix: Fix | None = None,
    ) -> None:
        """Add a warning."""
        found = Diagnostic(code=code, span=span, message=message, label=label, help=help, related=tuple(related), fix=fix)
        self.add(replace(found, severity=Severity.WARNING))

    def used(self, table: str, column: str, span: Span) -> None:
        """Know that a name stands at a place."""
        if self.uses is not None:
            self.uses[(table, column, span)] = None

    @property
    def mistakes(self) -> int:
        """How many errors were met so far, each time that one was: it grows where the same is met again, and not with a warning."""
        return self._mistakes

    def hide(self, span: Span, secret: str) -> None:
        """Show a text in no diagnostic: neither its place in the file, nor where a message quotes it."""
        self._secrets[(span, secret)] = None

    def shown(self, text: str) -> str:
        """A text as it may be shown."""
        return concealed(text, self._secrets) if self._secrets else text

    def leave_out(self, of: str, name: str, place: Related) -> None:
        """Know that a thing could have a name, and where it is said that it has it not: who uses the name is told that."""
        self._left_out.setdefault((of, name), place)

    def may_compare(self, names: int) -> bool:
        """Whether a name may still be compared with so many others, to suggest the one that was meant."""
        self._compared += names
        return self._compared <= _MOST_COMPARED

    def unknown(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        name: str,
        known: Iterable[str],
        kind: str,
        help: str = "",
        declared: Related | None = None,
        within: str = "",
    ) -> None:
        """Add an error about a name that nothing has: with the nearest right one, and a fix where there is no doubt about it.

        `declared` is the place that says which names there are; it is shown where no name is near, and `within` is what stands there.
        """
        if (place := self._left_out.get((within, name))) is not None:
            help_ = "keep it there, or do without it here"
            self.error(code, span, message, label="it is left out", help="\n".join(filter(None, (help_, help))), related=[place])
            return
        names = sorted(set(known))
        label, listed = candidates_help(name, names, kind=kind, may_suggest=self.may_compare(len(names)))
        shown = (declared,) if declared is not None and not label and declared.span.file != span.file else ()
        lack = Lack(name=name, kind=kind, of=within, declared_at=declared.span) if declared is not None and within and not label else None
        fix = renamed(span, name, certain(name, names)) if label else None
        self.add(
            Diagnostic(
                code=code,
                span=span,
                message=message,
                label=label,
                help="\n".join(filter(None, (listed, help))),
                related=shown,
                fix=fix,
                lack=lack,
            )
        )

    def fit(self, texts: Mapping[str, str]) -> None:
        """Keep the fixes that fit the texts of the files, and drop the others: there a name is written otherwise, as with an escape."""
        from whgen.diagnostics.edits import fitting

        self._found = {k: replace(d, fix=fitting(d.fix, texts)) if d.fix is not None else d for k, d in self._found.items()}

    @property
    def errors(self) -> int:
        """How many errors were found; warnings do not count."""
        return sum(d.severity is Severity.ERROR for d in self._found.values())

    @property
    def has_errors(self) -> bool:
        """Whether an error was found; warnings do not count."""
        return any(d.severity is Severity.ERROR for d in self._found.values())

    def __iter__(self) -> Iterator[Diagnostic]:
        found: Iterable[Diagnostic] = _condensed(self._found.values())
        if self._secrets:
            found = without_secrets(found, self._secrets)
        return iter(sorted(found, key=lambda d: (d.span, d.code, d.message)))

    def __len__(self) -> int:
        return len(self._found)


def renamed(span: Span, old: str, new: str | None) -> Fix | None:
    """The fix that writes another name; None where there is none to write, or one that YAML would take for something else."""
    if new is None or new == old or not _PLAIN.fullmatch(new) or new.casefold() in _WORDS:
        return None
    return Fix(title=f"write `{new}`", edits=(Edit(span=span, old=old, new=new),))


def rewritten(span: Span, value: object, new: str) -> Fix:
    """The fix that writes another value in the place of one, which may be in quotes."""
    old = str(value).lower() if isinstance(value, bool) else str(value)
    return Fix(title=f"write `{new}`", edits=(Edit(span=span, old=old, new=new, whole=True),))


def candidates_help(name: str, candidates: Iterable[str], *, kind: str, may_suggest: bool = True) -> tuple[str, str]:
    """(label, help) for an unknown name: the nearest right one under the caret, or else the list of what there is.

    >>> candidates_help("nam", ["name", "city"], kind="columns")
    ('did you mean `name`?', '')
    >>> candidates_help("zzz", ["name", "city"], kind="columns")
    ('', 'the columns here are: city, name')
    """
    known = sorted(set(candidates))
    if may_suggest and (match := nearest(name, known)) is not None:
        return f"did you mean `{match}`?", ""
    if not known:
        return "", f"there are no {kind} here"
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return "", f"the {kind} here are: {shown}"


def _condensed(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics without what the others say already.

    Many names that one thing lacks are one diagnostic at the place of that thing. A warning at the place of an error is none.
    """
    found = list(found)
    wrong = {d.span for d in found if d.severity is Severity.ERROR}
    lacking: dict[tuple[str, Span], list[Diagnostic]] = {}
    for diagnostic in found:
        if diagnostic.severity is Severity.WARNING and diagnostic.span in wrong:
            continue
        if diagnostic.lack is None:
            yield diagnostic
        else:
            lacking.setdefault((diagnostic.code, diagnostic.lack.declared_at), []).append(diagnostic)
    for (code, span), group in lacking.items():
        group.sort(key=lambda d: d.span)
        first = {d.lack.name: d for d in reversed(group) if d.lack is not None}
        lack = group[0].lack
        if len(first) <= _MOST_LACKING or lack is None:
            yield from group
            continue
        first = dict(sorted(first.items(), key=lambda item: item[1].span))
        names = ", ".join(f"`{name}`" for name in list(first)[:12]) + (f" and {len(first) - 12} more" if len(first) > 12 else "")
        yield Diagnostic(
            code=code,
            span=span,
            message=f"{lack.of} lacks {len(first)} {lack.kind} that are used",
            help=f"it lacks {names}; perhaps it was cut off, or another one was meant",
            related=tuple(Related(span=d.span, message=f"`{name}` is used here") for name, d in list(first.items())[:_MOST_LACKING]),
        )
