"""Diagnostics as SARIF 2.1.0, the OASIS format that code scanning services and editors read.

In: diagnostics and the texts of the files that they point into. Out: one string; the same diagnostics give the same bytes.
Neighbours: commands print it; `machine` renders whgen's own JSON and GitHub's commands.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from whgen import __version__
from whgen.diagnostics.code import Code
from whgen.diagnostics.codes import CODES
from whgen.diagnostics.diagnostic import Diagnostic, Fix, Span
from whgen.diagnostics.secrets import showable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "PROJECTROOT"
_FINGERPRINT = "whgen/v1"


def to_sarif(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """A SARIF log of one run, with a rule for each code. It is plain ASCII."""
    rules = list(CODES.values())
    index = {rule.name: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": {"name": "whgen", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        # A column is a character, as in all that whgen prints: a code point, not a unit of UTF-16.
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder of the project, which holds `specs`."}}},
        "results": [_result(diagnostic, index, texts, seen) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    example = f"```{'shell' if code.at_run_time else 'yaml'}\n{code.example}\n```"
    return {
        "id": code.name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": f"{code.what} {code.why}"},
        "help": {
            "text": f"{code.what}\n{code.why}\n\nFor example:\n\n{code.example}\n\n{code.fix}",
            "markdown": f"{code.what}\n{code.why}\n\nFor example:\n\n{example}\n\n{code.fix}",
        },
        "defaultConfiguration": {"level": "warning" if code.is_warning else "error"},
    }


def _result(diagnostic: Diagnostic, index: Mapping[str, int], texts: Mapping[str, str], seen: Counter[str]) -> dict[str, Any]:
    texts = showable(diagnostic, texts)
    told = "\n".join(part for part in (diagnostic.message, diagnostic.label, diagnostic.help) if part)
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        **({"ruleIndex": index[diagnostic.code]} if diagnostic.code in index else {}),
        "level": diagnostic.severity.value,
        "message": {"text": told},
        "partialFingerprints": {_FINGERPRINT: _fingerprint(diagnostic, texts, seen)},
    }
    if diagnostic.span.file:
        result["locations"] = [_location(diagnostic.span, texts)]
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.span, texts), "message": {"text": related.message}}
            for number, related in enumerate(diagnostic.related)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(span: Span, texts: Mapping[str, str]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(span.file), "region": _region(span)}
    lines = texts[span.file].split("\n") if span.file in texts else []
    if 1 <= span.line <= len(lines):
        end = min(max(span.end_line, span.line), len(lines))
        shown = {"text": "\n".join(lines[span.line - 1 : end])}
        place["contextRegion"] = {"startLine": span.line, "endLine": end, "snippet": shown}
    return {"physicalLocation": place}


def _region(span: Span) -> dict[str, Any]:
    end_line = max(span.end_line, span.line)
    end_column = max(span.end_column, span.column) if end_line == span.line else span.end_column
    return {"startLine": span.line, "startColumn": span.column, "endLine": end_line, "endColumn": end_column}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file), "uriBaseId": _ROOT}


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.file, []).append({"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.new}})
    return {
        "description": {"text": fix.title},
        "artifactChanges": [{"artifactLocation": _artifact(file), "replacements": made} for file, made in by_file.items()],
    }


def _fingerprint(diagnostic: Diagnostic, texts: Mapping[str, str], seen: Counter[str]) -> str:
    """What stays the same when lines are added above: the code, the file, the message, the text of the line, and which of several it is."""
    lines = texts.get(diagnostic.span.file, "").split("\n")
    line = lines[diagnostic.span.line - 1].strip() if 1 <= diagnostic.span.line <= len(lines) else ""
    said = "\0".join((diagnostic.code, diagnostic.span.file, diagnostic.message, line))
    seen[said] += 1
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32] + f":{seen[said]}"
