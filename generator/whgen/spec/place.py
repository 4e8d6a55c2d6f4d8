"""A node of YAML -> where it stands and how it is written: all that is kept of it, at a tenth of the weight. Neighbour: `document`."""

from __future__ import annotations

from typing import NamedTuple

import yaml


class Place(NamedTuple):
    """Where a value stands in the text of its file, in characters, and how it is written there."""

    start: int
    end: int
    text: str | None
    """Of a scalar; None for a mapping or a list."""
    style: str | None = None
    """The quotes or the block of a scalar."""
    is_list: bool = False
    is_flow: bool = False

    @classmethod
    def of(cls, node: yaml.Node) -> Place:
        """The place of a node that PyYAML composed."""
        extent = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.CollectionNode):
            return cls(*extent, None, None, isinstance(node, yaml.SequenceNode), bool(node.flow_style))
        assert isinstance(node, yaml.ScalarNode), "it is all that is left"
        return cls(*extent, str(node.value), node.style)
