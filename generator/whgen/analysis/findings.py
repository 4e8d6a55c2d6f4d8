"""What an analyzer says -> diagnostics at the places in the specs that the SQL comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whgen.compilation import Generated
from whgen.dbt.compile import Compiled
from whgen.diagnostics.diagnostic import Report, Span
from whgen.plan.project import Node

_MESSAGE = re.compile(r"^(?:Code: (?P<code>\d+), Message: )?(?P<text>.*?)(?: \[at (?P<line>\d+):(?P<column>\d+)\])?$", re.DOTALL)
_NAMED = re.compile(r"(?:Unrecognized name: |Name )`?(\w+)`?")
_INTERNAL = ("13", "12")
"""Codes of the library for what it does not do: an error of its own, and what is not implemented."""
NOWHERE = Span(file="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the analyzer says of one statement: the columns that it yields, or what is wrong, at which place of the compiled SQL."""

    columns: tuple[tuple[str, str], ...] = ()
    error: str = ""
    line: int = 0
    column: int = 0
    is_internal: bool = False

    @classmethod
    def refused(cls, message: str) -> Verdict:
        """The verdict that an error message is."""
        found = _MESSAGE.match(message)
        assert found is not None, "the pattern takes any text"
        return cls(
            error=found["text"] or message,
            line=int(found["line"] or 0),
            column=int(found["column"] or 0),
            is_internal=found["code"] in _INTERNAL,
        )

    def to_data(self) -> list[Any]:
        """It as values of JSON."""
        return [[list(c) for c in self.columns], self.error, self.line, self.column, self.is_internal]

    @classmethod
    def from_data(cls, data: Any) -> Verdict | None:
        """What `to_data` was called on; None for other data."""
        try:
            columns, error, line, column, is_internal = data
            return cls(columns=tuple((n, t) for n, t in columns), error=error, line=line, column=column, is_internal=is_internal)
        except (TypeError, ValueError):
            return None


def report_refusal(node: Compiled, verdict: Verdict, origin: Node | None, project: Generated, root: Path, report: Report) -> None:
    """The analyzer refuses the SQL of a node."""
    lines = node.sql.splitlines()
    quoted = lines[verdict.line - 1].strip() if 0 < verdict.line <= len(lines) else ""
    where = f"in {project.folder / node.file}" + (f", there is: {quoted}" if quoted else "")
    if verdict.is_internal:
        span = origin.span if origin else NOWHERE
        report.warning("not-analyzed", span, f"the analyzer cannot judge `{node.name}`: {verdict.error}", help=where)
        return
    if _may_be_there(verdict, origin, node):
        help_ = f"list it among the columns of the source, so that it can be judged\n{where}"
        message = f"`{node.name}` reads a column that the specs of its sources do not list: {verdict.error}"
        report.warning("not-analyzed", _place(node, verdict, origin, root), message, help=help_)
        return
    again = " where its table is there already" if node.again else ""
    what = "the test" if node.kind == "test" else f"the {node.kind}"
    report.error(
        "refused-by-analyzer",
        _place(node, verdict, origin, root),
        f"BigQuery refuses {what} `{node.name}`{again}: {verdict.error}",
        help=where,
    )


def _may_be_there(verdict: Verdict, origin: Node | None, node: Compiled) -> bool:
    # Specs list of a source what they use, and a file that goes through untouched may use more.
    reads_source = any("." in name for name in node.reads)
    return origin is not None and bool(origin.file) and reads_source and _NAMED.match(verdict.error) is not None


def _place(node: Compiled, verdict: Verdict, origin: Node | None, root: Path) -> Span:
    """In a file that goes through untouched, the very word; else what the specs say of the column that is named, or of the node."""
    if origin is None:
        return NOWHERE
    if origin.file and verdict.line and (span := _in_file(node, verdict, origin.file, root)) is not None:
        return span
    named = _NAMED.match(verdict.error)
    return origin.columns.get(named[1], origin.span) if named else origin.span


def _in_file(node: Compiled, verdict: Verdict, file: str, root: Path) -> Span | None:
    try:
        written = (root / file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError):
        return None
    line = node.sql.splitlines()[verdict.line - 1]
    # Jinja may have taken lines away or put some in; a line without any is itself, and so is what stands before it.
    before = written[verdict.line - 1].partition("{{")[0] if verdict.line <= len(written) else ""
    if before.strip() and line.startswith(before.rstrip()) and verdict.column <= len(before):
        number = verdict.line
    elif [w.rstrip() for w in written].count(line.rstrip()) == 1:
        number = [w.rstrip() for w in written].index(line.rstrip()) + 1
    else:
        return None
    word = re.match(r"\w+", line[verdict.column - 1 :])
    end = verdict.column + (len(word[0]) if word else 1)
    return Span(file=file, line=number, column=verdict.column, end_line=number, end_column=end)


def report_verdict(
    node: Compiled, verdict: Verdict, expected: Sequence[tuple[str, str]], origin: Node | None, project: Generated, report: Report
) -> None:
    """What a node yields against what the specs say that it does."""
    spans: Mapping[str, Span] = origin.columns if origin else {}
    span = origin.span if origin else NOWHERE
    file = f"in {project.folder / node.file}"
    wanted, got = dict(expected), dict(verdict.columns)
    for name, type_ in expected:
        if name in got and got[name] != type_:
            message = f"`{node.name}.{name}` is {got[name]} on {project.warehouse}, and the specs make it {type_}"
            report.error("analyzed-otherwise", spans.get(name, span), message, help=file)
        elif name not in got:
            report.error(
                "analyzed-otherwise", spans.get(name, span), f"`{node.name}` yields no column `{name}` on {project.warehouse}", help=file
            )
    for name, type_ in verdict.columns:
        if name not in wanted:
            report.error(
                "analyzed-otherwise", span, f"`{node.name}` yields a column `{name}` ({type_}) that the specs do not have", help=file
            )
    if len(got) < len(verdict.columns):
        twice = sorted({n for n, _ in verdict.columns if [m for m, _ in verdict.columns].count(n) > 1})
        report.error("analyzed-otherwise", span, f"`{node.name}` yields `{twice[0]}` more than once", help=file)


def report_unknown(name: str, columns: Sequence[str], readers: Sequence[str], origin: Node | None, report: Report) -> None:
    """A table of which not all is known, so that nobody can say whether the SQL that reads it is right."""
    if not readers:
        return
    what = f"the type of `{columns[0]}`" if len(columns) == 1 else f"the types of {len(columns)} columns" if columns else "the columns"
    shown = ", ".join(f"`{r}`" for r in readers[:3]) + (f" and {len(readers) - 3} more" if len(readers) > 3 else "")
    report.warning(
        "not-analyzed",
        origin.span if origin else NOWHERE,
        f"{what} of `{name}` on this warehouse {'is' if len(columns) == 1 else 'are'} not known, so what reads it was not analyzed",
        help=f"not analyzed: {shown}\nsay in `sources.lock` what the table holds, or give its columns types in the specs",
    )
