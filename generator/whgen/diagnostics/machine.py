"""Diagnostics for programs: a JSON document, and the workflow commands that GitHub turns into annotations of a change.

In: diagnostics. Out: one string; the same diagnostics give the same bytes.
Neighbours: commands print it; `text` renders the same diagnostics for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from whgen.diagnostics.diagnostic import Diagnostic, Fix, Severity, Span


def to_json(diagnostics: Iterable[Diagnostic], fixed: Iterable[Diagnostic] | None = None) -> str:
    """A JSON document of all diagnostics in their order, and of those that were fixed, after a command that fixes.

    It is plain ASCII: no text in it can trouble a terminal or an encoding.
    """
    found = list(diagnostics)
    document: dict[str, object] = {
        "diagnostics": [_entry(diagnostic) for diagnostic in found],
        "errors": sum(diagnostic.severity is Severity.ERROR for diagnostic in found),
        "warnings": sum(diagnostic.severity is Severity.WARNING for diagnostic in found),
    }
    if fixed is not None:
        document["fixed"] = [_entry(diagnostic) for diagnostic in fixed]
    return json.dumps(document, indent=2) + "\n"


def to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a line; related places go into the message, since an annotation has one place."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _entry(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "help": diagnostic.help,
        **_position(diagnostic.span),
        "related": [{"message": related.message, **_position(related.span)} for related in diagnostic.related],
        "fix": _fix(diagnostic.fix) if diagnostic.fix is not None else None,
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {"title": fix.title, "edits": [{**_position(edit.span), "old": edit.old, "new": edit.new} for edit in fix.edits]}


def _position(span: Span) -> dict[str, object]:
    return {"file": span.file, "line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    end_line = max(span.end_line, span.line)
    properties: dict[str, object] = {"file": span.file, "line": span.line, "col": span.column, "endLine": end_line}
    if end_line == span.line:
        properties["endColumn"] = max(span.end_column, span.column)
    else:
        # GitHub drops the whole annotation when a column stands with different lines.
        del properties["col"]
    if not span.file:
        # What belongs to no file is an annotation of the run.
        properties = {}
    properties["title"] = diagnostic.code
    notes = [f"note: {related.message} ({related.span})" for related in diagnostic.related]
    fix = f"fix: {diagnostic.fix.title}" if diagnostic.fix is not None else ""
    message = "\n".join(part for part in (diagnostic.message, diagnostic.label, diagnostic.help, fix, *notes) if part)
    named = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{diagnostic.severity.value} {named}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message. The percent sign comes first, or it would escape the other escapes again."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
