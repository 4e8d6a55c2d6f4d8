"""`validate --format sarif`: SARIF 2.1.0 as the standard defines it, with the places, names and fixes of the diagnostics."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from test_errors import CASES, Case
from whgen.diagnostics.codes import CODES
from whgen.diagnostics.diagnostic import Diagnostic, Edit, Fix, Related, Severity, Span
from whgen.diagnostics.edits import edited
from whgen.diagnostics.sarif import to_sarif
from whgen.diagnostics.secrets import showable
from whgen.pipeline import validate


def closed(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these keys and no others."""
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


def several(items: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


TEXT, PLACE = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}
MESSAGE = closed("text", text=TEXT)
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~%/-]+$"}
ARTIFACT = closed("uri uriBaseId", uri=URI, uriBaseId={"const": "PROJECTROOT"})
REGION = closed("startLine startColumn endLine endColumn", startLine=PLACE, startColumn=PLACE, endLine=PLACE, endColumn=PLACE)
AROUND = closed("startLine endLine snippet", startLine=PLACE, endLine=PLACE, snippet=closed("text", text={"type": "string"}))
LOCATION = closed(
    "physicalLocation", physicalLocation=closed("artifactLocation region", artifactLocation=ARTIFACT, region=REGION, contextRegion=AROUND)
)
RELATED = closed("id physicalLocation message", id={"type": "integer", "minimum": 0}, message=MESSAGE, **LOCATION["properties"])
REPLACEMENT = closed("deletedRegion", deletedRegion=REGION, insertedContent=closed("text", text={"type": "string"}))
CHANGE = closed("artifactLocation replacements", artifactLocation=ARTIFACT, replacements=several(REPLACEMENT))
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RESULT = closed(
    "ruleId level message partialFingerprints",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION, "maxItems": 1},
    relatedLocations=several(RELATED),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    fixes=several(closed("description artifactChanges", description=MESSAGE, artifactChanges=several(CHANGE))),
)
RULE = closed(
    "id shortDescription fullDescription help defaultConfiguration",
    id={"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=closed("text markdown", text=TEXT, markdown=TEXT),
    defaultConfiguration=closed("level", level=LEVEL),
)
RUN = closed(
    "tool columnKind originalUriBaseIds results",
    tool=closed("driver", driver=closed("name version rules", name={"const": "whgen"}, version=TEXT, rules=several(RULE))),
    columnKind={"const": "unicodeCodePoints"},
    originalUriBaseIds=closed("PROJECTROOT", PROJECTROOT=closed("description", description=MESSAGE)),
    results={"type": "array", "items": RESULT},
)
LOG = closed(
    "$schema version runs", **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": several(RUN)}
)
"""The part of the standard's schema that whgen writes, closed, so that nothing that the standard does not know can slip in."""


def log(diagnostics: list[Diagnostic], texts: dict[str, str]) -> Any:
    text = to_sarif(diagnostics, texts)
    assert text.isascii()
    document = json.loads(text)
    jsonschema.validate(document, LOG, cls=jsonschema.Draft7Validator)
    return document["runs"][0]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.file.stem}: {c.title}" for c in CASES])
def test_every_error_case(case: Case, tmp_path: Path) -> None:
    case.output(tmp_path)
    compilation = validate(tmp_path)
    found, texts = list(compilation.report), dict(compilation.texts)
    run = log(found, texts)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    assert len(run["results"]) == len(found)
    fingerprints = [result["partialFingerprints"]["whgen/v1"] for result in run["results"]]
    assert len(set(fingerprints)) == len(found)
    for diagnostic, result in zip(found, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == diagnostic.code
        assert result["level"] == rules[result["ruleIndex"]]["defaultConfiguration"]["level"] == diagnostic.severity
        assert result["message"]["text"].startswith(diagnostic.message)
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == diagnostic.span.file
        region = place["region"]
        assert (region["startLine"], region["startColumn"]) == (diagnostic.span.line, diagnostic.span.column)
        assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])
        if "contextRegion" in place:
            lines = showable(diagnostic, texts)[diagnostic.span.file].split("\n")
            assert place["contextRegion"]["snippet"]["text"] == "\n".join(lines[region["startLine"] - 1 : region["endLine"]])
        assert [r["message"]["text"] for r in result.get("relatedLocations", [])] == [r.message for r in diagnostic.related]
        if diagnostic.fix is not None:
            assert replaced(result["fixes"][0], texts) == made(diagnostic.fix, texts)


