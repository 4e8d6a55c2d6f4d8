"""`seed:` - a small CSV file under version control, loaded as a table."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whgen.spec.common import ColumnSpec, Documented, Name, Names, TestRule, Text, eg


class SeedSpec(Documented):
    """A CSV file that is part of the project."""

    seed: Annotated[Name, eg("country")]
    """Name of the table."""
    was: Annotated[Name | None, eg("nation")] = None
    """The name of the seed before, when it was renamed: `whgen plan` then shows one table with a new name."""
    file: Annotated[Text, eg("country.csv")]
    """The CSV file, relative to this file. Its first line names the columns."""
    key: Annotated[Names | None, eg("country_code")] = None
    """The columns that identify a row. Tested: unique together, none of them missing."""
    columns: Annotated[dict[Name, ColumnSpec], Field(min_length=1), eg({"country_code": "string", "country_name": "string"})]
    """Its columns, in the order of the file."""
    tests: Annotated[tuple[TestRule, ...], eg([{"expression": "length(country_code) = 2"}])] = ()
    """Tests of whole rows."""
