"""`history:` of a dimension - how versions of a member are told apart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from whgen.spec.combination import Combination, Excludes, OneOf
from whgen.spec.common import Name, SpecModel, Sql, Yes, eg


class History(SpecModel):
    """Versions of each member, from rows that are dated. They are made anew at every build, in whatever order rows arrived.

    Where the table has no dated rows, a snapshot makes them."""

    combinations: ClassVar[tuple[Combination, ...]] = (
        OneOf(("changed_at", "extracted_at", "snapshot"), "history is told by one of `changed_at`, `extracted_at` and `snapshot`"),
        Excludes(("extracted_at", "deleted"), "an extract that lacks a member says itself that it is gone"),
        Excludes(("snapshot", "deleted"), "a snapshot finds out itself which members are gone"),
    )

    changed_at: Annotated[Name | None, eg("changed_at")] = None
    """The column that says from when on a row holds, where the table has a row for each change."""
    extracted_at: Annotated[Name | None, eg("extract_date")] = None
    """The column that says of which extract a row is, where each extract holds all members: one that the next extract lacks is gone."""
    snapshot: Yes | None = None
    """The table knows the present only: a dbt snapshot looks at it at every build, and keeps what it saw. What changes and changes back
    between two builds is not seen. Versions are dated by the clock of the builds."""
    deleted: Annotated[Sql | None, eg("operation = 'delete'")] = None
    """Rows for which this holds say that the member is gone from then on. A later row brings it back."""
