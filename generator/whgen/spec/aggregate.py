"""`aggregate:` of a fact - another fact at a coarser grain, made of its rows."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from whgen.spec.combination import AnyOf, Combination, Excludes, Needs
from whgen.spec.common import Name, Names, SpecModel, eg

Period = Literal["day", "week", "month", "quarter", "year"]


class AggregateSpec(SpecModel):
    """A fact summed up to a coarser grain. The names of roles and columns are those that it has."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        AnyOf(("by", "periods"), "an aggregate needs `by` or `periods`: what there is a row for"),
        Needs(("dense", "periods"), "`dense` needs `periods`: what there is a row for also when nothing happened"),
    )

    of: Annotated[Name, eg("order")]
    """The fact that is summed up."""
    by: Annotated[Names | None, eg("customer", ["customer", "order_status"])] = None
    """Its roles and degenerate columns that are kept: there is a row for each of their combinations."""
    periods: Annotated[dict[Name, Period], Field(min_length=1), eg({"order_date": "month"})] | None = None
    """Its roles of a calendar that are kept as the first day of their week, month, quarter or year, or as the day that they are."""
    dense: Literal["since_first", "always"] | None = None
    """Makes a periodic snapshot: a row for each combination and period, also when nothing happened. They begin with the first period of
    each combination, or `always` with the first of all, and end with the last of all."""


AGGREGATED = Excludes(
    ("aggregate", "key", "where", "derive", "dimensions", "milestones", "degenerate", "join", "group_by", "aggregates", "incremental"),
    "`aggregate` says itself which rows there are, beside `measures` alone",
)
"""What a fact cannot have that is made of another one."""
