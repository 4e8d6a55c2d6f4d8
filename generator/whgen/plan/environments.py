"""Warehouse -> its environments: which schemas a build on a target makes, with or without a prefix for it alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from whgen.plan.project import Environment

if TYPE_CHECKING:
    from whgen.dialects.base import Dialect
    from whgen.ir.warehouse import Warehouse


def plan_environments(warehouse: Warehouse, dialect: Dialect) -> Iterator[Environment]:
    """One for each target on the warehouse of a dialect."""
    layers = (warehouse.staging, warehouse.stagings or warehouse.seeds), (warehouse.production, warehouse.production_tables)
    schemas = tuple(sorted({layer.schema for layer, tables in layers if tables}))
    layer = warehouse.staging if layers[0][1] else warehouse.production
    home = layer.schema if warehouse.run_history else ""
    for target in warehouse.targets:
        if target.warehouse == dialect.name:
            is_audited = target.settings.get("publish") == "audited"
            yield Environment(
                target=target.name,
                prefix=target.schema_prefix,
                per_developer=target.per_developer,
                schemas=schemas,
                home=home,
                audited_file=str(target.settings[dialect.file_setting]) if is_audited else "",
                file_variable=f"{warehouse.name}_{target.name}_{dialect.file_setting}".upper() if is_audited else "",
            )
