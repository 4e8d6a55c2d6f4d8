"""A node of YAML -> where it stands and how it is written: all that is kept of it, at a tenth of the weight. Neighbour: `document`."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

_BITS = 32
_OFFSET = (1 << _BITS) - 1
_NOWHERE = -1


class Place:
    """Where a value stands in the text of its file, in characters, how it is written there, and the places of what is in it."""

    __slots__ = ("_extent", "_key", "inner", "is_flow", "style", "text")

    def __init__(self, node: yaml.Node) -> None:
        # Two offsets in one number: there are as many places as words, and all live until the specs are understood.
        self._extent = _packed(node)
        self._key = _NOWHERE
        self.inner: dict[str, Place] | list[Place] | None = None
        scalar = node if isinstance(node, yaml.ScalarNode) else None
        self.text: str | None = scalar.value if scalar is not None else None
        """Of a scalar; None for a mapping or a list."""
        self.style: str | None = scalar.style if scalar is not None else None
        """The quotes or the block of a scalar."""
        self.is_flow = isinstance(node, yaml.CollectionNode) and bool(node.flow_style)

    @property
    def start(self) -> int:
        """Where it begins."""
        return self._extent >> _BITS

    @property
    def end(self) -> int:
        """Where what follows it begins."""
        return self._extent & _OFFSET

    @property
    def key(self) -> tuple[int, int] | None:
        """Where the key before it stands, if there is one."""
        return (self._key >> _BITS, self._key & _OFFSET) if self._key != _NOWHERE else None

    def follows(self, key: yaml.Node) -> None:
        """It is the value of a key."""
        self._key = _packed(key)

    def at(self, path: Sequence[str | int]) -> Place | None:
        """The place at a path below this one. In a list that stands for a mapping, as in `columns: [a, b]`, the items are its keys."""
        found: Place | None = self
        for part in path:
            inner = found.inner if found is not None else None
            if isinstance(inner, dict):
                found = inner.get(part) if isinstance(part, str) else None
            elif isinstance(inner, list) and isinstance(part, int):
                found = inner[part] if part < len(inner) else None
            else:
                found = next((item for item in inner or () if item.text == part), None)
        return found


def _packed(node: yaml.Node) -> int:
    return int(node.start_mark.index << _BITS | node.end_mark.index)
