"""Differences -> text for a terminal, Markdown for a pull request, values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whgen.diff.difference import Difference, Example, Value

Names = tuple[str, str]
"""What the two sides are called."""


def to_text(found: Sequence[Difference], names: Names) -> str:
    """The differences as people read them in a terminal."""
    lines = []
    for difference in found:
        lines += [f"{difference.table}: {_verdict(difference, names)}", *(f"  {line}" for line in _lines(difference, names))]
    return "\n".join([*lines, _end(found, names), ""])


def to_markdown(found: Sequence[Difference], names: Names) -> str:
    """The differences as a comment of a pull request: a table of all, and the examples folded."""
    left, right = names
    lines = [f"**whgen diff**: {_end(found, names)}", ""]
    lines += [
        f"| table | rows in {left} | rows in {right} | only {left} | only {right} | changed | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for d in found:
        if d.missing:
            lines.append(f"| `{d.table}` | | | | | | {_verdict(d, names)} |")
            continue
        counts = [f"{d.totals[n]:,}" for n in ("rows_left", "rows_right", "only_left", "only_right", "changed")]
        lines.append(f"| `{d.table}` | {' | '.join(counts)} | {_verdict(d, names)} |")
    for d in found:
        details = [] if d.missing else [*_lines(d, names)]
        if details and not d.is_equal:
            summary = f"<details><summary>Rows of <code>{d.table}</code></summary>"
            lines += ["", summary, "", "```text", *(line.replace("```", "'''") for line in details), "```", "", "</details>"]
    return "\n".join(lines) + "\n"


def to_data(found: Sequence[Difference]) -> list[dict[str, Any]]:
    """The differences as values of JSON."""
    return [_data(d) for d in found]


def _data(d: Difference) -> dict[str, Any]:
    head: dict[str, Any] = {"table": d.table, "equal": d.is_equal, "missing": list(d.missing)}
    if d.missing:
        return head
    return head | {
        "key": list(d.key),
        **d.totals,
        "columns_left": list(d.columns_left),
        "columns_right": list(d.columns_right),
        "types": [{"column": c, "left": left, "right": right} for c, left, right in d.retyped],
        "columns": [
            {
                "column": c,
                "changed": n,
                "examples": [{"row": dict(e.row), "left": e.left, "right": e.right} for e in d.changes[c]],
            }
            for c, n in d.changed.items()
        ],
        **{
            f"{kind}_examples": [{"row": dict(e.row), "rows_left": e.rows_left, "rows_right": e.rows_right} for e in examples]
            for kind, examples in (("only_left", d.only_left), ("only_right", d.only_right), ("repeated", d.repeated))
        },
    }


def _verdict(d: Difference, names: Names) -> str:
    if d.missing:
        return f"is not in {' and not in '.join(d.missing)}"
    words = []
    for kind, name in (("only_left", names[0]), ("only_right", names[1])):
        words += [f"{_keys(d.totals[kind], d)} only in {name}"] if d.totals[kind] else []
    words += [f"{_keys(d.totals['changed'], d)} changed"] if d.totals["changed"] else []
    words += [f"{_keys(d.totals['repeated_apart'], d)} with other rows"] if d.totals["repeated_apart"] else []
    words += ["other columns"] if d.columns_left or d.columns_right else []
    return ", ".join(words) or "no difference"


def _keys(count: int, d: Difference) -> str:
    noun = "row" if d.is_keyless else "key"
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _lines(d: Difference, names: Names) -> Iterator[str]:
    if d.missing:
        return
    left, right = names
    t = d.totals
    yield f"rows: {t['rows_left']:,} in {left}, {t['rows_right']:,} in {right}; {_by(d)}"
    for columns, name in ((d.columns_left, left), (d.columns_right, right)):
        if columns:
            yield f"columns only in {name}: {', '.join(columns)}"
    for column, here, there in d.retyped:
        yield f"type of {column}: {here} in {left}, {there} in {right}; compared by value"
    for kind, name, examples in (("only_left", left, d.only_left), ("only_right", right, d.only_right)):
        if t[kind]:
            yield f"only in {name}: {t[kind]:,}"
            yield from (f"  {_row(e.row)}{_times(e)}" for e in examples)
    if t["repeated"]:
        yield f"several times: {_keys(t['repeated'], d)}, {t['repeated_apart']:,} of them with other rows"
        yield from (f"  {_row(e.row)}: {e.rows_left:,} in {left}, {e.rows_right:,} in {right}" for e in d.repeated)
    for column, count in d.changed.items():
        yield f"{column}: changed in {count:,}"
        yield from (f"  {_row(e.row)}: {_value(e.left)} in {left}, {_value(e.right)} in {right}" for e in d.changes[column])


def _by(d: Difference) -> str:
    return "without a key, by whole rows" if d.is_keyless else f"by {', '.join(d.key)}"


def _times(example: Example) -> str:
    count = max(example.rows_left, example.rows_right)
    return f" ({count:,} times)" if count > 1 else ""


def _row(row: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in row.items())


def _value(value: Value) -> str:
    return "NULL" if value is None else value if value else "''"


def _end(found: Sequence[Difference], names: Names) -> str:
    apart = sum(not d.is_equal for d in found)
    tables = f"{len(found)} table{'' if len(found) == 1 else 's'}"
    differing = "it differs" if len(found) == 1 else f"{apart} of them differ{'s' if apart == 1 else ''}"
    verdict = differing if apart else "no difference"
    return f"{tables} of {names[0]} compared with {names[1]}: {verdict}."
