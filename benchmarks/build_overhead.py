"""What `whgen build` costs over a bare `dbt build` of the same project: both as fresh processes, in turns. The medians count."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from measure import PYTHON, WHGEN, median, seconds, verdict

from whgen import demo

REPOSITORY = Path(__file__).resolve().parent.parent
SHARE, SECONDS = 0.05, 0.5


def prepare(folder: Path) -> Path:
    """The example with its data, in a folder of its own."""
    shutil.copytree(REPOSITORY / "specs", folder / "specs")
    if demo.main([str(folder / "data/raw")]) != 0:
        sys.exit(1)
    return folder


def main() -> None:
    """Measure, and exit with 1 when the bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, help="folder of a whgen project; the example when not given")
    parser.add_argument("--pairs", type=int, default=7, help="how many times each is run (default: 7)")
    parser.add_argument("--threads", type=int, default=4, help="for both (default: 4)")
    parser.add_argument("--warehouse", default="duckdb", help="which of the generated projects dbt builds (default: duckdb)")
    options = parser.parse_args()
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        root = (options.project or prepare(Path(temporary))).resolve()
        folder = root / "generated" / options.warehouse
        threads = ["--threads", str(options.threads)]
        with_whgen = [str(WHGEN), "build", *threads]
        with_dbt = [PYTHON, "-m", "dbt.cli.main", "build", "--profiles-dir", ".", "--no-version-check", *threads]
        extra = {"WHGEN_ROOT": str(root), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        # The first run of each parses the project from nothing and creates the database.
        seconds(with_whgen, cwd=root, extra=extra)
        seconds(with_dbt, cwd=folder, extra=extra)
        for number in range(options.pairs):
            turns = [(ours, with_whgen, root), (bare, with_dbt, folder)]
            for times, command, cwd in turns if number % 2 == 0 else reversed(turns):
                times.append(seconds(command, cwd=cwd, extra=extra))
            print(f"pair {number + 1}: whgen {ours[-1]:6.2f} s   dbt {bare[-1]:6.2f} s", flush=True)
    whgen, dbt = median(ours), median(bare)
    paired = median([o - b for o, b in zip(ours, bare, strict=True)])
    print(f"median: whgen {whgen:.2f} s, dbt {dbt:.2f} s; ratio {whgen / dbt:.3f}, difference of pairs {paired:+.2f} s")
    sys.exit(0 if verdict("whgen build over dbt build", whgen - dbt, dbt * SHARE + SECONDS) else 1)


if __name__ == "__main__":
    main()
