"""How time and memory grow with the warehouse: `python benchmarks/scale.py [N ...]` (100 and 1,000 when none is given).

For N source tables of 20 columns (see `make_specs.py`): `validate` and `generate` on a project that was never compiled, with nothing
changed, and with one file changed, beside `dbt parse` of the generated DuckDB project, cold and partial, in the same run. What counts are
the ratios to dbt's cold parse. Memory is the peak of the largest process."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from make_specs import write
from measure import PYTHON

WHGEN = [PYTHON, "-m", "whgen"]
DBT = [str(Path(PYTHON).with_name("dbt"))]
MEGABYTE = 1024


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


def measure(count: int, folder: Path) -> None:
    """Print one row for each command."""
    write(count, folder)
    project = folder / "generated" / "duckdb"
    changed = folder / "specs" / "sources" / f"system_{count // 2}.yml"
    found: dict[str, Run] = {}
    found["validate, cold"] = run([*WHGEN, "validate"], folder)
    found["generate, cold"] = run([*WHGEN, "generate", "-q"], folder)
    found["validate, nothing changed"] = run([*WHGEN, "validate"], folder)
    found["generate, nothing changed"] = run([*WHGEN, "generate", "-q"], folder)
    changed.write_text(changed.read_text(encoding="utf-8").replace("default: unknown", "default: nowhere"), encoding="utf-8")
    found["validate, one file changed"] = run([*WHGEN, "validate"], folder)
    found["generate, one file changed"] = run([*WHGEN, "generate", "-q"], folder)
    found["dbt parse, cold"] = run([*DBT, "parse", "--profiles-dir", "."], project)
    found["dbt parse, partial"] = run([*DBT, "parse", "--profiles-dir", "."], project)
    parse = found["dbt parse, cold"].seconds
    print(f"\nN = {count}\n\n| command | seconds | of dbt's cold parse | peak MB |\n|---|---|---|---|")
    for name, took in found.items():
        print(f"| {name} | {took.seconds:.2f} | {took.seconds / parse:.3f} | {took.megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    for number in [int(text) for text in sys.argv[1:]] or [100, 1000]:
        place = Path(tempfile.mkdtemp())
        try:
            measure(number, place)
        finally:
            shutil.rmtree(place)
