"""What a plan says of each kind of change: the sections of tests/changes/*.md change one project, and show the plan."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from projects import REPOSITORY, report_text, split_files, write_project
from whgen.changes.change import Changes
from whgen.changes.plan import Plan, State, plan_changes
from whgen.changes.show import to_text
from whgen.changes.table import compare_rest, pair_of
from whgen.diagnostics.diagnostic import Report
from whgen.diagnostics.text import render
from whgen.ir.change_kinds import KINDS
from whgen.pipeline import understand
from whgen.spec.document import read_documents
from whgen.spec.text import SourceText

FOLDER = REPOSITORY / "tests" / "changes"
BASE = split_files((FOLDER / "base.yml").read_text(encoding="utf-8")) | {
    "specs/country.csv": "country_code,country_name\nDE,Germany\nFR,France\n"
}
_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section: `diff` fences are hunks that change the project, a `yaml` fence holds further files, `text` is the plan."""

    file: Path
    title: str
    body: str

    @property
    def expected(self) -> str:
        """The plan that stands there."""
        return "".join(text for kind, text in _FENCE.findall(self.body) if kind == "text")

    def changed(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files with every hunk put in; each must fit one place."""
        found = dict(files)
        for kind, text in _FENCE.findall(self.body):
            if kind == "yaml":
                found |= split_files(text)
            for hunk in text.split("@@\n") if kind == "diff" else ():
                lines = hunk.splitlines(keepends=True)
                old = "".join(line[1:] for line in lines if not line.startswith("+"))
                new = "".join(line[1:] for line in lines if not line.startswith("-"))
                places = [name for name, content in found.items() if old in content]
                assert len(places) == 1, f"{self.title}: the hunk fits {len(places)} files:\n{old}"
                assert found[places[0]].count(old) == 1, f"{self.title}: the hunk fits several places:\n{old}"
                found[places[0]] = found[places[0]].replace(old, new)
        return found


def cases() -> Iterator[Case]:
    for file in sorted(FOLDER.glob("*.md")):
        parts = _SECTION.split(file.read_text(encoding="utf-8"))
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            yield Case(file=file, title=title, body=body)


CASES = list(cases())


def state(root: Path, files: Mapping[str, str]) -> State:
    compilation, warehouse = understand(write_project(root, files), generate=True)
    assert not compilation.report.has_errors, report_text(compilation)
    assert warehouse is not None
    return State(warehouse=warehouse, compilation=compilation)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> State:
    return state(tmp_path_factory.mktemp("base"), BASE)


def plan(before: State | None, after: State) -> tuple[Plan, str]:
    """A plan, and the warnings that it gives."""
    report = Report()
    made = plan_changes(before, after, against="what was before", warehouse="duckdb", report=report)
    return made, render(report, after.compilation.texts, colour=False)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.file.stem}: {c.title}" for c in CASES])
def test_the_plan_is_what_stands_there(case: Case, base: State, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    made, warnings = plan(base, state(tmp_path, case.changed(BASE)))
    output = to_text(made, with_sql=False).partition("\n\n")[2] + warnings
    if request.config.getoption("--golden") and output != case.expected:
        text = case.file.read_text(encoding="utf-8")
        old = f"## {case.title}\n{case.body}"
        assert text.count(old) == 1
        kept = re.sub(r"\n*^```text\n.*?^```$\n?", "\n", case.body, flags=re.MULTILINE | re.DOTALL).rstrip()
        tail = "\n" if case.body.endswith("\n\n") else ""
        case.file.write_text(text.replace(old, f"## {case.title}\n{kept}\n\n```text\n{output}```\n{tail}"), encoding="utf-8")
        pytest.fail(f"wrote {case.file.relative_to(REPOSITORY)}: read it, and run again")
    assert output == case.expected


def test_every_kind_of_change_has_a_case(base: State, tmp_path: Path) -> None:
    shown: set[str] = set()
    for number, case in enumerate(CASES):
        made, _ = plan(base, state(tmp_path / str(number), case.changed(BASE)))
        shown |= {c.kind.name for c in made.changes}
    # No table has a setting that its own comparison does not know: see below.
    assert KINDS.keys() - shown == {"setting-changed"}
    assert len(KINDS) >= 40


def test_a_setting_that_no_comparison_knows_is_a_change(base: State, tmp_path: Path) -> None:
    case = next(c for c in CASES if c.title == "Other rows")
    after = state(tmp_path, case.changed(BASE))
    facts = [next(t for t in s.warehouse.facts if t.name == "fact_order") for s in (base, after)]
    changes = Changes()
    compare_rest(pair_of(facts[0], facts[1], {}, {}, {}), frozenset({"base"}), changes)
    assert [c.id for c in changes.found] == ["setting-changed fact_order where"]


IN_ORDER = ("targets", "pii", "columns of a seed")
"""Mappings whose order means something: the first target is the default, classes are sorted by how strict they are, files have columns."""
SETS = ("tests", "tags", "null_if", "depends_on", "degenerate", "accepted_values", "include", "exclude")


def shuffled(value: Any, dice: random.Random, *, key: str = "") -> Any:
    """The same in another order, wherever order means nothing."""
    if isinstance(value, dict):
        items = [(k, shuffled(v, dice, key="columns of a seed" if k == "columns" and "seed" in value else k)) for k, v in value.items()]
        if key not in IN_ORDER:
            dice.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [shuffled(v, dice) for v in value]
        if key in SETS:
            dice.shuffle(items)
        return items
    return value


def rewritten(files: Mapping[str, str], dice: random.Random) -> dict[str, str]:
    """The same specs in other files, in another order and another layout."""
    report = Report()
    documents = [(n, d.value) for n, t in files.items() if n.endswith(".yml") for d in read_documents(SourceText.of(n, t), report)]
    assert not len(report)
    dice.shuffle(documents)
    found = {n: t for n, t in files.items() if not n.endswith(".yml")}
    for name, value in documents:
        # What a document names is found from where it lies.
        place = f"{name.rpartition('/')[0]}/{dice.choice('abc')}.yml"
        text = yaml.safe_dump(
            shuffled(value, dice), sort_keys=False, default_flow_style=dice.choice([True, False, None]), width=dice.choice([20, 80, 300])
        )
        found[place] = f"{found[place]}---\n{text}" if place in found else text
    return found


@pytest.mark.parametrize("seed", range(12))
def test_reordering_and_reformatting_plan_nothing(seed: int, base: State, tmp_path: Path) -> None:
    files = rewritten(BASE, random.Random(seed))
    assert files != BASE
    made, _ = plan(base, state(tmp_path, files))
    assert [c.id for c in made.changes] == []


@pytest.mark.parametrize("seed", range(3))
def test_reordering_and_reformatting_of_the_example_plan_nothing(seed: int, tmp_path: Path) -> None:
    specs = {p.relative_to(REPOSITORY).as_posix(): p for p in (REPOSITORY / "specs").rglob("*") if p.is_file()}
    files = {name: p.read_text(encoding="utf-8") for name, p in {**specs, "sources.lock": REPOSITORY / "sources.lock"}.items()}
    lock = {"sources.lock": files.pop("sources.lock")}
    before = state(tmp_path / "before", files | lock)
    made, _ = plan(before, state(tmp_path / "after", rewritten(files, random.Random(seed)) | lock))
    assert [c.id for c in made.changes] == []
