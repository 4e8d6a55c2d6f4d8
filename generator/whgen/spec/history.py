"""`history:` of a dimension - how versions of a member are told apart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from whgen.spec.combination import Combination, Excludes, OneOf
from whgen.spec.common import Name, SpecModel, Sql, eg


class History(SpecModel):
    """Versions of each member, from rows that are dated. They are made anew at every build, in whatever order rows arrived."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("changed_at", "extracted_at"), "history is told by either `changed_at` or `extracted_at`"),
        Excludes(("extracted_at", "deleted"), "an extract that lacks a member says itself that it is gone"),
    )

    changed_at: Annotated[Name | None, eg("changed_at")] = None
    """The column that says from when on a row holds, where the table has a row for each change."""
    extracted_at: Annotated[Name | None, eg("extract_date")] = None
    """The column that says of which extract a row is, where each extract holds all members: one that the next extract lacks is gone."""
    deleted: Annotated[Sql | None, eg("operation = 'delete'")] = None
    """Rows for which this holds say that the member is gone from then on. A later row brings it back."""
