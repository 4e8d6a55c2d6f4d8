"""How dbt ended -> diagnostics at the places in the specs that the failed nodes come from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from whgen.dbt.events import Invocation, NodeFinished, Outcome, Status
from whgen.diagnostics.diagnostic import Diagnostic, Report, Severity, Span

_NOISE = re.compile(
    r"^\s*(compiled code at .*|LINE \d+:.*|\^+|>? ?in (model|test|seed) .*|\(models/.*\)|Database Error in .*|Runtime Error in .*)$"
)


def report_outcome(outcome: Outcome, invocation: Invocation, origins: Mapping[str, Span], report: Report) -> None:
    """Add a diagnostic for every node that failed or warned, or for what kept dbt from running."""
    nowhere = Span(file="specs/warehouse.yml")
    if outcome.error:
        _report_error(outcome, nowhere, report)
    for node in outcome.nodes:
        if node.status is Status.FAILED and node.kind != "test":
            report.error("model-failed", origins.get(node.name, nowhere), f"`{node.name}` could not be built: {_essence(node.message)}",
                         help=_where(node, invocation))  # fmt: skip
        elif node.kind == "test" and node.status in (Status.FAILED, Status.WARNED):
            _report_test(node, invocation, origins.get(node.name, nowhere), report)


def _report_error(outcome: Outcome, nowhere: Span, report: Report) -> None:
    text = _essence(outcome.error)
    if "Could not set lock" in outcome.error or "Conflicting lock" in outcome.error:
        report.error(
            "database-locked", nowhere, "the database file is in use by another process", help="close the other program and try again"
        )
    else:
        report.error("dbt-failed", nowhere, f"dbt could not run: {text}", help=f"dbt's full log: {_relative(outcome.log)}")


def _report_test(node: NodeFinished, invocation: Invocation, span: Span, report: Report) -> None:
    severity = Severity.WARNING if node.status is Status.WARNED else Severity.ERROR
    if node.failures == 0 and node.status is Status.FAILED:
        report.error("test-failed", span, f"the test `{node.name}` could not run: {_essence(node.message)}", help=_where(node, invocation))
        return
    rows = "1 row" if node.failures == 1 else f"{node.failures:,} rows"
    shown = ["for example " + "; ".join(", ".join(f"{c} = {v}" for c, v in row[:6]) for row in node.examples)] if node.examples else []
    report.add(Diagnostic(code="test-failed", span=span, severity=severity, message=f"the test `{node.name}` found {rows}",
                          help="\n".join([*shown, _where(node, invocation)])))  # fmt: skip


def _where(node: NodeFinished, invocation: Invocation) -> str:
    if node.compiled is None:
        return ""
    return f"the SQL that ran: {_relative(invocation.project / node.compiled)}"


def _relative(path: Path) -> str:
    return os.path.relpath(path)


def _essence(message: str) -> str:
    """What matters of dbt's message, on one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and not _NOISE.match(line)]
    text = " ".join(lines) or message.strip()
    return text if len(text) <= 400 else text[:399] + "…"
