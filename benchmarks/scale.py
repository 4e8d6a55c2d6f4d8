"""How time and memory grow with the warehouse: `python benchmarks/scale.py [--sqlmesh PYTHON] [N ...]` (100 and 1,000 when none is given).

For N source tables of 20 columns (see `make_specs.py`): `validate` and `generate` on a project that was never compiled, with nothing
changed, and with one file changed, beside `dbt parse` of the generated DuckDB project, cold and partial, in the same run. What counts are
the ratios to dbt's cold parse. Memory is the peak of the largest process. With the Python of an environment that has SQLMesh, also what
SQLMesh takes to load the same models. Past 2,000 tables dbt is left out, which would take most of an hour.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from as_sqlmesh import write_sqlmesh
from make_specs import write
from measure import PYTHON

WHGEN = [PYTHON, "-m", "whgen"]
DBT = [str(Path(PYTHON).with_name("dbt"))]
MEGABYTE = 1024
DBT_PARSE = "dbt parse, cold"
MOST_FOR_DBT = 2000
LOAD = "from sqlmesh import Context; assert len(Context(paths='.').models)"


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds on the clock, and the most memory that a process of it had, in megabytes."""

    seconds: float
    megabytes: float


def run(command: Sequence[str], folder: Path) -> Run:
    """Run a command that must succeed, in a process of its own, so that its memory can be told."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        os.execve(command[0], list(command), environment)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed in {folder}")
    return Run(time.perf_counter() - began, usage.ru_maxrss / MEGABYTE)


def measure(count: int, folder: Path, sqlmesh: str | None) -> dict[str, Run]:
    """What each command took on a warehouse of `count` source tables."""
    write(count, folder)
    project = folder / "generated" / "duckdb"
    changed = sorted((folder / "specs" / "sources").iterdir())[count // 2]
    found: dict[str, Run] = {}
    found["validate, cold"] = run([*WHGEN, "validate"], folder)
    found["generate, cold"] = run([*WHGEN, "generate", "-q"], folder)
    found["validate, nothing changed"] = run([*WHGEN, "validate"], folder)
    found["generate, nothing changed"] = run([*WHGEN, "generate", "-q"], folder)
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("description: ", "description: Changed. ", 1), encoding="utf-8")
    assert changed.read_text(encoding="utf-8") != text
    found["validate, one file changed"] = run([*WHGEN, "validate"], folder)
    found["generate, one file changed"] = run([*WHGEN, "generate", "-q"], folder)
    if count <= MOST_FOR_DBT:
        found[DBT_PARSE] = run([*DBT, "parse", "--profiles-dir", "."], project)
        found["dbt parse, partial"] = run([*DBT, "parse", "--profiles-dir", "."], project)
        if sqlmesh:
            write_sqlmesh(project, folder / "sqlmesh")
            found["SQLMesh load, cold"] = run([sqlmesh, "-c", LOAD], folder / "sqlmesh")
            found["SQLMesh load, nothing changed"] = run([sqlmesh, "-c", LOAD], folder / "sqlmesh")
    return found


def show(count: int, found: Mapping[str, Run]) -> None:
    """Print one row for each command."""
    parse = found[DBT_PARSE].seconds if DBT_PARSE in found else None
    print(f"\nN = {count}\n\n| command | seconds | of dbt's cold parse | peak MB |\n|---|---|---|---|")
    for name, took in found.items():
        ratio = f"{took.seconds / parse:.3f}" if parse else "-"
        print(f"| {name} | {took.seconds:.2f} | {ratio} | {took.megabytes:.0f} |", flush=True)


def main() -> None:
    """Measure each size, and how the time grows from one to the next for each doubling."""
    parser = argparse.ArgumentParser(description="How time and memory grow with the warehouse.")
    parser.add_argument("counts", nargs="*", type=int, default=[100, 1000], metavar="N")
    parser.add_argument("--sqlmesh", metavar="PYTHON", help="the Python of an environment that has SQLMesh")
    arguments = parser.parse_args()
    before: tuple[int, dict[str, Run]] | None = None
    for count in arguments.counts:
        place = Path(tempfile.mkdtemp())
        try:
            found = measure(count, place, arguments.sqlmesh)
        finally:
            shutil.rmtree(place)
        show(count, found)
        if before is not None:
            doublings = math.log2(count / before[0])
            for name in ("validate, cold", "generate, cold"):
                growth = (found[name].seconds / before[1][name].seconds) ** (1 / doublings) / 2
                print(f"{name}: {growth:.2f} times linear for each doubling from {before[0]} to {count}")
        before = count, found


if __name__ == "__main__":
    main()
