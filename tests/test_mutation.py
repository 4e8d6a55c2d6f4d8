"""A sample of the mutants that `make mutation` judges: four of each class, without dbt, with DuckDB."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mutation.corpus import EXAMPLE, projects
from mutation.damage import DAMAGES, misspelled, mutant
from mutation.judge import Judge, Judgement, Verdict
from mutation.places import Place, places
from projects import write_project
from whgen.pipeline import validate

OF_EACH = 4
# What stands there depends on nothing else, so that a mistake is found where it was made.
_LOCAL = {
    *("misspell a key", "misspell a reference", "misspell a type", "misspell a value", "YAML: tab", "YAML: duplicate key"),
    *("YAML: special character", "SQL: misspell a column", "SQL: misspell a table", "SQL: misspell a function"),
    *("SQL: drop an operand", "SQL: parentheses", "SQL: insert"),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Judgement]:
    judge = Judge(tmp_path_factory.mktemp("mutants"), with_dbt=False)
    return [judge.judge(mutant(number)) for number in range(OF_EACH * len(DAMAGES))]


def test_no_damage_gives_a_traceback(sample: list[Judgement]) -> None:
    assert [j for j in sample if j.verdict is Verdict.TRACEBACK] == []


def test_what_is_accepted_works_on_duckdb(sample: list[Judgement]) -> None:
    assert [j for j in sample if j.verdict is Verdict.LATE] == []


def test_mistakes_are_reported_where_they_were_made(sample: list[Judgement]) -> None:
    assert [j for j in sample if j.verdict is Verdict.FAR and j.kind in _LOCAL] == []


def test_the_sample_has_every_kind_of_end(sample: list[Judgement]) -> None:
    found = {j.verdict for j in sample}
    # What changes nothing is one in thirty, and what reads a column that the source lacks one in fifty: too rare for so few.
    assert {Verdict.NEAR, Verdict.OTHER} <= found
    assert {j.kind for j in sample} == set(DAMAGES)


def _referring() -> list[tuple[str, Place]]:
    kinds = ("reference", "type", "sql-column", "sql-table", "sql-function")
    return [(file, place) for file, text in projects()[EXAMPLE].items() for place in places(text) if place.kind in kinds]


def test_a_misspelled_name_is_reported_where_it_stands(tmp_path: Path) -> None:
    write_project(tmp_path, projects()[EXAMPLE])
    missed = []
    # Every third one, for the sake of time.
    for number, (file, place) in list(enumerate(_referring()))[::3]:
        text = projects()[EXAMPLE][file]
        word = misspelled(place.text, random.Random(number))
        (tmp_path / file).write_text(text[: place.start] + word + text[place.end :], encoding="utf-8")
        line = text.count("\n", 0, place.start) + 1
        if not any(d.span.file == file and abs(d.span.line - line) <= 2 for d in validate(tmp_path).report if d.severity == "error"):
            missed.append(f"{file}:{line} {word}")
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert missed == []
