"""How a build ended, in one line for people and in a document for programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whgen.dbt.events import NodeFinished, Outcome, Status
from whgen.diagnostics.diagnostic import Span

_BUILT = ("model", "seed", "snapshot")


def totals(outcome: Outcome) -> dict[str, int]:
    """How many nodes ended in which way; an exposure is nothing that could fail."""
    nodes = [n for n in outcome.nodes if n.kind != "exposure"]
    good = [n for n in nodes if n.status in (Status.OK, Status.WARNED)]
    return {
        "built": sum(n.kind in _BUILT for n in good),
        "tests_passed": sum(n.kind == "test" and n.status is Status.OK for n in good),
        "warned": sum(n.status is Status.WARNED for n in nodes),
        "failed": sum(n.status is Status.FAILED for n in nodes),
        "skipped": sum(n.status is Status.SKIPPED for n in nodes),
    }


def sentence(outcome: Outcome, *, seconds: float) -> tuple[str, str]:
    """The words that say it, and the rest of the line: what was done, what was not, how long it took, where the full log is."""
    count = totals(outcome)
    parts = [f"{count['built']} built"] if count["built"] else []
    parts += [f"{count['tests_passed']} {'test' if count['tests_passed'] == 1 else 'tests'} passed"] if count["tests_passed"] else []
    parts += [f"{count[word]} {word}" for word in ("warned", "skipped", "failed") if count[word]]
    parts += [f"dbt warned {'once' if outcome.warnings == 1 else f'{outcome.warnings} times'}"] if outcome.warnings else []
    head = "Interrupted after" if outcome.interrupted else "Done in" if outcome.ok else "Failed after"
    return head, f"{seconds:.1f} s: {', '.join(parts) or 'nothing was built'}. Log: {_log(outcome)}"


def document(outcome: Outcome, origins: Mapping[str, Span], *, seconds: float) -> dict[str, Any]:
    """The outcome as JSON has it."""
    return {
        "interrupted": outcome.interrupted,
        "error": outcome.error,
        "seconds": round(seconds, 3),
        "log": _log(outcome),
        "totals": {**totals(outcome), "dbt_warnings": outcome.warnings},
        "nodes": [_node(n, origins.get(n.name)) for n in outcome.nodes],
    }


def _log(outcome: Outcome) -> str:
    try:
        return Path(os.path.relpath(outcome.log)).as_posix()
    except ValueError:  # another drive of Windows
        return str(outcome.log)


def _node(node: NodeFinished, place: Span | None) -> dict[str, Any]:
    return {
        "name": node.name,
        "kind": node.kind,
        "status": node.status.value,
        "seconds": round(node.seconds, 3),
        "rows": node.rows,
        "failures": node.failures,
        "message": node.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "examples": [dict(row) for row in node.examples],
    }
