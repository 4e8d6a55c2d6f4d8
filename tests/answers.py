"""What whgen says to a spec, held against what every answer must be: at real places, and fit for every way of showing it."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from projects import report_text, write_project
from whgen.compilation import Compilation
from whgen.diagnostics.diagnostic import Span
from whgen.diagnostics.machine import to_github, to_json
from whgen.pipeline import compile_specs

WAREHOUSE = "warehouse: shop\ntargets:\n  dev: {warehouse: duckdb, path: shop.duckdb}\n  prod: {warehouse: bigquery, project: acme}\n"
_WITHOUT_TEXT = ("unreadable-file", "wrong-file-name", "seed-columns")
# Messages that name what stands at their place.
_NAMED = re.compile(r"(?:has no column|there is no (?:table|model|dimension)) `([^`]+)`|^the key `([^`]+)` is not known")


def check_answer(compilation: Compilation, root: Path) -> None:
    """Every diagnostic stands at a place that exists, and can be shown in every way; every generated file can be written."""
    for diagnostic in compilation.report:
        for span in (diagnostic.span, *(r.span for r in diagnostic.related)):
            text = compilation.texts.get(span.file)
            if text is None:
                assert not (root / span.file).is_file() or diagnostic.code in _WITHOUT_TEXT, diagnostic
                continue
            lines = text.split("\n")
            assert 1 <= span.line <= len(lines), diagnostic
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1, diagnostic
            assert (span.end_line, span.end_column) >= (span.line, span.column), diagnostic
        assert diagnostic.message, diagnostic
    assert misplaced(compilation) == []
    report_text(compilation).encode("utf-8")
    to_github(compilation.report).encode("utf-8")
    json.loads(to_json(compilation.report))
    for project in compilation.projects:
        for text in project.files.values():
            text.encode("utf-8")


def misplaced(compilation: Compilation) -> list[str]:
    """The diagnostics that speak of an unknown name and do not point at it."""
    found = []
    for diagnostic in compilation.report:
        named = _NAMED.search(diagnostic.message)
        text = compilation.texts.get(diagnostic.span.file)
        if named and text is not None and named[named.lastindex or 0] not in text_at(text, diagnostic.span):
            found.append(f"{diagnostic.span} holds {text_at(text, diagnostic.span)!r}: {diagnostic.message}")
    return found


def text_at(text: str, span: Span) -> str:
    """The characters at a span."""
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    return "\n".join([lines[0][span.column - 1 :], *lines[1:]]) if lines else ""


def answer(text: str, *, warehouse: str = WAREHOUSE) -> Compilation:
    """What whgen says to one file, beside a project file."""
    return answer_to_bytes(text.encode("utf-8", "surrogatepass"), warehouse=warehouse)


def answer_to_bytes(content: bytes, *, warehouse: str = WAREHOUSE) -> Compilation:
    """What whgen says to one file that may not even be text."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root, {"specs/warehouse.yml": warehouse})
        (root / "specs/any.yml").write_bytes(content)
        found = compile_specs(root)
        check_answer(found, root)
        return found
