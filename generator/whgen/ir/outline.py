"""What connects the files of a project, for recompiling a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Which file is made of which. Only files that declare sources, tables or models are in it."""

    file: str
    """The project file."""
    reads: Mapping[str, tuple[str, ...]]
    """For each file those that what it declares is made of, or is tested against."""
    keys: Mapping[str, str]
    """The names that stand for one thing in all tables, each with its type in words."""
