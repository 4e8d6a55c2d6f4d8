"""What a warehouse adds to the spec language: its targets, the locations of sources, options of tables. Each warehouse has one value.

A building block of specs, as `base` and `common` are: the warehouses are made of it, and the nouns of the warehouses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StrictInt

from whgen.spec.common import Flag, SpecModel, eg

Place = tuple[str | int, ...]
Prefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""What the names of schemas begin with."""


class TargetSpec(SpecModel):
    """A target: a place where the warehouse can be built. Each warehouse has its own, with `warehouse` as the literal of its name."""

    warehouse: str
    """The kind of warehouse."""
    threads: Annotated[StrictInt, Field(ge=1, le=64), eg(4)] = 4
    """How many models dbt builds at once."""
    schema_prefix: Annotated[Prefix | None, eg("qa_")] = None
    """Put before the schema of every layer, so that several environments can share one database."""
    per_developer: Flag = False
    """Also put the name of who builds before it, so that developers do not overwrite each other: `WHGEN_DEV_SCHEMA`, or the user name."""


class TableSettings(SpecModel):
    """How a table is kept on one warehouse. Shape only: what an option means is said in the warehouse's dialect, which gets it as data."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that it speaks of, each with its place."""
        yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What may stand behind the name of a warehouse, with examples of it."""

    model: type[SpecModel]
    examples: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseParts:
    """What a spec may say of one warehouse."""

    title: str
    """The name of the warehouse in sentences."""
    target: type[TargetSpec]
    location: Shape
    """Where the tables of a source lie."""
    table: Shape | None = None
    """How a table is kept: a model of `TableSettings`."""
    layer: Shape | None = None
    """How all tables of a layer are kept."""
    is_written: bool = False
    """Whether the expressions of a project may be written in its SQL."""
    has_policy_tags: bool = False
    """Whether classes of personal data have policy tags there."""
