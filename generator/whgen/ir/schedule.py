"""Schedules: when a target is built, and in which groups of models. Frozen data, made by `resolve`, read by `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from whgen.diagnostics.diagnostic import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The models that one task builds, and the groups whose models they read."""

    name: str
    tables: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a target is built. `groups` are in an order in which they can be built one after the other.

    `sources` are those that are read and say how fresh they have to be. `webhook` names an environment variable.
    """

    name: str
    file: str
    span: Span
    description: str
    tags: tuple[str, ...]
    target: str
    cron: str
    in_words: str
    time_zone: str
    gate: Literal["fail", "skip"] | None
    retries: int
    wait_seconds: int
    webhook: str
    groups: tuple[Group, ...]
    sources: tuple[str, ...]
