"""What the last command left behind: whether another can go on where it failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from whgen.dbt.events import Invocation

_TO_DO = {"error", "fail", "skipped", "runtime error", "partial success"}
"""The states of nodes that `dbt retry` runs again."""


def can_resume(invocation: Invocation) -> bool:
    """Whether the last command was the same on the same nodes, ran to its end, and left something to do."""
    try:
        found: Any = json.loads(_results(invocation).read_text(encoding="utf-8"))
        before, states = found["args"], {r["status"] for r in found["results"]}
        return bool(states & _TO_DO) and (
            before["which"] == _BUILDS.get(invocation.command, invocation.command)
            and before.get("target") == invocation.target
            and sorted(before.get("select") or ()) == sorted(invocation.select)
            and sorted(before.get("exclude") or ()) == sorted(invocation.exclude)
            and bool(before.get("exclude_resource_types")) == (invocation.command == "run")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def forget(invocation: Invocation) -> None:
    """Remove what the last command left for the next to go on from."""
    if invocation.command != "ls":
        _results(invocation).unlink(missing_ok=True)


_BUILDS = {"run": "build"}


def _results(invocation: Invocation) -> Path:
    return invocation.project / "target" / invocation.place / "run_results.json"
