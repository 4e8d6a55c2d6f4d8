"""What is around the tables of a warehouse: where they are built, in which layers, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whgen.diagnostics.diagnostic import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A use of the warehouse downstream."""

    name: str
    file: str
    span: Span
    description: str
    label: str
    type: str
    owner: Mapping[str, str]
    url: str
    maturity: str
    depends_on: tuple[str, ...]
    meta: Mapping[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A place where the warehouse can be built."""

    name: str
    warehouse: str
    settings: Mapping[str, str | int]
    schema_prefix: str
    per_developer: bool = False
    """Whether the name of who builds stands behind the prefix."""

    @property
    def is_emulated(self) -> bool:
        """Whether something on this machine plays the warehouse, so that nobody else sees what is built."""
        return "emulator" in self.settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer: its schema and how its models are built. `span` is where the spec names the schema, or would."""

    name: str
    schema: str
    materialized: str
    span: Span
