"""Runs dbt in this process and reports every node as it ends.

dbt prints nothing: its events come through a callback, its full log goes to logs/dbt.log of the project.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from whgen.dbt.events import Event, Invocation, NodeFinished, NodeStarted, Outcome, Started, Status

_ENDED = {
    "success": Status.OK,
    "pass": Status.OK,
    "no-op": Status.OK,
    "warn": Status.WARNED,
    "skipped": Status.SKIPPED,
    "partial success": Status.FAILED,
}
_WITH_ROWS = ("table", "incremental", "seed")
_EXAMPLES = 3


def adapter_is_installed(warehouse: str) -> bool:
    """Whether dbt's adapter for a warehouse can be imported."""
    return importlib.util.find_spec(f"dbt.adapters.{warehouse}") is not None


def run(invocation: Invocation, on_event: Callable[[Event], None]) -> Outcome:
    """Run a command. Events come from dbt's threads, one at a time. Ctrl-C ends it cleanly, with what is finished."""
    log = invocation.project / "logs" / "dbt.log"
    finished: dict[str, NodeFinished] = {}
    receive = _receiver(on_event, finished)
    interrupted = False
    error, kind = "", ""
    with _environment(invocation):
        from dbt.cli.main import dbtRunner

        try:
            answer = dbtRunner(callbacks=[receive]).invoke(_arguments(invocation))
            if answer.exception is not None:
                interrupted = isinstance(answer.exception, KeyboardInterrupt)
                error, kind = ("", "") if interrupted else (str(answer.exception), type(answer.exception).__name__)
            else:
                _complete(answer.result, finished)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            _release()
    return Outcome(nodes=tuple(finished.values()), error=error, error_kind=kind, interrupted=interrupted, log=log)


def names(invocation: Invocation) -> tuple[str, ...]:
    """The names of the nodes that a selection matches; sources as `source.table`."""
    with _environment(invocation):
        from dbt.cli.main import dbtRunner

        arguments = [a for a in _arguments(invocation) if a != "--full-refresh"]
        answer = dbtRunner().invoke([*arguments, "--output", "json", "--output-keys", "name", "resource_type", "source_name"])
        _release()
    if answer.exception is not None:
        raise DbtError(str(answer.exception))
    import json

    rows = [json.loads(line) for line in answer.result or () if line.startswith("{")]
    return tuple(f"{r['source_name']}.{r['name']}" if r.get("resource_type") == "source" else r["name"] for r in rows)


class DbtError(Exception):
    """dbt could not do what it was asked to; the text is its own."""


def _arguments(invocation: Invocation) -> list[str]:
    folder = str(invocation.project)
    arguments = [
        "--quiet",
        "--log-level",
        "none",
        "--no-version-check",
        "--no-use-colors-file",
        "--log-path",
        str(invocation.project / "logs"),
    ]
    arguments += [invocation.command, "--project-dir", folder, "--profiles-dir", folder, "--target", invocation.target]
    for flag, values in (("--select", invocation.select), ("--exclude", invocation.exclude)):
        arguments += [flag, *values] if values else []
    if invocation.full_refresh:
        arguments.append("--full-refresh")
    if invocation.threads is not None:
        arguments += ["--threads", str(invocation.threads)]
    return arguments


@contextlib.contextmanager
def _environment(invocation: Invocation) -> Iterator[None]:
    """dbt resolves paths against the working folder and reads settings from variables; both are as before afterwards."""
    wanted = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "WHGEN_ROOT": str(invocation.root)}
    before = {name: os.environ.get(name) for name in wanted}
    folder = Path.cwd()
    os.environ.update(wanted)
    os.chdir(invocation.project)
    try:
        yield
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _receiver(on_event: Callable[[Event], None], finished: dict[str, NodeFinished]) -> Callable[[Any], None]:
    lock = threading.Lock()

    def receive(message: Any) -> None:
        event = _event(message)
        if event is None:
            return
        with lock:
            if isinstance(event, NodeFinished):
                finished[event.name] = event
            # An exception in a callback stops dbt's thread and leaves dbt waiting for it for ever. A display that fails
            # (a closed pipe, say) must not do that; the command goes on, and says at its end what came of it.
            with contextlib.suppress(OSError, ValueError, KeyError):
                on_event(event)

    return receive