def replaced(fix: Any, texts: dict[str, str]) -> dict[str, str]:
    """What a reader of SARIF makes of the files by a fix, by its own counting."""
    after = {}
    for change in fix["artifactChanges"]:
        file = unquote(change["artifactLocation"]["uri"])
        lines = re.split(r"(?<=\n)", texts[file])
        starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
        text = texts[file]
        for one in sorted(change["replacements"], key=lambda r: r["deletedRegion"]["startLine"], reverse=True):
            region = one["deletedRegion"]
            start, end = (starts[region[f"{w}Line"] - 1] + region[f"{w}Column"] - 1 for w in ("start", "end"))
            text = text[:start] + one["insertedContent"]["text"] + text[end:]
        after[file] = text
    return after


def made(fix: Fix, texts: dict[str, str]) -> dict[str, str]:
    files = {edit.span.file for edit in fix.edits}
    return {file: edited(texts[file], [e for e in fix.edits if e.span.file == file]) for file in files}


def a_diagnostic(file: str = "specs/a b/é.yml", **more: Any) -> Diagnostic:
    return Diagnostic(code="unknown-column", span=Span(file=file, line=2, column=4, end_line=2, end_column=5), message="m", **more)


def test_names_of_files_are_uris() -> None:
    run = log([a_diagnostic()], {})
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "specs/a%20b/%C3%A9.yml"


def test_a_fingerprint_survives_lines_above_and_tells_two_alike_apart() -> None:
    def fingerprints(text: str, *lines: int) -> list[str]:
        found = [
            Diagnostic(code="unknown-column", span=Span(file="f.yml", line=n, column=1, end_line=n, end_column=2), message="m")
            for n in lines
        ]
        return [r["partialFingerprints"]["whgen/v1"] for r in log(found, {"f.yml": text})["results"]]

    assert fingerprints("x\nx\n", 1, 2) == fingerprints("# new\nx\nx\n", 2, 3)
    assert len(set(fingerprints("x\nx\n", 1, 2))) == 2
    assert fingerprints("x\n", 1) != fingerprints("y\n", 1)


def test_a_diagnostic_of_no_file_and_of_no_known_code() -> None:
    (result,) = log([Diagnostic(code="some-other", span=Span(file=""), message="m", severity=Severity.WARNING)], {})["results"]
    assert "locations" not in result
    assert "ruleIndex" not in result


def test_help_related_places_and_edits() -> None:
    at = Span(file="b.yml", line=3, column=2, end_line=3, end_column=6)
    found = a_diagnostic(
        file="a.yml",
        label="near",
        help="do this",
        related=(Related(span=at, message="here"),),
        fix=Fix(title="t", edits=(Edit(span=at, old="x", new=""),)),
    )
    (result,) = log([found], {"a.yml": "1\n2: 3\n"})["results"]
    assert result["message"]["text"] == "m\nnear\ndo this"
    assert result["locations"][0]["physicalLocation"]["contextRegion"] == {"startLine": 2, "endLine": 2, "snippet": {"text": "2: 3"}}
    region = {"startLine": 3, "startColumn": 2, "endLine": 3, "endColumn": 6}
    assert result["relatedLocations"][0]["physicalLocation"]["region"] == region
    assert result["fixes"] == [
        {
            "description": {"text": "t"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "b.yml", "uriBaseId": "PROJECTROOT"},
                    "replacements": [{"deletedRegion": region, "insertedContent": {"text": ""}}],
                }
            ],
        }
    ]


def test_nothing_found_is_an_empty_run() -> None:
    assert log([], {})["results"] == []
