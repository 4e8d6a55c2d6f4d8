"""`PYTHONPATH=tests python -m rehearsals`: live through days of the nasty projects and of the example, and say what is found."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECTS = Path(__file__).resolve().parent
REPOSITORY = PROJECTS.parent.parent
EXAMPLE = "example"


def main() -> int:
    """Rehearse each, sum up."""
    names = [EXAMPLE, *sorted(p.stem for p in PROJECTS.glob("*.yml"))]
    parser = argparse.ArgumentParser(prog="python -m rehearsals", description=__doc__)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", default=names, help=f"which (all unless given): {', '.join(names)}")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if unknown := set(options.projects) - set(names):
        parser.error(f"there is no project {', '.join(sorted(unknown))}")
    failed = []
    for name in options.projects:
        with tempfile.TemporaryDirectory() as folder:
            root = project(name, Path(folder))
            words = [sys.executable, "-m", "whgen", "rehearse", "-C", str(root), "--days", str(options.days), "--seed", str(options.seed)]
            environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "generator")}
            answer = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
        said = [line for line in (answer.stdout + answer.stderr).splitlines() if not line.startswith("day ") or answer.returncode]
        print(f"{name}:", *said, sep="\n  ", flush=True)
        failed += [name] if answer.returncode else []
    print(f"{len(options.projects) - len(failed)} of {len(options.projects)} projects rehearsed without a finding")
    return int(bool(failed))


def project(name: str, root: Path) -> Path:
    """A copy of the specs of a project."""
    if name == EXAMPLE:
        shutil.copytree(REPOSITORY / "specs", root / "specs")
        shutil.copy(REPOSITORY / "sources.lock", root)
    else:
        (root / "specs").mkdir()
        shutil.copy(PROJECTS / f"{name}.yml", root / "specs")
    return root


if __name__ == "__main__":
    sys.exit(main())
