"""The valid projects that are damaged: the example, and every case of tests/cases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from projects import REPOSITORY
from test_cases import CASES, case_files

EXAMPLE = "example"
# Its package is not installed here, and dbt would stop at that before it came to what was damaged.
_OF_A_PACKAGE = ", {dbt: {dbt_utils.at_least_one: {column_name: status}}}"


@cache
def projects() -> Mapping[str, Mapping[str, str]]:
    """Name of a project -> its files, by path."""
    specs = sorted((REPOSITORY / "specs").rglob("*.yml"))
    return {EXAMPLE: {p.relative_to(REPOSITORY).as_posix(): p.read_text(encoding="utf-8") for p in specs}} | {
        folder.name: _case(folder.name) for folder in sorted(CASES.iterdir())
    }


def _case(name: str) -> Mapping[str, str]:
    return {file: text.replace(_OF_A_PACKAGE, "") for file, text in case_files(name).items()}
