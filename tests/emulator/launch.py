"""Starts the BigQuery emulator so that it does what the tests need of it. Runs in the emulator's own environment.

It is one that needs no network and answers every statement: extensions of DuckDB that would be downloaded are left out, and a statement
at which the emulator breaks down is refused as BigQuery refuses what it does not understand. Without that, the client
takes the breakdown for an outage of the service and asks again for many minutes.
"""

from __future__ import annotations

import sys
from typing import Any

from bqemulator.api.routes import jobs
from bqemulator.cli import main
from bqemulator.domain.errors import DomainError, InvalidQueryError
from bqemulator.jobs import executor
from bqemulator.storage.engine import DuckDBEngine

_execute = executor.execute_query_job


async def _answered(*arguments: Any, **named: Any) -> Any:
    try:
        return await _execute(*arguments, **named)
    except DomainError:
        raise
    except Exception as breakdown:
        raise InvalidQueryError(f"the emulator broke down: {type(breakdown).__name__}: {breakdown}") from breakdown


def _without_extensions(engine: DuckDBEngine) -> None:
    """Places on earth and files of Avro are no part of what is tested."""


DuckDBEngine._load_spatial = _without_extensions
DuckDBEngine._load_format_extensions = _without_extensions
for module in (executor, jobs):
    module.execute_query_job = _answered

if __name__ == "__main__":
    sys.exit(main())
