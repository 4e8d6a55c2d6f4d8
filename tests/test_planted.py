"""Rehearsals of nasty projects find nothing, and with a bug planted into the generator they do. `make planted` has all bugs."""

from __future__ import annotations

from pathlib import Path

import pytest

from planted.bugs import BUGS, Bug
from planted.run import PROJECTS, REPOSITORY, found

SAMPLE = ("as of: the end of a version is part of it", "a special member is dropped")


@pytest.mark.parametrize("name", sorted(p.stem for p in PROJECTS.glob("*.yml")))
def test_nothing_is_found_without_a_bug(name: str, tmp_path: Path) -> None:
    is_found, said = found(None, tmp_path, days=3, project=name)
    assert not is_found
    assert said.startswith("Done: 3 days"), said


@pytest.mark.parametrize("bug", [b for b in BUGS if b.name in SAMPLE], ids=lambda b: b.name)
def test_a_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    is_found, said = found(bug, tmp_path)
    assert is_found, said


@pytest.mark.parametrize("bug", BUGS, ids=lambda b: b.name)
def test_a_bug_can_be_planted(bug: Bug) -> None:
    """What it replaces stands there once, so that the list keeps up with the generator."""
    text = (REPOSITORY / bug.file).read_text(encoding="utf-8")
    assert text.count(bug.old) == 1


def test_there_are_enough_of_them() -> None:
    assert len({b.name for b in BUGS}) == len(BUGS) >= 25
    assert f"lists {len(BUGS)} of them" in (REPOSITORY / "docs/rehearsals.md").read_text(encoding="utf-8")
    assert set(SAMPLE) <= {b.name for b in BUGS}
