"""`PYTHONPATH=tests python -m planted`: plant each bug, and say which of them a rehearsal does not find."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from planted.bugs import BUGS, Bug
from planted.run import found


def main() -> int:
    """Plant, rehearse, sum up."""
    parser = argparse.ArgumentParser(prog="python -m planted", description=__doc__)
    parser.add_argument("--only", default="", help="a part of the names of the bugs to plant")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    bugs = [b for b in BUGS if options.only in b.name]
    with ThreadPoolExecutor(options.jobs) as pool:
        answers = list(pool.map(_judged, bugs))
    missed = [bug.name for bug, is_found in zip(bugs, answers, strict=True) if not is_found]
    print(f"{len(bugs) - len(missed)} of {len(bugs)} planted bugs found")
    return int(bool(missed))


def _judged(bug: Bug) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        is_found, said = found(bug, Path(folder))
    line = next((line for line in said.splitlines() if "error" in line), said.strip().splitlines()[-1] if said.strip() else "")
    print(f"{'found ' if is_found else 'MISSED'}  {bug.name}: {line}", flush=True)
    return is_found


if __name__ == "__main__":
    sys.exit(main())
