"""A star of TPC-H: built by whgen from `tpch/specs`, and by `tpch/by_hand.sql`, which somebody wrote who knows DuckDB. Needs tpchgen-cli.

Both make the same tables, which is checked row for row. Then days are added to an incremental fact with 1, 10 and 100 days of history: a
day must cost what a day costs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
from measure import PYTHON, WHGEN, Run, median, middle, run, verdict

HERE = Path(__file__).resolve().parent / "tpch"
TABLES = ("dim_date", "dim_customer", "dim_supplier", "dim_part", "fact_order_line")
SHARE, GROWTH = 1.1, 1.3
DAYS = (1, 10, 100)
BY_HAND = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(open(sys.argv[2]).read())"
INCREMENTAL = "incremental: {by: ordered_on, lookback: 1 day}\n"


def make_data(generator: str, scale: float, folder: Path) -> None:
    """The tables of TPC-H as Parquet."""
    subprocess.run([generator, "parquet", "-s", str(scale), f"--output-dir={folder}"], check=True, stdout=subprocess.DEVNULL)


def project(folder: Path, data: Path, *, more: str = "") -> Path:
    """A project with the specs of the star, whose sources are below `data`."""
    shutil.copytree(HERE / "specs", folder / "specs")
    facts = folder / "specs" / "facts.yml"
    facts.write_text(facts.read_text(encoding="utf-8") + more, encoding="utf-8")
    (folder / "data").symlink_to(data, target_is_directory=True)
    return folder


def differences(by_hand: Path, whgen: Path) -> list[str]:
    """The tables that do not have the same columns, by name and type, and the same rows."""
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{by_hand}' AS one (READ_ONLY); ATTACH '{whgen}' AS other (READ_ONLY)")
        for table in TABLES:
            both = (f"one.by_hand.{table}", f"other.production.{table}")
            columns = [connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {t})").fetchall() for t in both]
            # The order of rows means nothing, so each is hashed, and the hashes added.
            rows = [connection.execute(f"SELECT count(*), sum(hash(t)) FROM {t} AS t").fetchall() for t in both]
            if columns[0] != columns[1] or rows[0] != rows[1]:
                found.append(table)
    return found


def compare_builds(root: Path, rounds: int) -> bool:
    """Build by hand and with whgen, in turns; whether the tables are the same and the time is within its bound."""
    hand, ours = root / "hand.duckdb", root / "tpch.duckdb"
    commands = {"by hand": [PYTHON, "-c", BY_HAND, str(hand), str(HERE / "by_hand.sql")], "whgen": [str(WHGEN), "run", "-q"]}
    # dbt parses a project once, and keeps what it found.
    run(commands["whgen"], root)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    models: list[float] = []
    for number in range(rounds):
        for name in commands if number % 2 == 0 else reversed(commands):
            (hand if name == "by hand" else ours).unlink(missing_ok=True)
            runs[name].append(run(commands[name], root))
        models.append(sum(_models(root).values()))
    if wrong := differences(hand, ours):
        sys.exit(f"not the same: {', '.join(wrong)}")
    print(f"the same rows in {', '.join(TABLES)}")
    for name, found in runs.items():
        took = middle(found)
        print(f"{name}: {took.seconds:.2f} s, {took.processor:.2f} s of processors, {took.megabytes:.0f} MB at most")
    ratio = middle(runs["whgen"]).seconds / middle(runs["by hand"]).seconds
    print(f"of whgen's, {median(models):.2f} s went into models, by one thread and by several")
    return verdict("whgen run over the script", ratio, SHARE, "")


def _models(root: Path) -> dict[str, float]:
    """The seconds that each model of the last run took."""
    results = json.loads((root / "generated/duckdb/target/run_results.json").read_text(encoding="utf-8"))
    return {r["unique_id"].split(".")[-1]: float(r["execution_time"]) for r in results["results"]}


def a_day(data: Path, few: Path, days: int) -> None:
    """The first days of the orders, with their lines; all of the other tables."""
    with duckdb.connect() as connection:
        orders = f"SELECT * FROM '{data}/orders.parquet' WHERE o_orderdate < DATE '1992-01-01' + {days}"
        connection.execute(f"COPY ({orders}) TO '{few}/orders.parquet'")
        lines = f"SELECT * FROM '{data}/lineitem.parquet' WHERE l_orderkey IN (SELECT o_orderkey FROM '{few}/orders.parquet')"
        connection.execute(f"COPY ({lines}) TO '{few}/lineitem.parquet'")


def compare_days(data: Path, place: Path, added: int) -> bool:
    """Add days to 1, 10 and 100 days of history; whether a day costs the same."""
    costs: dict[int, float] = {}
    for history in DAYS:
        few = place / f"{history}_days"
        few.mkdir()
        for table in ("region", "nation", "customer", "supplier", "part"):
            (few / f"{table}.parquet").symlink_to(data / f"{table}.parquet")
        a_day(data, few, history)
        root = project(place / f"with_{history}", few, more=INCREMENTAL)
        run([str(WHGEN), "run", "-q"], root)
        took = []
        for day in range(history + 1, history + 1 + added):
            a_day(data, few, day)
            run([str(WHGEN), "run", "-q"], root)
            took.append(_models(root)["fact_order_line"])
        costs[history] = median(took)
        print(f"{history} days of history: a day more takes {costs[history]:.2f} s", flush=True)
    return verdict(f"a day after {DAYS[-1]} days over one after {DAYS[0]}", costs[DAYS[-1]] / costs[DAYS[0]], GROWTH, "")


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and exit with 1 when a bound is exceeded."""
    parser = argparse.ArgumentParser(description="A star of TPC-H, with whgen and by hand.")
    parser.add_argument("--generator", default="tpchgen-cli", metavar="COMMAND", help="tpchgen-cli, of the package of this name")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of TPC-H: 1 is 6 million lines (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="how many times each is run (default: 3); the medians count")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the tables are already")
    options = parser.parse_args(words)
    place = Path(tempfile.mkdtemp())
    try:
        data = (options.data or place / "data").resolve()
        if options.data is None:
            make_data(options.generator, options.scale, data)
        kept = compare_builds(project(place / "star", data), options.rounds)
        kept &= compare_days(data, place, options.rounds)
    finally:
        shutil.rmtree(place)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
