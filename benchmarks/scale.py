"""How time and memory grow with the warehouse: `python benchmarks/scale.py [--sqlmesh PYTHON] [N ...]` (100 and 1,000 when none is given).

For N source tables of 20 columns (see `make_specs.py`): `validate` and `generate` on a project that was never compiled, with nothing
changed, and with one file changed, beside `dbt parse` of what was generated. Once for targets on one warehouse, where dbt parses the one
project that is written, and once for targets on two, where it parses both: ratios compare like with like. Seconds are those on the clock;
processor seconds are those of all processes of a command together, and `--by processor` judges by them, for a machine that does other
work. Memory is the peak of the largest process. With the Python of an environment that has SQLMesh, also what SQLMesh takes to load the
same models. Past 2,000 tables dbt is left out, which would take most of an hour.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from as_sqlmesh import write_sqlmesh
from make_specs import write
from measure import PYTHON, Run, middle, run, verdict

WHGEN = [PYTHON, "-m", "whgen"]
DBT = [str(Path(PYTHON).with_name("dbt"))]
MOST_FOR_DBT = 2000
LOAD = "from sqlmesh import Context; assert len(Context(paths='.').models)"
WAREHOUSES = ("duckdb", "bigquery")
# Of dbt's cold parse, from this many tables on: below, both mostly start. A changed file may add to a run without changes what it takes
# itself, with all that is made of it.
FEWEST_TABLES = 1000
SHARES = {
    "generate, cold": 0.1,
    "validate, nothing changed": 1 / 30,
    "generate, nothing changed": 1 / 30,
    "validate, one file changed": 1 / 30 + 0.01,
    "generate, one file changed": 1 / 30 + 0.01,
}
SECONDS = {"validate, nothing changed": 1.0, "generate, nothing changed": 1.0}
GROWTH = 1.2
MOST_TABLES, MEGABYTES = 10_000, 1536.0


Runs = dict[str, Run]


def round_of(folder: Path) -> Runs:
    """What each command of whgen took, once, on a project that was never compiled."""
    sources = sorted((folder / "specs" / "sources").iterdir())
    changed = sources[len(sources) // 2]
    found: Runs = {}
    found["validate, cold"] = run([*WHGEN, "validate"], folder)
    (folder / ".whgen").rename(folder / "before")
    found["generate, cold"] = run([*WHGEN, "generate", "-q"], folder)
    found["validate, nothing changed"] = run([*WHGEN, "validate"], folder)
    found["generate, nothing changed"] = run([*WHGEN, "generate", "-q"], folder)
    text = changed.read_text(encoding="utf-8")
    # What one command found out serves the other, so that each has a change of its own.
    for number, command in enumerate((["validate"], ["generate", "-q"])):
        new = text.replace("description: ", f"description: Changed {number}. ", 1)
        assert new != text
        changed.write_text(new, encoding="utf-8")
        found[f"{command[0]}, one file changed"] = run([*WHGEN, *command], folder)
    changed.write_text(text, encoding="utf-8")
    return found


def of_whgen(place: Path, count: int, warehouses: Sequence[str], rounds: int) -> tuple[Runs, Path]:
    """What each command of whgen took, and the last of the projects.

    Every round has a folder of its own, and nothing is removed between them: ext4 takes seven times as long to make a file where
    thousands were removed in the last minutes, since it does not give their inodes away again at once.
    """
    found: list[Runs] = []
    for number in range(rounds):
        folder = place / f"{'-'.join(warehouses)}-{number}"
        write(count, folder, warehouses)
        found.append(round_of(folder))
    return {name: middle([r[name] for r in found]) for name in found[0]}, folder


def of_dbt(folder: Path) -> dict[str, Runs]:
    """For each generated project what dbt took to parse it."""
    found: dict[str, Runs] = {}
    for warehouse in WAREHOUSES:
        project = folder / "generated" / warehouse
        shutil.rmtree(project / "target", ignore_errors=True)
        names = ("dbt parse, cold", "dbt parse, partial")
        found[warehouse] = {name: run([*DBT, "parse", "--profiles-dir", "."], project) for name in names}
    return found


def added(parses: Sequence[Run]) -> Run:
    """One after the other."""
    return Run(sum(p.seconds for p in parses), sum(p.processor for p in parses), max(p.megabytes for p in parses))


def show(title: str, found: Mapping[str, Run], parse: Run | None) -> None:
    """Print one row for each command."""
    columns = ("command", "seconds", "of dbt's cold parse", "processor seconds", "of dbt's cold parse", "peak MB")
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for name, took in found.items():
        ratios = [f"{took.seconds / parse.seconds:.3f}", f"{took.processor / parse.processor:.3f}"] if parse else ["-", "-"]
        print(f"| {name} | {took.seconds:.2f} | {ratios[0]} | {took.processor:.2f} | {ratios[1]} | {took.megabytes:.0f} |", flush=True)


def figure(took: Run, by: str) -> float:
    """The seconds that count."""
    return took.processor if by == "processor" else took.seconds


def judged(count: int, found: Mapping[str, Run], parse: Run | None, by: str, projects: int) -> bool:
    """Print each figure that has a bound, and return whether all keep to theirs. Seconds are those of one of the projects."""
    print()
    kept = [verdict(name, figure(found[name], by) / projects, bound) for name, bound in SECONDS.items() if count <= MOST_FOR_DBT]
    if parse is not None and count >= FEWEST_TABLES:
        whole = figure(parse, by)
        kept += [verdict(f"{name}, of dbt's cold parse", figure(found[name], by) / whole, share, "") for name, share in SHARES.items()]
    if count <= MOST_TABLES:
        kept.append(verdict("peak of memory", max(r.megabytes for r in found.values()), MEGABYTES, " MB"))
    return all(kept)


def measure(place: Path, count: int, options: argparse.Namespace) -> tuple[Runs, bool]:
    """Measure one size; what whgen took for targets on two warehouses, and whether every bound was kept."""
    on_two, two = of_whgen(place, count, WAREHOUSES, options.rounds)
    on_one, one = of_whgen(place, count, WAREHOUSES[:1], options.rounds)
    parses = of_dbt(two) if count <= MOST_FOR_DBT else {}
    loads: Runs = {}
    if options.sqlmesh and parses:
        write_sqlmesh(one / "generated" / WAREHOUSES[0], place / "sqlmesh")
        for name in ("SQLMesh load, cold", "SQLMesh load, nothing changed"):
            loads[name] = run([options.sqlmesh, "-c", LOAD], place / "sqlmesh")
    kept = True
    for names, found in ((WAREHOUSES[:1], on_one), (WAREHOUSES, on_two)):
        dbt = {name: added([parses[w][name] for w in names]) for name in parses[WAREHOUSES[0]]} if parses else {}
        parse = dbt.get("dbt parse, cold")
        show(f"N = {count}, {' and '.join(names)}", found | dbt | (loads if found is on_one else {}), parse)
        kept &= judged(count, found, parse, options.by, len(names))
    return on_two, kept


def main() -> None:
    """Measure each size, and how the time grows from one to the next for each doubling; exit with 1 when a bound is exceeded."""
    parser = argparse.ArgumentParser(description="How time and memory grow with the warehouse.")
    parser.add_argument("counts", nargs="*", type=int, default=[100, 1000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="how many times whgen is run (default: 3); the medians count")
    parser.add_argument("--by", choices=("clock", "processor"), default="clock", help="the seconds that are judged (default: clock)")
    parser.add_argument("--folder", type=Path, help="where the projects are made; on a disk of memory, files cost nobody anything")
    parser.add_argument("--sqlmesh", metavar="PYTHON", help="the Python of an environment that has SQLMesh")
    options = parser.parse_args()
    before: tuple[int, Runs] | None = None
    kept = True
    whole = Path(tempfile.mkdtemp(dir=options.folder))
    for count in options.counts:
        place = whole / str(count)
        place.mkdir()
        found, good = measure(place, count, options)
        kept &= good
        if before is not None:
            doublings = math.log2(count / before[0])
            for name in ("validate, cold", "generate, cold"):
                growth = (figure(found[name], options.by) / figure(before[1][name], options.by)) ** (1 / doublings) / 2
                title = f"{name}: times linear for each doubling from {before[0]} to {count}"
                kept &= verdict(title, growth, GROWTH, "")
        before = count, found
    shutil.rmtree(whole)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
