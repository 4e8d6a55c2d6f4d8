"""How values become texts that are equal on every warehouse where the values are, so that tables of two of them can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from whgen.ir.types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The SQL of one warehouse for it."""

    texts: Mapping[Kind, str]
    """For each kind of type the text of the value `{x}`; where it has none, the value is cast to one. Floats have 12 digits that count."""
    hash: str
    """The MD5 hash of the text `{x}` as 32 hexadecimal digits."""
    number: str
    """The 8 hexadecimal digits `{x}` as a whole number."""
