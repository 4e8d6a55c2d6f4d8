"""A plan -> text for a terminal, Markdown for a pull request, values for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any

from whgen.changes.change import Change
from whgen.changes.plan import Plan
from whgen.ir.change_kinds import Weight

_SIGNS = {Weight.BREAKING: "\U0001f534", Weight.REBUILD: "\U0001f7e1", Weight.ADDITIVE: "\U0001f7e2"}


_MOST_LISTED = 6
_LONGEST = 60_000
"""How many characters Markdown may have: a comment at GitHub holds 65,536."""
_MOST_NAMED = 40


def to_text(plan: Plan, *, with_sql: bool) -> str:
    """The plan as people read it in a terminal."""
    lines = [f"Compared with {plan.against}.", ""]
    if not plan.changes:
        strangers = [f"Not of this project: {_listed(plan.strangers)}"] if plan.strangers else []
        return "\n".join([*lines, "Nothing changes.", *strangers, ""])
    for title, changes in _by_table(plan):
        lines += [title, *(f"  {_mark(c, plan):<12}  {_words(c, title)}  ({_place(c)})" for c in changes), ""]
    effects = [f"{label}: {_listed(names)}" for label, names in _effects(plan) if names]
    effects += [f"Reads: {plan.reads.words}"] if plan.reads is not None else []
    lines += [*effects, ""] if effects else []
    if with_sql:
        lines += [f"{name}\n{diff}" for name, diff in sorted(plan.sql.items())]
    return "\n".join([*lines, *_end(plan), ""])


def to_markdown(plan: Plan) -> str:
    """The plan as a comment of a pull request, with the SQL folded; what would make it too long for one is left out, and said to be."""
    rows = [
        f"| {_SIGNS[c.weight]} {_mark(c, plan)} | `{c.subject}` | {_cell(c.words)} | {_place(c)} |" for _, cs in _by_table(plan) for c in cs
    ]
    kept = _fitting(rows, _LONGEST // 2)
    lines = [f"**whgen plan**: {_counts(plan)}, compared with {plan.against}", ""]
    if rows:
        lines += ["| effect | table or column | change | where |", "|---|---|---|---|", *kept]
    lines += ["", f"and {len(rows) - len(kept)} more: `whgen plan` shows them"] if len(kept) < len(rows) else []
    lines += ["", *(f"- {label}: {_named(names)}" for label, names in _effects(plan) if names)]
    lines += [f"- Reads: {plan.reads.words}"] if plan.reads is not None else []
    entry = _fitting(_entry(plan), _LONGEST // 4)
    entry += ["  # and more: whgen plan shows them"] if len(entry) < len(_entry(plan)) else []
    acknowledging = ["", "If the breaking changes are meant, acknowledge them in the specs:", "", "```yaml", *entry, "```"] if entry else []
    folded = [_folded(name, diff) for name, diff in sorted(plan.sql.items())]
    shown = _fitting(folded, _LONGEST - len("\n".join([*lines, *acknowledging])))
    lines += shown
    if len(shown) < len(folded):
        lines += ["", f"The SQL of {len(folded) - len(shown)} more models changes: `whgen plan --diff` shows it."]
    return "\n".join([*lines, *acknowledging]).rstrip("\n") + "\n"


def _folded(name: str, diff: str) -> str:
    head = f"<details><summary>SQL of <code>{name}</code></summary>"
    return "\n".join(["", head, "", "```diff", diff.rstrip("\n"), "```", "", "</details>"])


def _fitting(parts: Sequence[str], room: int) -> list[str]:
    """As many of the parts, from the first one on, as there is room for."""
    lengths = accumulate(len(part) + 1 for part in parts)
    return [part for part, length in zip(parts, lengths, strict=True) if length <= room]


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"`{n}`" for n in names[:_MOST_NAMED]) + rest


def to_data(plan: Plan) -> dict[str, Any]:
    """The plan as values of JSON."""
    return {
        "against": plan.against,
        "counts": {weight.value: len(plan.of(weight)) for weight in Weight},
        "changes": [
            {
                "id": c.id,
                "kind": c.kind.name,
                "weight": c.weight.value,
                "subject": c.subject,
                "table": c.table,
                "before": c.before,
                "after": c.after,
                "acknowledged": c.id in plan.acknowledged,
                "file": c.span.file,
                "line": c.span.line,
                "is_gone": c.is_gone,
            }
            for c in plan.changes
        ],
        "reached": list(plan.reached),
        "exposures": list(plan.exposures),
        "built": list(plan.built),
        "moved": list(plan.moved),
        "tests_added": list(plan.tests_added),
        "tests_removed": list(plan.tests_removed),
        "strangers": list(plan.strangers),
        "sql": dict(plan.sql),
        **({"reads": {"target": plan.reads.target, "models": dict(plan.reads.models)}} if plan.reads is not None else {}),
    }


def _by_table(plan: Plan) -> Iterator[tuple[str, list[Change]]]:
    """The changes of each table; those of no table first, under what they are of."""
    heaviest = [*Weight]
    for title, changes in groupby(plan.changes, key=lambda c: c.table or "the project"):
        yield title, sorted(changes, key=lambda c: -heaviest.index(c.weight))


def _mark(change: Change, plan: Plan) -> str:
    return "acknowledged" if change.id in plan.acknowledged else change.weight.value


def _words(change: Change, title: str) -> str:
    part = change.subject.removeprefix(title).removeprefix(".")
    return f"{part}: {change.words}" if part else change.words


def _place(change: Change) -> str:
    place = f"{change.span.file}:{change.span.line}"
    return f"was at {place}" if change.is_gone else place


def _effects(plan: Plan) -> list[tuple[str, Sequence[str]]]:
    return [
        ("Reaches", plan.reached),
        ("Used by", plan.exposures),
        ("Will be built", plan.built),
        ("Renamed in place", plan.moved),
        ("Tests added", plan.tests_added),
        ("Tests removed", plan.tests_removed),
        ("Not of this project", plan.strangers),
    ]


def _listed(names: Sequence[str]) -> str:
    shown = names[:_MOST_LISTED]
    return ", ".join([*shown, *([f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else [])])


def _counts(plan: Plan) -> str:
    counts = [(len(plan.of(w)), w.value) for w in (Weight.BREAKING, Weight.REBUILD, Weight.ADDITIVE)]
    return ", ".join(f"{n} {word}" for n, word in counts if n) or "nothing changes"


def _end(plan: Plan) -> list[str]:
    entry = _entry(plan)
    counts = f"{_counts(plan)}."
    if not entry:
        return [counts]
    return [counts, "If the breaking changes are meant, acknowledge them in the specs:", "", *(f"  {line}" for line in entry)]


def _entry(plan: Plan) -> list[str]:
    if not plan.unacknowledged:
        return []
    head = ["breaking: a_name_for_them", "because: why they are made, and who was told", "changes:"]
    return [*head, *(f"  - {_scalar(c.id)}" for c in plan.unacknowledged)]


def _scalar(text: str) -> str:
    is_plain = not any(mark in text for mark in (": ", " #", "{", "}", "[", "]")) and not text.endswith(":")
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
