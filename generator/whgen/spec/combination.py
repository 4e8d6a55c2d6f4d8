"""Which keys of a mapping go together: rules as data. The loader asks whether one is broken, the JSON Schema says it in its own words.

In: the keys that are given, with their values. Neighbours: `base` checks the rules, `json_schema` asks for `schema()`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Combination(Protocol):
    """A rule. Its message names keys in backticks: the last of them that is there is pointed at."""

    @property
    def message(self) -> str:
        """What to say when it is broken; `{count}` is how many of the keys there are."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that it speaks of."""

    @property
    def sentence(self) -> str:
        """The rule in words, for the documentation."""

    def is_broken(self, given: Mapping[str, Any]) -> bool:
        """Whether the keys that are given break it."""

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema, in a form whose errors name the key that is too much or is missing."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of the keys is given."""

    keys: tuple[str, ...]
    message: str

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"Exactly one of {_listed(self.keys)} is given."

    def is_broken(self, given: Mapping[str, Any]) -> bool:
        """Whether none of them is there, or several."""
        return len(given.keys() & {*self.keys}) != 1

    def schema(self) -> dict[str, Any]:
        """Of two keys that are there the first is too much: with `oneOf`, editors would only say that several things match."""
        if len(self.keys) == 2:
            return {"if": _has(self.keys[1]), "then": _without(self.keys[0]), "else": _has(self.keys[0])}
        alone = [{"if": _has(key), "then": _without(*self.keys[:n])} for n, key in enumerate(self.keys) if n]
        return {"anyOf": [_has(key) for key in self.keys], "allOf": alone}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the keys is given."""

    keys: tuple[str, ...]
    message: str

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"At least one of {_listed(self.keys)} is given."

    def is_broken(self, given: Mapping[str, Any]) -> bool:
        """Whether none of them is there."""
        return not given.keys() & {*self.keys}

    def schema(self) -> dict[str, Any]:
        """One of the keys is required."""
        return {"anyOf": [_has(key) for key in self.keys]}


@dataclass(frozen=True, slots=True)
class Needs:
    """With the first key the second is given, too; unless there is `or_beside`, or the mapping behind the first has a key `or_inside`."""

    keys: tuple[str, str]
    message: str
    or_inside: str = ""
    or_beside: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words."""
        other = f" or `{self.or_beside}`" if self.or_beside else ""
        return f"`{self.keys[0]}` needs `{self.keys[1]}`{other}{', here or in itself' if self.or_inside else ''}."

    def is_broken(self, given: Mapping[str, Any]) -> bool:
        """Whether the second is needed and not there."""
        first, second = self.keys
        inside = self.or_inside and getattr(given.get(first), self.or_inside, None)
        return first in given and second not in given and self.or_beside not in given and not inside

    def schema(self) -> dict[str, Any]:
        """The second key is required if the first is there."""
        condition = _has(self.keys[0])
        if self.or_inside:
            condition["properties"] = {self.keys[0]: {"not": _has(self.or_inside)}}
        needed = [_has(key) for key in (self.keys[1], self.or_beside) if key]
        return {"if": condition, "then": {"anyOf": needed} if self.or_beside else needed[0]}


@dataclass(frozen=True, slots=True)
class Excludes:
    """With the first key none of the others is given."""

    keys: tuple[str, ...]
    message: str

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return f"`{self.keys[0]}` stands without {_listed(self.keys[1:])}."

    def is_broken(self, given: Mapping[str, Any]) -> bool:
        """Whether one of the others stands beside it."""
        return self.keys[0] in given and bool(given.keys() & {*self.keys[1:]})

    def schema(self) -> dict[str, Any]:
        """The others are not allowed if the first is there."""
        return {"if": _has(self.keys[0]), "then": _without(*self.keys[1:])}


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _has(key: str) -> dict[str, Any]:
    return {"required": [key]}


def _without(*keys: str) -> dict[str, Any]:
    return {"properties": dict.fromkeys(keys, False)}
