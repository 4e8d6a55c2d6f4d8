"""Plants a bug into a copy of the generator, and rehearses a project with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from planted.bugs import Bug

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROJECTS = Path(__file__).resolve().parent.parent / "rehearsals"
SEEDS = (1, 2, 3)
FAILED = 1


def planted(bug: Bug, folder: Path) -> Path:
    """A copy of the generator with the bug in it."""
    for part in ("generator", "templates"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    file = folder / bug.file
    text = file.read_text(encoding="utf-8")
    assert bug.old in text, f"{bug.name}: {bug.file} has no such text any more"
    file.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    return folder


def found(bug: Bug | None, folder: Path, *, days: int = 6, project: str = "") -> tuple[bool, str]:
    """Whether a rehearsal of the bug's project finds something, and what it says; without a bug, of the project that is named."""
    code = planted(bug, folder) if bug is not None else REPOSITORY
    name = bug.project if bug is not None else project
    root = folder / "project"
    (root / "specs").mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECTS / f"{name}.yml", root / "specs" / f"{name}.yml")
    said = ""
    for seed in SEEDS if bug is not None else SEEDS[:1]:
        words = [sys.executable, "-m", "whgen", "rehearse", "-C", str(root), "-q", "--no-reduce", "--days", str(days), "--seed", str(seed)]
        environment = {**os.environ, "PYTHONPATH": str(code / "generator")}
        answer = subprocess.run(words, capture_output=True, text=True, env=environment, check=False, timeout=600)
        said = answer.stderr + answer.stdout
        if answer.returncode != 0:
            return answer.returncode == FAILED and "rehearsal-failed" in said, said
    return False, said
