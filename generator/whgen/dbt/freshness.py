"""How old the newest rows of sources are, as dbt measures it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from whgen.dbt.events import Invocation
from whgen.dbt.run import DbtError, invoke
from whgen.dbt.session import arguments, session

_STATES: dict[str, Literal["fresh", "ageing", "stale"]] = {"pass": "fresh", "warn": "ageing", "error": "stale"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAge:
    """One table of a source. `unknown`: its age could not be told; the message is the warehouse's."""

    name: str
    state: Literal["fresh", "ageing", "stale", "unknown"]
    newest: datetime | None = None
    age: timedelta | None = None
    message: str = ""


def ages(invocation: Invocation) -> tuple[SourceAge, ...]:
    """The ages of the tables that say how fresh they have to be, sorted by name. Raises DbtError when dbt cannot run."""
    with session(invocation):
        answer = invoke(arguments(invocation), lambda _: None)
    if isinstance(answer.exception, KeyboardInterrupt | SystemExit):
        raise KeyboardInterrupt
    if answer.exception is not None:
        raise DbtError(str(answer.exception))
    return tuple(sorted(_ages(getattr(answer.result, "results", None) or ()), key=lambda a: a.name))


def _ages(results: Iterable[Any]) -> Iterable[SourceAge]:
    for entry in results:
        name = f"{entry.node.source_name}.{entry.node.name}"
        state = _STATES.get(str(entry.status))
        if state is None:
            yield SourceAge(name=name, state="unknown", message=str(entry.message or ""))
        else:
            yield SourceAge(name=name, state=state, newest=entry.max_loaded_at, age=timedelta(seconds=int(entry.age)))
