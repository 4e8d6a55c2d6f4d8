"""How dbt ended -> diagnostics at the places in the specs that the failed nodes come from."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path, PurePath

from whgen.dbt.csv_faults import csv_fault
from whgen.dbt.events import Invocation, NodeFinished, Outcome, Status
from whgen.dbt.refusals import explained_refusal
from whgen.diagnostics.diagnostic import Diagnostic, Report, Severity, Span, candidates_help

NOWHERE = Span(file="")
"""The place of what no spec is to blame for."""

_HEADER = re.compile(r"^\s*(\w+ )*(Error|Exception)( in (model|test|seed|snapshot|macro|source|unit_test) .*)?$")
_NOISE = re.compile(
    r"^\s*(compiled code at .*|> ?(in|called by) \w+ .*|-{5,}|Raw Error:|error:|\w+ = .* ?\((Auto-Detected|Set By User)\)|)$"
)
_NODE = re.compile(r"in (?:model|test|seed|snapshot) (\w+) \(|'(?:model|test|seed|snapshot)\.\w+\.(\w+)(?:\.\w+)?'")
_LOCK = re.compile(
    r"(?:set lock on|open) file \"?(?P<file>[^\"\n]+?)\"?: .*?(?:held in (?P<program>\S+) \(PID (?P<process>\d+)\)|$)", re.DOTALL
)
_MOST_LINES = 12
END_THE_OTHER = "end the other program, or build into another file, then try again"

_NO_FILE = re.compile(r'No files found that match the pattern "(?P<pattern>[^"]+)"')
_NO_COLUMN = re.compile(r'Column "(?P<column>[^"]+)" referenced that exists in the SELECT clause')
_NO_NAMES = re.compile(r'Referenced column "[^"]+" not found in FROM clause!\s+Candidate bindings: "column0"\s*$', re.MULTILINE)
_NO_TABLE = re.compile(r"Table with name \S+ does not exist|relation \"[^\"]+\" does not exist|Not found: (Table|Dataset) ")
_NO_NODE = re.compile(r"depends on a (?:node|source) named '(?P<name>[^']+)' which was not found")


def report_outcome(outcome: Outcome, invocation: Invocation, origins: Mapping[str, Span], report: Report) -> None:
    """Add a diagnostic for every node that failed or warned, or for what kept dbt from running."""
    if outcome.error:
        _report_error(outcome, origins, report)
    unbuilt = [n for n in outcome.nodes if invocation.command == "test" and _reads_nothing(n)]
    if unbuilt:
        _report_unbuilt(unbuilt, invocation, report)
    for node in outcome.nodes:
        if node in unbuilt:
            continue
        span = origins.get(node.name, NOWHERE)
        if node.kind == "test" and node.status in (Status.FAILED, Status.WARNED):
            _report_test(node, invocation, span, report)
        elif node.status is Status.FAILED:
            headline, details = explained(node.message, origins)
            report.error(
                "model-failed", span, f"`{node.name}` could not be built: {headline}", help=_help(*details, _where(node, invocation))
            )


def _reads_nothing(node: NodeFinished) -> bool:
    return node.kind == "test" and node.status is Status.FAILED and _NO_TABLE.search(node.message) is not None


def _report_unbuilt(nodes: list[NodeFinished], invocation: Invocation, report: Report) -> None:
    """One diagnostic, however many tests there are: they all want the same."""
    tests = "1 test" if len(nodes) == 1 else f"{len(nodes)} tests"
    headline, _ = essence(nodes[0].message)
    message = f"{tests} could not run on `{invocation.target}`: what they read is not there"
    report.error("not-built", NOWHERE, message, help=_help("build it first: `whgen build` builds and tests", f"the first says: {headline}"))


def _report_error(outcome: Outcome, origins: Mapping[str, Span], report: Report) -> None:
    text = outcome.error
    if is_in_use(text):
        report.error("database-locked", NOWHERE, in_use(text), help=END_THE_OTHER)
        return
    report_dbt_error(text, origins, report, where=f"dbt's full log: {_relative(outcome.log)}")


def report_dbt_error(text: str, origins: Mapping[str, Span], report: Report, *, where: str = "") -> None:
    """Add what kept dbt from running, at the place of the node that it names."""
    headline, details = explained(text, origins)
    named = _NODE.search(text)
    span = origins.get(next(filter(None, named.groups())), NOWHERE) if named else NOWHERE
    report.error("dbt-failed", span, f"dbt could not run: {headline}", help=_help(*details, where))


def explained(message: str, origins: Mapping[str, Span]) -> tuple[str, list[str]]:
    """The essence of a message of the warehouse; where it is known to mislead, what it means, and what to do."""
    if found := _NO_FILE.search(message):
        # DuckDB quotes the line of the SQL that stands at the position which the file's name has in another line.
        return f"there is no file `{_relative(Path(found['pattern']))}`", ["put it there, or correct `location:` of the source"]
    if found := _NO_COLUMN.search(message):
        # DuckDB takes a column that the table lacks for the one that the SELECT is about to make of it.
        column = found["column"]
        help_ = f"correct the column's name in the spec (`its_name: {{as: {column}}}` renames it), or the data"
        return f"the table that it reads has no column `{column}`", [help_]
    if fault := csv_fault(message):
        file, what = fault
        help_ = "give each line as many values as line 1 has names, quote values with delimiters or line breaks, end all lines alike"
        return f"`{_relative(file)}` is no table: {what}", [help_]
    if _NO_NAMES.search(message):
        return "the file that it reads is empty: it has not even a line of names", ["write the names of the columns into its first line"]
    if refusal := explained_refusal(message):
        return refusal[0], [refusal[1]]
    headline, details = essence(message)
    if found := _NO_NODE.search(message):
        label, help_ = candidates_help(found["name"], origins, kind="nodes")
        return f"it reads `{found['name']}`, which does not exist", [label or help_]
    return headline, details


def is_in_use(text: str) -> bool:
    """Whether dbt did not get at an embedded database because another program has it open."""
    return "Could not set lock" in text or "Conflicting lock" in text or "used by another process" in text


def in_use(text: str) -> str:
    """Which file that is, and which program."""
    found = _LOCK.search(text)
    if found is None:
        return "the database file is in use by another process"
    program, process = found["program"], found["process"]
    by = f"{PurePath(program).name} (process {process})" if program else "another process"
    return f"the database file `{_relative(Path(found['file']))}` is in use by {by}"


def _report_test(node: NodeFinished, invocation: Invocation, span: Span, report: Report) -> None:
    severity = Severity.WARNING if node.status is Status.WARNED else Severity.ERROR
    if node.failures == 0:
        headline, details = essence(node.message)
        message, lines = f"the test `{node.name}` could not run: {headline}", details
    else:
        message, lines = f"the test `{node.name}` found {_found(node)}", _table(node)
    report.add(Diagnostic(code="test-failed", span=span, severity=severity, message=message, help=_help(*lines, _where(node, invocation))))


def _found(node: NodeFinished) -> str:
    # The test of lost values finds a row for each column, and dbt adds up what they count.
    what = "lost value" if node.examples and "lost_values" in node.examples[0] else "row"
    return f"1 {what}" if node.failures == 1 else f"{node.failures:,} {what}s"


def _table(node: NodeFinished) -> list[str]:
    """The example rows: as a table while it is narrow, else a row to a line."""
    if not node.examples:
        return []
    columns = list(node.examples[0])
    widths = [max(len(c), *(len(row[c]) for row in node.examples)) for c in columns]
    head = "for example:" if node.failures > len(node.examples) else "that is:" if node.failures == 1 else "they are:"
    if sum(widths) + 3 * len(columns) <= 72:
        lines = [columns, *([row[c] for c in columns] for row in node.examples)]
        return [head, *("  " + "   ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip() for line in lines)]
    return [head, *("  " + ", ".join(f"{c} = {v}" for c, v in row.items()) for row in node.examples)]


def _where(node: NodeFinished, invocation: Invocation) -> str:
    return f"the SQL that ran: {_relative(invocation.project / node.compiled)}" if node.compiled else ""


def _help(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _relative(path: Path) -> str:
    """The path as it is typed from here, unless that climbs further than it helps."""
    try:
        shown = os.path.relpath(path)
    except ValueError:
        return str(path)
    return str(path) if shown.startswith(os.path.join("..", "..")) else shown  # noqa: PTH118


def essence(message: str) -> tuple[str, list[str]]:
    """What matters of dbt's message: its first line, and the lines that explain it.

    >>> essence("Runtime Error in model m (models/m.sql)\\n  Binder Error: no column x\\n  Candidates: y\\n  compiled code at m.sql")
    ('Binder Error: no column x', ['Candidates: y'])
    """
    lines = [line.rstrip() for line in message.splitlines() if not _NOISE.match(line)]
    while len(lines) > 1 and _HEADER.match(lines[0]):
        del lines[0]
    if not lines:
        return "it gave no reason", []
    headline, *details = textwrap.dedent("\n".join(lines)).splitlines()
    cut = [*details[:_MOST_LINES], *(["…"] if len(details) > _MOST_LINES else [])]
    return headline.strip(), textwrap.dedent("\n".join(cut)).splitlines()
