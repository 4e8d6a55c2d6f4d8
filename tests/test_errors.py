"""Every section of errors/*.md is a case: the specs in its `yaml` fence give exactly the terminal output in its `text` fence.

`pytest tests/test_errors.py --golden` writes the outputs anew. The catalogue of codes is held against the code and these cases here too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from projects import REPOSITORY, report_text, split_files, write_project
from whgen.diagnostics.code import Code
from whgen.diagnostics.codes import CODES, EXAMPLE_PROJECT
from whgen.diagnostics.diagnostic import Severity
from whgen.diagnostics.text import render
from whgen.docs.errors import errors_page
from whgen.pipeline import validate

FOLDER = REPOSITORY / "tests" / "errors"
PAGE = REPOSITORY / "docs" / "errors.md"

WAREHOUSE, SOURCE = EXAMPLE_PROJECT["specs/warehouse.yml"], EXAMPLE_PROJECT["specs/shop.yml"]
"""What a section may take for granted when it has no project file or no source of its own."""

_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section of one file."""

    file: Path
    title: str
    body: str

    def files(self) -> dict[str, bytes]:
        """The files that the section describes: its `yaml` fence, and fences that name a file in their first line."""
        found: dict[str, bytes] = {}
        for kind, options, text in _FENCE.findall(self.body):
            name, _, encoding = options.strip().partition(" ")
            if kind == "yaml" and not name:
                found |= {n: t.encode() for n, t in (split_files(text) or {"specs/example.yml": text}).items()}
            elif kind != "text":
                found[name] = text.encode(encoding or "utf-8")
        given = b"\n" + b"\n".join(content for name, content in found.items() if name.startswith("specs/"))
        if "```yaml\n" in self.body and b"\nwarehouse:" not in given:
            found["specs/warehouse.yml"] = WAREHOUSE.encode()
        if "```yaml\n" in self.body and b"\nsource:" not in given and b"\nstrict:" not in given:
            found["specs/shop.yml"] = SOURCE.encode()
        return found

    @property
    def expected(self) -> str:
        """The output that stands there."""
        return "".join(text for kind, _, text in _FENCE.findall(self.body) if kind == "text")

    def with_output(self, output: str) -> str:
        """The section with another output."""
        kept = re.sub(r"\n*^```text\n.*?^```$\n?", "\n", self.body, flags=re.MULTILINE | re.DOTALL)
        return f"## {self.title}\n{kept.rstrip()}\n\n```text\n{output}```\n"

    def output(self, root: Path) -> str:
        """What whgen says to it."""
        for name, content in self.files().items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return report_text(validate(root))


def cases() -> Iterator[Case]:
    """All sections of all files."""
    for file in sorted(FOLDER.glob("*.md")):
        parts = _SECTION.split(file.read_text(encoding="utf-8"))
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            yield Case(file=file, title=title, body=body)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[f"{c.file.stem}: {c.title}" for c in CASES])
def test_the_output_is_what_stands_there(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    output = case.output(tmp_path)
    assert output, "the specs of an error case must have a mistake"
    if request.config.getoption("--golden") and output != case.expected:
        text = case.file.read_text(encoding="utf-8")
        old = f"## {case.title}\n{case.body}"
        assert text.count(old) == 1, f"{case.file} has two sections alike"
        tail = "\n" if case.body.endswith("\n\n") else ""
        case.file.write_text(text.replace(old, case.with_output(output) + tail), encoding="utf-8")
        pytest.fail(f"wrote {case.file.relative_to(REPOSITORY)}: read it, and run again")
    assert output == case.expected


def test_titles_differ() -> None:
    titles = [c.title for c in CASES]
    assert len(titles) == len(set(titles))


def used_codes() -> dict[str, str]:
    """The codes that the generator reports (every text that it gives as a code), each with a place where it does."""
    found = {}
    for file in sorted((REPOSITORY / "generator").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for text in _code_of(node):
                found[text] = f"{file.name}:{getattr(node, 'lineno', 0)}"
    return found


def _code_of(node: ast.AST) -> Iterator[str]:
    given: list[ast.expr] = []
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        if called in ("error", "warning", "_error", "fail"):
            given = node.args[:1]
        elif called == "Diagnostic":
            given = [k.value for k in node.keywords if k.arg == "code"]
    for expression in given:
        for part in (expression.body, expression.orelse) if isinstance(expression, ast.IfExp) else (expression,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", part.value):
                yield part.value


def test_every_code_is_in_the_catalogue() -> None:
    assert set(used_codes()) - set(CODES) == set()


def test_every_code_of_the_catalogue_is_used() -> None:
    sources = [f for f in (REPOSITORY / "generator").rglob("*.py") if not f.name.startswith("codes_")]
    trees = [ast.parse(f.read_text(encoding="utf-8")) for f in sources]
    texts = {n.value for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert set(CODES) - texts == set()


def test_every_code_has_a_case() -> None:
    shown = set(re.findall(r"^(?:error|warning)\[([a-z-]+)\]", "".join(c.expected for c in CASES), re.MULTILINE))
    assert {c.name for c in CODES.values() if not c.at_run_time} - shown == set()


OF_SPECS = [c for c in CODES.values() if not c.at_run_time]


@pytest.mark.parametrize("code", OF_SPECS, ids=[c.name for c in OF_SPECS])
def test_the_example_of_a_code_has_the_mistake_that_it_explains(code: Code, tmp_path: Path) -> None:
    written = split_files(code.example) or {"specs/example.yml": code.example}
    files = {name: text if name.endswith(("ml", "lock")) else text.split("\n", 1)[1] for name, text in written.items()}
    if code.name != "no-warehouse":
        given = "\n" + "\n".join(text for name, text in files.items() if name.startswith("specs/"))
        files |= {name: text for name, text in EXAMPLE_PROJECT.items() if f"\n{text.split(':')[0]}:" not in given}
    report = validate(write_project(tmp_path, files)).report
    assert {d.code for d in report} == {code.name}, render(report, {}, colour=False)
    assert {d.severity for d in report} == {Severity.WARNING if code.is_warning else Severity.ERROR}


def test_commands_that_a_code_names_are_tested() -> None:
    tests = "".join(f.read_text(encoding="utf-8") for f in (REPOSITORY / "tests").glob("test_*.py"))
    assert [c.name for c in CODES.values() if c.at_run_time and c.name not in tests] == []


def test_there_are_many_codes() -> None:
    assert len(CODES) >= 60
    assert len({c.title for c in CODES.values()}) == len(CODES)


def test_warnings_are_marked_in_the_catalogue() -> None:
    shown = set(re.findall(r"^warning\[([a-z-]+)\]", "".join(c.expected for c in CASES), re.MULTILINE))
    assert {c.name for c in CODES.values() if c.is_warning} == shown


def test_the_page_of_errors_is_current(request: pytest.FixtureRequest) -> None:
    page = errors_page()
    if request.config.getoption("--golden") and (not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page):
        PAGE.write_text(page, encoding="utf-8")
        pytest.fail(f"wrote {PAGE.relative_to(REPOSITORY)}: read it, and run again")
    assert PAGE.read_text(encoding="utf-8") == page
