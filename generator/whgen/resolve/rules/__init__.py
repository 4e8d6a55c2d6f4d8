"""Checks over the finished warehouse, which no single spec could make: one module for each theme."""

from __future__ import annotations

from collections.abc import Callable

from whgen.resolve.rules.additivity import check_additivity
from whgen.resolve.rules.casts import check_casts
from whgen.resolve.rules.checked import Checked
from whgen.resolve.rules.completeness import check_completeness
from whgen.resolve.rules.conformed import check_conformed
from whgen.resolve.rules.grain import check_grains
from whgen.resolve.rules.joins import check_joins
from whgen.resolve.rules.missing import check_missing
from whgen.resolve.rules.references import check_references
from whgen.resolve.rules.renames import check_renames
from whgen.resolve.rules.semantic import check_semantic_layer

RULES: tuple[Callable[[Checked], None], ...] = (
    check_references,
    check_grains,
    check_joins,
    check_additivity,
    check_missing,
    check_casts,
    check_conformed,
    check_renames,
    check_semantic_layer,
    check_completeness,
)
"""Every rule, in an order of no consequence, but that completeness comes last: it is asked for once nothing is wrong."""


def check_rules(checked: Checked) -> None:
    """Run every rule."""
    for rule in RULES:
        rule(checked)
