"""`seed:` - a small CSV file under version control, loaded as a table."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whgen.spec.common import ColumnSpec, Documented, Name, Names, TestRule, Text


class SeedSpec(Documented):
    """A CSV file that is part of the project."""

    seed: Name
    """Name of the table."""
    file: Text
    """The CSV file, relative to this file. Its first line names the columns."""
    key: Names | None = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    columns: Annotated[dict[Name, ColumnSpec], Field(min_length=1)]
    """Its columns, in the order of the file."""
    tests: tuple[TestRule, ...] = ()
    """Tests of whole rows."""
