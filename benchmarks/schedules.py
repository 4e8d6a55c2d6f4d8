"""How long a scheduler takes to import a generated file beyond what the file imports of the scheduler, in rounds of fresh processes.

WHGEN_AIRFLOW and WHGEN_PREFECT name the interpreters of environments with Airflow and Prefect, as `make schedulers` makes them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from measure import median, verdict

ROOT = Path(__file__).resolve().parent.parent
BOUND = 0.3
IMPORTS = {
    "airflow": "import airflow.providers.standard.operators.bash; from airflow.sdk import DAG, CronTriggerTimetable",
    "prefect": "from prefect import flow, task; import prefect.runtime, prefect.schedules, prefect.task_runners",
}
CODE = "import sys, time, runpy; {imports}; t = time.perf_counter(); runpy.run_path(sys.argv[1]); print(time.perf_counter() - t)"


def main() -> None:
    """Measure, and exit with 1 when a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    kept = []
    for name, imports in IMPORTS.items():
        python = os.environ.get(f"WHGEN_{name.upper()}")
        if not python:
            print(f"{name}: WHGEN_{name.upper()} names no interpreter")
            continue
        command = [python, "-c", CODE.format(imports=imports), str(ROOT / f"generated/{name}/flights_daily.py")]
        took = []
        for _ in range(rounds + 1):  # the first round fills the caches of the disk
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            took.append(float(ran.stdout.splitlines()[-1]))
        kept.append(verdict(f"import of generated/{name}", median(took[1:]), BOUND))
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
