"""One entry of the catalogue of codes: what a diagnostic says, why it is one, what causes it, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code and its explanation.

    `example` is a whole document that causes it in the project of `codes.EXAMPLE_PROJECT`, several files that each begin with a line
    `# specs/NAME`, or a command; `at_run_time`: no spec causes it. `in_schema`: the JSON Schema of the specs refuses what it reports, so
    that editors show it, too.
    """

    name: str
    title: str
    what: str
    why: str
    example: str
    fix: str
    at_run_time: bool = False
    is_warning: bool = False
    in_schema: bool = False
