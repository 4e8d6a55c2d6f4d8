"""The warehouses that whgen can write for: each is a module of this package, or a folder, and nothing else in the code names it.

It has two values: `DIALECT`, what the warehouse does differently, and `PARTS`, what specs may say of it. In a folder they are in
`dialect.py` and `spec.py`. It need not be listed anywhere: what lies in this folder is a warehouse.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whgen.dialects.base import Dialect
    from whgen.spec.warehouse_parts import WarehouseParts

DIALECTS: Mapping[str, Dialect]
PARTS: Mapping[str, WarehouseParts]


def _values(part: str, value: str) -> Mapping[str, Any]:
    """One of the values of every warehouse, in the order of their names."""
    places = {m.name: f"{__name__}.{m.name}{f'.{part}' if m.ispkg else ''}" for m in pkgutil.iter_modules(__path__)}
    return {name: getattr(importlib.import_module(place), value) for name, place in sorted(places.items())}


def __getattr__(name: str) -> Mapping[str, Any]:
    # Whoever only reads specs needs no syntax trees, which take long to import.
    match name:
        case "DIALECTS":
            found = _values("dialect", "DIALECT")
        case "PARTS":
            found = _values("spec", "PARTS")
        case _:
            raise AttributeError(name)
    globals()[name] = found
    return found
