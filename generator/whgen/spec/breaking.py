"""`breaking:` - breaking changes that somebody stands for, each by its name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whgen.spec.common import Name, SpecModel, Text, eg


class BreakingSpec(SpecModel):
    """Breaking changes that are meant. `whgen plan` prints what to write here, and passes when all are acknowledged.

    It counts in the change that brings it: once the commit that is compared with has it, too, it is spent, and the plan says so.
    """

    breaking: Annotated[Name, eg("delay_in_minutes")]
    """A name for the changes."""
    because: Annotated[Text, eg("Nobody reads the delay in hours since October.")]
    """Why they are made, and who was told."""
    changes: Annotated[tuple[Text, ...], Field(min_length=1), eg(["column-removed fact_order.delay_hours"])]
    """The changes, as `whgen plan` names them."""
