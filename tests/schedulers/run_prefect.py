"""Runs a generated flow in this process, on a temporary server of the Prefect of this environment: `run_prefect.py FILE OUTCOME`.

OUTCOME gets JSON: the seconds that the file took to import, and how the flow and each task ended.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import prefect
import prefect.schedules
import prefect.task_runners
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId


def main(file: str, outcome: str) -> None:
    spec = importlib.util.spec_from_file_location("generated", file)
    module = importlib.util.module_from_spec(spec)
    began = time.perf_counter()
    spec.loader.exec_module(module)
    seconds = time.perf_counter() - began
    state = module.run(return_state=True)
    with get_client(sync_client=True) as client:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
        runs = client.read_task_runs(flow_run_filter=chosen)
    tasks = {r.name.rsplit("-", 1)[0]: {"state": r.state.name, "tries": r.run_count} for r in runs}
    found = {"version": prefect.__version__, "seconds": seconds, "state": state.name, "message": state.message, "tasks": tasks}
    Path(outcome).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
