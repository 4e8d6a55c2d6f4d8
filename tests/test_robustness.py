"""The output depends on what the specs say, not on how they are split over files, nor on when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mutation.corpus import EXAMPLE, projects
from projects import report_text, write_project
from whgen.pipeline import compile_specs


def generated(root: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Every generated file of a project, by path, with the comments left out that name the spec a file was made from."""
    found = compile_specs(write_project(root, files))
    assert not found.report.has_errors, report_text(found)
    texts = {f"{p.folder}/{path}": text for p in found.projects for path, text in p.files.items()}
    return {path: re.sub(r"specs/[a-z_/0-9]+\.yml", "SPEC", text) for path, text in texts.items()}


def test_files_and_their_order_do_not_matter(tmp_path: Path) -> None:
    documents = [d for text in projects()[EXAMPLE].values() for d in re.split(r"^---\n", text, flags=re.MULTILINE)]
    apart = {f"specs/part_{len(documents) - i}.yml": d for i, d in enumerate(documents)}
    together = {"specs/all.yml": "\n---\n".join(reversed(documents))}
    expected = generated(tmp_path / "a", projects()[EXAMPLE])
    assert generated(tmp_path / "b", apart) == expected
    assert generated(tmp_path / "c", together) == expected


def test_the_same_specs_give_the_same_bytes(tmp_path: Path) -> None:
    write_project(tmp_path, projects()[EXAMPLE])
    first, second = compile_specs(tmp_path), compile_specs(tmp_path)
    assert [dict(p.files) for p in first.projects] == [dict(p.files) for p in second.projects]
