"""The warehouses that whgen can write for: each is a module of this package, or a folder, and nothing else in the code names it.

A module has two values: `DIALECT`, what the warehouse does differently, and `PARTS`, what specs may say of it. It need not be
listed anywhere: what lies in this folder is a warehouse.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

from whgen.dialects.base import Dialect
from whgen.spec.warehouse_parts import WarehouseParts

_MODULES: Mapping[str, ModuleType] = {
    name: importlib.import_module(f"{__name__}.{name}") for name in sorted(found.name for found in pkgutil.iter_modules(__path__))
}

DIALECTS: Mapping[str, Dialect] = {name: module.DIALECT for name, module in _MODULES.items()}
PARTS: Mapping[str, WarehouseParts] = {name: module.PARTS for name, module in _MODULES.items()}
