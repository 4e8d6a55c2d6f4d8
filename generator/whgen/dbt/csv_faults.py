"""What is wrong with a CSV file that DuckDB cannot read: it guesses at how to read it, where the file says which line breaks it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

_FILE = re.compile(r'(?:sniffing file|CSV Error on Line: \d+.*?file) "(?P<file>[^"]+)"', re.DOTALL)
_ENDS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
_DELIMITER = re.compile(r"Delimiter Candidates: '(?P<delimiter>[^']|\\t)'")


def csv_fault(message: str) -> tuple[Path, str] | None:
    """The file that a message of DuckDB's is about, and its first line that has more or fewer values than it names; None if all agree."""
    found = _FILE.search(message)
    if found is None:
        return None
    path, delimiter = Path(found["file"]), _DELIMITER.search(message)
    try:
        fault = first_fault(path, delimiter["delimiter"].replace("\\t", "\t") if delimiter else ",")
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return (path, fault) if fault else None


def first_fault(path: Path, delimiter: str) -> str:
    """The first line of a CSV file that does not fit its first one, in words; nothing where all do."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = _rows(csv.reader(file, delimiter=delimiter))
        _, names = next(rows, (0, []))
        for line, row in rows:
            if row and len(row) != len(names):
                values = "1 value" if len(row) == 1 else f"{len(row)} values"
                return f"line {line} has {values}, and line 1 has {len(names)} names"
    with path.open(encoding="utf-8", newline="") as file:
        ends = [end for text in file if (end := text[len(text.rstrip("\r\n")) :])]
    other = next((n for n, end in enumerate(ends, start=1) if end != ends[0]), None)
    return f"line {other} ends with {_ENDS.get(ends[other - 1], 'others')}, and line 1 with {_ENDS.get(ends[0], 'others')}" if other else ""


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    # A value in quotes may have several lines: a row stands where it begins.
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1  # type: ignore[attr-defined] # of the readers of csv
