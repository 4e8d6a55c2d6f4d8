"""Diagnostics without the secrets that were found: neither in what they say, nor in the lines that are shown with them.

In: diagnostics, and the places and texts of secrets. Out: the same with asterisks. Neighbours: `diagnostic.Report` keeps the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whgen.diagnostics.diagnostic import Diagnostic, Span

# What is shorter than a word would take words apart.
_SHORTEST = 4
_SHOWN = 8


def without_secrets(diagnostics: Iterable[Diagnostic], secrets: Iterable[tuple[Span, str]]) -> list[Diagnostic]:
    """The diagnostics with every secret replaced in their messages, and with the places that must not be shown."""
    found = list(secrets)
    pattern = _pattern(found)
    hidden = tuple(dict.fromkeys(span for span, _ in found))
    return [_masked(diagnostic, pattern, hidden) for diagnostic in diagnostics]


def concealed(text: str, secrets: Iterable[tuple[Span, str]]) -> str:
    """A text with asterisks for every secret, and for every line of one that has several."""
    return _pattern((span, line) for span, secret in secrets for line in (secret, *secret.split("\n"))).sub(_stars, text)


def _pattern(secrets: Iterable[tuple[Span, str]]) -> re.Pattern[str]:
    # The longest first, since one may hold another.
    texts = sorted({text.strip() for _, text in secrets if len(text.strip()) >= _SHORTEST}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, texts)) or r"(?!)")


def _stars(match: re.Match[str]) -> str:
    return "*" * min(len(match[0]), _SHOWN)


def _masked(diagnostic: Diagnostic, pattern: re.Pattern[str], hidden: tuple[Span, ...]) -> Diagnostic:
    def mask(text: str) -> str:
        return pattern.sub(_stars, text)

    fix = diagnostic.fix
    if fix is not None and any(pattern.search(text) for edit in fix.edits for text in (fix.title, edit.old, edit.new)):
        fix = None
    return replace(
        diagnostic,
        message=mask(diagnostic.message),
        label=mask(diagnostic.label),
        help=mask(diagnostic.help),
        related=tuple(replace(related, message=mask(related.message)) for related in diagnostic.related),
        fix=fix,
        hidden=hidden,
    )


def showable(diagnostic: Diagnostic, texts: Mapping[str, str]) -> Mapping[str, str]:
    """The texts of the files as they may be shown beside a diagnostic."""
    if not diagnostic.hidden:
        return texts
    files = {span.file for span in (diagnostic.span, *(related.span for related in diagnostic.related))}
    return {file: _starred(texts[file], file, diagnostic.hidden) for file in sorted(files) if file in texts}


def _starred(text: str, file: str, hidden: Iterable[Span]) -> str:
    """A file's text with a `*` for each character that must not be shown, so that all places stay where they are."""
    lines = text.split("\n")
    for span in (s for s in hidden if s.file == file):
        for number in range(span.line, min(span.end_line, len(lines)) + 1):
            line = lines[number - 1]
            first = span.column - 1 if number == span.line else 0
            last = span.end_column - 1 if number == span.end_line else len(line)
            lines[number - 1] = line[:first] + "*" * (min(last, len(line)) - first) + line[last:]
    return "\n".join(lines)