def _event(message: Any) -> Event | None:
    match message.info.name:
        case "ConcurrencyLine":
            return Started(total=message.data.node_count)
        case "NodeStart":
            info = message.data.node_info
            return NodeStarted(name=info.node_name, kind=info.resource_type)
        case "NodeFinished":
            return _finished(message.data)
        case _:
            return None


def _finished(data: Any) -> NodeFinished:
    info, result = data.node_info, data.run_result
    status = _ENDED.get(str(result.status), Status.FAILED)
    rows = _rows(info, result) if status is Status.OK and info.resource_type in ("model", "seed") else None
    return NodeFinished(
        name=info.node_name, kind=info.resource_type, status=status, seconds=float(result.execution_time), rows=rows,
        message=str(result.message or ""), failures=int(result.num_failures or 0),
    )  # fmt: skip


def _rows(info: Any, result: Any) -> int | None:
    """How many rows a table has. Warehouses that report rows are believed; an embedded one is asked, which costs it nothing."""
    if info.materialized not in _WITH_ROWS:
        return None
    affected = dict(result.adapter_response).get("rows_affected")
    if affected is not None and int(affected) >= 0 and info.materialized != "incremental":
        return int(affected)
    from dbt.adapters.factory import FACTORY

    adapter = next(iter(FACTORY.adapters.values()), None)
    if adapter is None or adapter.type() != "duckdb":
        return None
    with contextlib.suppress(Exception), adapter.connection_named("whgen_rows"):  # a number for the eye is not worth a failed build
        _, table = adapter.execute(f"select count(*) from {info.node_relation.relation_name}", fetch=True)
        return int(table.rows[0][0])
    return None


def _complete(result: Any, finished: dict[str, NodeFinished]) -> None:
    """Add what only the end of the run tells: nodes that never started, compiled SQL, examples of the rows that tests found."""
    from dataclasses import replace

    for entry in getattr(result, "results", None) or ():
        name = getattr(entry.node, "name", "")
        kind = str(getattr(entry.node, "resource_type", ""))
        known = finished.get(name) or NodeFinished(
            name=name, kind=kind, status=_ENDED.get(str(entry.status), Status.FAILED), seconds=0.0, message=str(entry.message or "")
        )
        compiled = getattr(entry.node, "compiled_path", None)
        examples = _examples(entry.node) if kind == "test" and entry.failures and known.status in (Status.FAILED, Status.WARNED) else ()
        finished[name] = replace(
            known,
            compiled=Path(compiled) if compiled else None,
            failures=int(entry.failures or 0),
            message=str(entry.message or ""),
            examples=examples,
        )


def _examples(node: Any) -> tuple[tuple[tuple[str, str], ...], ...]:
    from dbt.adapters.factory import FACTORY

    adapter = next(iter(FACTORY.adapters.values()), None)
    if adapter is None or not node.compiled_code:
        return ()
    with contextlib.suppress(Exception), adapter.connection_named("whgen_examples"):  # examples are a courtesy
        _, table = adapter.execute(node.compiled_code, fetch=True, limit=_EXAMPLES)
        return tuple(tuple((str(c), str(v)) for c, v in zip(table.column_names, row, strict=True)) for row in table.rows[:_EXAMPLES])
    return ()


def _release() -> None:
    """Let go of the warehouse: dbt keeps its connections, and with them the lock of an embedded database."""
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    cleanup_connections()
    reset_adapters()
    if adapter_is_installed("duckdb"):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
