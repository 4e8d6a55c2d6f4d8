"""The valid projects that are damaged: the example, and every case of tests/cases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from projects import REPOSITORY, split_files
from test_cases import CASES, WAREHOUSE

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
    files = split_files((CASES / name / "specs.yml").read_text(encoding="utf-8").replace(_OF_A_PACKAGE, ""))
    files = files if "specs/warehouse.yml" in files else files | split_files(WAREHOUSE)
    lock = CASES / name / "sources.lock"
    files |= {lock.name: lock.read_text(encoding="utf-8")} if lock.is_file() else {}
    return files | {f"specs/{p.name}": p.read_text(encoding="utf-8") for p in (CASES / name).glob("*.csv")}
