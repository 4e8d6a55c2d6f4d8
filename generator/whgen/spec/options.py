"""`warehouse_options:` - how tables are kept on one warehouse, where the others have nothing like it. Each has a key of its own."""

from __future__ import annotations

from collections.abc import Iterator

from whgen.spec.for_each import for_each_warehouse
from whgen.spec.warehouse_parts import Place
from whgen.warehouses import PARTS


class LayerOptions(for_each_warehouse({name: parts.layer for name, parts in PARTS.items()})):  # type: ignore[misc] # made at run time
    """How the tables of a layer are kept, for each warehouse."""


class TableOptions(for_each_warehouse({name: parts.table for name, parts in PARTS.items()})):  # type: ignore[misc] # made at run time
    """How a table is kept, for each warehouse. What it does not say, its layer says."""

    def named(self) -> Iterator[tuple[Place, str]]:
        """The columns that the options of any warehouse speak of, each with its place."""
        for warehouse in type(self).model_fields:
            options = getattr(self, warehouse)
            if options is not None:
                yield from (((warehouse, *place), column) for place, column in options.named())
