"""Whether the CSV file of a seed is a table: one delimiter, one line of names, and as many values in every row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.spec.text import SourceText

_OTHERS = {";": "`;`", "\t": "tabs", "|": "`|`"}
_MOST_ROWS = 3
"""Rows of another length are shown up to here: more of them have one cause."""


def check_seed(source: SourceText, columns: Sequence[str], columns_at: Span, report: Report) -> bool:
    """Report what keeps the file from being the table that the spec declares. True when there is nothing."""
    before = report.mistakes
    lines = source.text.split("\n")
    header = _values(lines[0])
    if not source.text.strip():
        help_ = f"write the names of the columns into its first line: {','.join(columns)}"
        report.error("seed-rows", Span(file=source.file), f"`{source.file}` is empty: it has not even a line of names", help=help_)
    elif (unreadable := _unreadable(source.text)) is not None:
        line, message, help_ = unreadable
        report.error("seed-rows", _line(source, line), message, help=help_)
    elif other := next((o for o in _OTHERS if header != list(columns) and [n.strip() for n in lines[0].split(o)] == list(columns)), ""):
        message = f"the values of `{source.file}` are separated by {_OTHERS[other]}, and a seed has commas"
        report.error("seed-rows", _line(source, 1), message, help="save it with commas; quote values that have commas in them")
    elif header != list(columns):
        report.error(
            "seed-columns",
            columns_at,
            f"the first line of `{source.file}` names other columns",
            help=f"it names: {', '.join(header) or 'nothing'}",
            related=[Related(span=_line(source, 1), message="the first line is here")],
        )
    else:
        _check_rows(source, len(columns), report)
    return report.mistakes == before


def _check_rows(source: SourceText, width: int, report: Report) -> None:
    found = 0
    for first, last, row in _rows(source.text):
        # A line with nothing in it is no row, unless a row is one value.
        if len(row) != width and row:
            values = "1 value" if len(row) == 1 else f"{len(row)} values"
            names = "1 name" if width == 1 else f"{width} names"
            help_ = "quote values with commas or line breaks in them, and leave no value out: a comma stands behind an empty one, too"
            if last > first:
                help_ = f'it goes on to line {last}, since a quote is open there; close it, or write `""` for a quote in a value'
            report.error("seed-rows", _line(source, first), f"this row has {values}, and line 1 has {names}", help=help_)
            found += 1
            if found == _MOST_ROWS:
                return
    if not found and (line := _unclosed(source.text)):
        report.error(
            "seed-rows", _line(source, line), "a quote that opens in this row is never closed", help='write `""` for a quote in a value'
        )


def _rows(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """The rows, each with its first and its last line."""
    reader, line = csv.reader(text.split("\n")), 1
    for row in reader:
        yield line, reader.line_num, row
        line = reader.line_num + 1


def _unreadable(text: str) -> tuple[int, str, str] | None:
    """The line at which no reader gets on, with what is wrong there and what to do."""
    line = 1
    try:
        for _, last, _ in _rows(text):
            line = last + 1
    except csv.Error as problem:
        if "new-line" in str(problem):
            return (
                line,
                "a CR stands in this line that ends none, as on old Macs",
                "save it with LF or CR LF at the end of each line",
            )
        return line, "a value in this row is longer than any can be", "a quote that is never closed makes one value of all that follows"
    return None


def _unclosed(text: str) -> int:
    """The line of the row in which the file ends within quotes; 0 where it does not."""
    reader, line = csv.reader(text.split("\n"), strict=True), 1
    try:
        for _ in reader:
            line = reader.line_num + 1
    except csv.Error as problem:
        return line if "unexpected end of data" in str(problem) else 0
    return 0


def _values(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _line(source: SourceText, number: int) -> Span:
    text = source.text.split("\n")[number - 1]
    return Span(file=source.file, line=number, end_line=number, end_column=len(text.rstrip("\r")) + 1)
