"""Runs dbt in this process and reports every node as it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whgen.dbt.events import Event, Invocation, NodeFinished, NodeStarted, Outcome, Started, Status
from whgen.dbt.previous import can_resume, forget
from whgen.dbt.queries import example_rows, row_count
from whgen.dbt.session import Interruption, adapter_is_installed, arguments, log_of, session

__all__ = ["DbtError", "adapter_is_installed", "names", "run"]

_ENDED = {
    "success": Status.OK,
    "pass": Status.OK,
    "no-op": Status.OK,
    "warn": Status.WARNED,
    "skipped": Status.SKIPPED,
}
_BUILT = ("model", "seed", "snapshot")
_WITH_EXAMPLES = 20
"""Of how many tests example rows are fetched: each is one more query."""
_ABOUT_RUNS = ("Log", "RunResult", "EndOfRun", "NoNodes", "NothingToDo", "StatsLine", "MainEncountered")
"""Beginnings of the names of warnings that say again what the outcome of a node says."""


class DbtError(Exception):
    """dbt could not do what it was asked to; the text is its own."""


def run(invocation: Invocation, on_event: Callable[[Event], None], at_end: Callable[[Outcome], None] = lambda _: None) -> Outcome:
    """Run a command. Events come one at a time, from a thread of their own. Ctrl-C ends it cleanly, with what is finished.

    `at_end` is called with the outcome before the warehouse is let go. An exception of `on_event` is raised here at the end: it neither
    stops dbt nor is it lost.
    """
    collector = _Collector(on_event=on_event, is_local=invocation.is_local)
    error, kind = "", ""
    invocation = replace(invocation, retry=invocation.retry and can_resume(invocation))
    if not invocation.retry:
        # Whatever ends this one: nobody goes on from what an earlier one left.
        forget(invocation)
    interruption = collector.interruption
    with interruption.watched(), session(invocation), collector.events:
        with interruption.armed():
            answer = invoke(arguments(invocation), collector.receive)
            if answer.exception is None:
                collector.complete(answer.result)
            elif isinstance(answer.exception, KeyboardInterrupt | SystemExit):
                interruption.happened = True
            elif not interruption.happened:
                error, kind = str(answer.exception), type(answer.exception).__name__
        collector.end()
        outcome = Outcome(
            nodes=tuple(collector.finished.values()),
            error=error,
            error_kind=kind,
            interrupted=interruption.happened,
            warnings=collector.warnings,
            log=log_of(invocation),
        )
        at_end(outcome)
    collector.raise_failure()
    return replace(outcome, interrupted=interruption.happened)


def names(invocation: Invocation) -> tuple[str, ...]:
    """The names of the nodes that a selection matches; sources as `source.table`."""
    keys = ["--output", "json", "--output-keys", "name", "--output-keys", "resource_type", "--output-keys", "source_name"]
    with session(invocation):
        answer = invoke([*arguments(replace(invocation, command="ls", full_refresh=False, threads=None)), *keys], lambda _: None)
    if isinstance(answer.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    if answer.exception is not None:
        raise DbtError(str(answer.exception))
    rows = [json.loads(line) for line in answer.result or () if line.startswith("{")]
    return tuple(f"{r['source_name']}.{r['name']}" if r.get("resource_type") == "source" else r["name"] for r in rows)


def invoke(words: list[str], callback: Callable[[Any], None]) -> Any:
    """What dbt answers to its own command line."""
    from dbt.cli.main import dbtRunner

    return dbtRunner(callbacks=[callback]).invoke(words)


@dataclass(slots=True, kw_only=True)
class _Collector:
    """What dbt's threads have told so far.

    An exception in a callback of dbt's ends the thread that called it and leaves dbt waiting for ever, and a slow terminal would hold
    up the build: so events are handed to a thread of their own, which keeps what went wrong.
    """

    on_event: Callable[[Event], None]
    is_local: bool
    finished: dict[str, NodeFinished] = field(default_factory=dict)
    warnings: int = 0
    interruption: Interruption = field(default_factory=Interruption)
    bug: Exception | None = None
    is_over: bool = False
    events: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))
    _shown: list[Future[None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, message: Any) -> None:
        """Take a message of dbt's, and let no exception back to it."""
        try:
            self._take(message)
        except Exception as bug:  # noqa: BLE001 - it is raised when dbt is done
            self.bug = self.bug or bug

    def _take(self, message: Any) -> None:
        name = message.info.name
        if name == "NodeFinished":
            event = _finished(message.data, is_local=self.is_local)
            if not (self.interruption.happened and event.status is Status.FAILED):
                self._add(message.data.node_info.unique_id, event)
        elif name == "NodeStart":
            info = message.data.node_info
            self._tell(NodeStarted(name=info.node_name, kind=_kind(info.resource_type)))
        elif name == "ConcurrencyLine":
            self._tell(Started(total=message.data.node_count))
        elif str(message.info.level) == "warn" and not name.startswith(_ABOUT_RUNS):
            with self._lock:
                self.warnings += 1

    def complete(self, result: Any) -> None:
        """Add what only the end of the run tells: nodes that never started, compiled SQL, examples of the rows that tests found."""
        examples = 0
        for entry in getattr(result, "results", None) or ():
            node, status = entry.node, _ENDED.get(str(entry.status), Status.FAILED)
            kind, failures, message = _kind(node.resource_type), int(entry.failures or 0), str(entry.message or "")
            if node.unique_id not in self.finished:
                self._add(node.unique_id, NodeFinished(name=node.name, kind=kind, status=status, seconds=0.0, message=message))
            rows: tuple[Mapping[str, str], ...] = ()
            if kind == "test" and failures and status in (Status.FAILED, Status.WARNED) and examples < _WITH_EXAMPLES:
                examples += 1
                rows = example_rows(node.compiled_code)
            path = getattr(node, "compiled_path", None)
            known = self.finished[node.unique_id]
            self.finished[node.unique_id] = replace(
                known, compiled=Path(path) if path else None, failures=failures, message=message, examples=rows
            )

    def raise_failure(self) -> None:
        """Raise what went wrong while events were taken and shown."""
        if self.bug is not None:
            raise self.bug
        for shown in self._shown:
            shown.result()

    def end(self) -> None:
        """Take no more: when Ctrl-C was pressed twice, dbt's threads go on until the process ends."""
        with self._lock:
            self.is_over = True

    def _add(self, key: str, event: NodeFinished) -> None:
        with self._lock:
            if not self.is_over:
                self.finished[key] = event
        self._tell(event)

    def _tell(self, event: Event) -> None:
        with self._lock:
            if not self.is_over:
                self._shown.append(self.events.submit(self.on_event, event))


def _kind(resource_type: Any) -> str:
    """What a node is: a unit test is one of the tests."""
    return "test" if str(resource_type) == "unit_test" else str(resource_type)


def _finished(data: Any, *, is_local: bool) -> NodeFinished:
    info, result = data.node_info, data.run_result
    status = _ENDED.get(str(result.status), Status.FAILED)
    return NodeFinished(
        name=info.node_name,
        kind=_kind(info.resource_type),
        status=status,
        seconds=float(result.execution_time),
        rows=row_count(info, result, is_local=is_local) if status is Status.OK and info.resource_type in _BUILT else None,
        message=str(result.message or ""),
        failures=int(result.num_failures or 0),
    )
