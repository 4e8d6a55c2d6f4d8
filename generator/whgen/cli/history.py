"""What a build leaves in the target: its outcome, for `whgen runs`. A build never fails of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from whgen import __version__
from whgen.cli.environment import environment_of
from whgen.cli.outcome import totals
from whgen.dbt.developer import DeveloperError, developer
from whgen.diagnostics.diagnostic import Report, Span
from whgen.revision import head

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.events import Invocation, Outcome
    from whgen.plan.runs import Run, RunNode

_LONGEST = 500
_KEPT = ("model", "seed", "snapshot", "test")


def home_of(project: Generated, target: str, schema_prefix: str) -> str:
    """The schema where a target keeps what happened; empty where it does not."""
    environment = environment_of(project, target)
    try:
        who = developer() if environment.per_developer else ""
    except DeveloperError:
        return ""
    return environment.home_name(schema_prefix=schema_prefix, developer=who)


def keep(project: Generated, invocation: Invocation, outcome: Outcome, began: datetime, report: Report) -> None:
    """Add the outcome of a run to those that the target has. What is in the way is a warning."""
    from whgen.dbt.failures import essence
    from whgen.dbt.history import kept
    from whgen.plan.runs import NODES, RUNS, inserts, tables
    from whgen.warehouses import DIALECTS

    home = home_of(project, invocation.target, invocation.schema_prefix)
    if not home or not outcome.nodes:
        return
    dialect, run = DIALECTS[project.warehouse], _run(invocation, outcome, began)

    def statements(place: Mapping[str, str]) -> Iterator[str]:
        yield from tables(dialect, place)
        yield from inserts(run, _nodes(run.run_id, outcome), dialect, place)

    if problem := kept(home, (RUNS, NODES), statements, makes_schema=invocation.command != "test"):
        headline, details = essence(problem)
        help_ = "\n".join([*details, "`run_history: false` in the project file keeps none"])
        report.warning("run-not-kept", Span(file=""), f"the outcome could not be kept in `{home}`: {headline}", help=help_)


def _run(invocation: Invocation, outcome: Outcome, began: datetime) -> Run:
    from whgen.plan.runs import Run

    count = totals(outcome)
    chosen = [invocation.select_words] if invocation.select_words else invocation.select
    selection = [*chosen, *(f"--exclude {e}" for e in invocation.exclude)]
    return Run(
        run_id=uuid.uuid4().hex,
        started_at=began,
        command=invocation.command,
        target=invocation.target,
        selection=" ".join(selection)[:_LONGEST],
        status="interrupted" if outcome.interrupted else "ok" if outcome.ok else "failed",
        seconds=round((datetime.now(UTC) - began).total_seconds(), 3),
        built=count["built"],
        tests_passed=count["tests_passed"],
        warned=count["warned"],
        failed=count["failed"],
        skipped=count["skipped"],
        commit_id=head(Path(invocation.root)),
        whgen_version=__version__,
    )


def _nodes(run_id: str, outcome: Outcome) -> list[RunNode]:
    from whgen.plan.runs import RunNode

    return [
        RunNode(
            run_id=run_id,
            name=node.name,
            kind=node.kind,
            status=node.status.value,
            seconds=round(node.seconds, 3),
            row_count=node.rows,
            failures=node.failures if node.kind == "test" else None,
            message=node.message[:_LONGEST] if node.status.value not in ("ok", "skipped") else None,
        )
        for node in outcome.nodes
        if node.kind in _KEPT
    ]
