"""Models that have a key for each warehouse: what may stand behind it, the warehouse says in its own module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model

from whgen.spec.common import SpecModel
from whgen.spec.warehouse_parts import Shape
from whgen.warehouses import PARTS


def for_each_warehouse(shapes: Mapping[str, Shape | None]) -> type[SpecModel]:
    """A base class with a key for each of these warehouses that has a shape there."""
    keys: dict[str, Any] = {
        name: (Annotated[shape.model | None, Field(description=f"On {PARTS[name].title}.", examples=list(shape.examples))], None)
        for name, shape in shapes.items()
        if shape is not None
    }
    return create_model("ForEachWarehouse", __base__=SpecModel, **keys)
