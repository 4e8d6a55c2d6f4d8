"""`incremental:` of a fact - what a run adds to the table, instead of building it anew."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from whgen.spec.combination import Combination, OneOf
from whgen.spec.common import Name, SpecModel, Text, eg


class Incremental(SpecModel):
    """Each run loads what is new, and once more what the look-back covers: rows that came late, changed or went within it are right
    afterwards, as after a full refresh. What changes outside it is not seen: neither rows, nor versions of a dimension that are told of
    late. A row whose event moves from before the look-back into it is there twice, which the test of its key says. `whgen build
    --full-refresh` builds the table anew."""

    combinations: ClassVar[tuple[Combination, ...]] = (OneOf(("by", "loaded"), "increments go either `by` a date or by what was `loaded`"),)

    by: Annotated[Name | None, eg("ordered_on")] = None
    """The date, datetime or timestamp of the event, a column that the fact keeps. The days of the look-back are replaced whole: what the
    source no longer has goes."""
    loaded: Annotated[Name | None, eg("loaded_at")] = None
    """The column, kept by the fact, that says when a row was loaded or changed. Rows loaded since are merged by the key of the grain; one
    that `where:` leaves out now goes. A row that just vanishes from the source stays: no loaded row says so."""
    lookback: Annotated[Text, eg("3 days", "2 hours")]
    """How far before the newest row of the fact a run begins, such as `3 days`; with `by`, in whole days (of UTC for a timestamp). That of
    the newest row is always one more."""
    on_schema_change: Literal["append_new_columns", "fail"] = "append_new_columns"
    """When the table lacks columns of the spec: add them, empty in rows from before the look-back until a full refresh, or fail the
    build. A renamed column is a new one."""
