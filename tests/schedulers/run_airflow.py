"""Runs a generated DAG in this process, under the Airflow of this environment: `run_airflow.py FOLDER OUTCOME`.

OUTCOME gets JSON: what could not be imported, the seconds that the file took to import, and how each task ended.
"""

import json
import logging
import sys
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators.bash import BashOperator  # noqa: F401 - what the file imports is not its own time
from airflow.sdk import CronTriggerTimetable  # noqa: F401


def main(folder: str, outcome: str) -> None:
    began = time.perf_counter()
    bag = DagBag(dag_folder=folder)
    seconds = time.perf_counter() - began
    found = {"errors": {Path(f).name: e for f, e in bag.import_errors.items()}, "seconds": seconds, "tasks": {}, "state": ""}
    for dag in bag.dags.values():
        logging.disable(logging.INFO)
        run = dag.test()
        found["state"] = str(run.state)
        found["tasks"] = {t.task_id: {"state": str(t.state), "tries": t.try_number} for t in run.get_task_instances()}
        found["before"] = {t.task_id: sorted(t.upstream_task_ids) for t in dag.tasks}
    Path(outcome).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
