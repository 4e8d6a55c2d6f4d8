"""What the last builds left in dbt's target folder: for each model and test how it went, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMMANDS = {"build", "run", "test", "seed", "snapshot", "retry"}

_KINDS = {"model", "test", "seed", "snapshot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeResult:
    """How a node went the last time. `failures` counts the rows that a test found; None for what is no test."""

    name: str
    kind: str
    status: str
    seconds: float
    failures: int | None
    at: str
    target: str


def last_results(project: Path, target: str) -> tuple[NodeResult, ...]:
    """The last result of every node on a target, over all groups that build it. Files that cannot be read count as missing."""
    newest: dict[str, NodeResult] = {}
    for path in sorted((project / "target").glob("**/run_results.json")):
        try:
            found: Any = json.loads(path.read_text(encoding="utf-8"))
            results = list(_results(found)) if found["args"].get("target") == target else []
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        for result in results:
            before = newest.get(result.name)
            if before is None or before.at < result.at:
                newest[result.name] = result
    return tuple(newest[name] for name in sorted(newest))


def _results(found: Any) -> Iterator[NodeResult]:
    if found["args"]["which"] not in _COMMANDS:
        return
    for result in found["results"]:
        # Such as test.flights.dim_carrier__carrier_key__unique.0123456789, and model.flights.dim_carrier.
        kind, _, name = result["unique_id"].split(".")[:3]
        if kind not in _KINDS:
            continue
        yield NodeResult(
            name=name,
            kind=kind,
            status=str(result["status"]),
            seconds=float(result["execution_time"]),
            failures=result.get("failures") if kind == "test" else None,
            at=str(found["metadata"]["generated_at"]),
            target=str(found["args"]["target"]),
        )
