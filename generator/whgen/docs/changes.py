"""docs/changes.md: the kinds of change that a plan knows, made from their catalogue."""

from __future__ import annotations

from whgen.ir.change_kinds import KINDS, MEANING, Weight

_STAGING = (
    "In staging tables and seeds, which only the project itself reads unless an exposure names them, nothing is breaking: "
    "it asks for a rebuild."
)


def changes_page() -> str:
    """The kinds by how much they ask."""
    parts = ["# Kinds of change", "", "What `whgen plan` tells apart, by how much it asks of those who read the warehouse.", _STAGING, ""]
    for weight in (Weight.BREAKING, Weight.REBUILD, Weight.ADDITIVE):
        parts += [f"## {weight.value}", "", MEANING[weight], "", "| kind | when |", "|---|---|"]
        parts += [f"| `{k.name}` | {k.when} |" for k in KINDS.values() if k.weight is weight]
        parts += [""]
    return "\n".join(parts).rstrip() + "\n"
