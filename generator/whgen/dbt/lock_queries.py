"""How builds on one target of a server keep each other out: the queries of a lock that the server keeps, and that dies with its session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLock:
    """The queries; `{name}` is a number of 31 bits that stands for what is locked."""

    introduce: str
    """Says who the session is to whoever asks; `{who}` is a text in quotes."""
    alone: str
    """Takes the lock for nobody else; one value, whether it is held now."""
    together: str
    """Takes it for all who take it together; one value, whether it is held now."""
    holder: str
    """Who else has it, as the session was introduced, and since when in UTC, NULL where that is not shown; the one first who was first."""
    longest: int
    """How many bytes of `{who}` it keeps."""
