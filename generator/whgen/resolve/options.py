"""`warehouse_options:` of a table, over those of its layer; columns that they name must be there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from whgen.ir.options import Options
from whgen.ir.warehouse import Column
from whgen.resolve.symbols import Path, Symbols
from whgen.spec.load import Located
from whgen.spec.options import TableOptions
from whgen.spec.warehouse import ProductionLayer, StagingLayer


def resolve_options(
    spec: TableOptions, layer: StagingLayer | ProductionLayer, at: Located[Any], path: Path, columns: Iterable[Column], symbols: Symbols
) -> Options:
    """What the specs say of how a table is kept, for each warehouse; where it is said."""
    names = {column.name for column in columns}
    for place, column in spec.named():
        if column not in names:
            symbols.report.unknown(
                "unknown-column",
                at.at(*path, "warehouse_options", *place),
                f"the table has no column `{column}`",
                name=column,
                known=names,
                kind="columns",
            )
    defaults = layer.warehouse_options.model_dump(exclude_none=True)
    own = spec.model_dump(exclude_none=True, exclude_defaults=True)
    return Options(
        settings={name: {**defaults.get(name, {}), **own.get(name, {})} for name in sorted({*defaults, *own})},
        own={name: frozenset(settings) for name, settings in own.items()},
        places={(name, option): at.key(*path, "warehouse_options", name, option) for name, settings in own.items() for option in settings},
        span=at.key(*path, "warehouse_options") if own else None,
    )
