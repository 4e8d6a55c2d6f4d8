"""`hierarchies:` of a dimension -> levels that are columns of it, each once."""

from __future__ import annotations

from collections.abc import Sequence

from whgen.diagnostics.diagnostic import Related
from whgen.ir.warehouse import Column, Hierarchy
from whgen.resolve.symbols import Symbols
from whgen.spec.dimension import DimensionSpec
from whgen.spec.load import Located


def resolve_hierarchies(at: Located[DimensionSpec], table: str, columns: Sequence[Column], symbols: Symbols) -> tuple[Hierarchy, ...]:
    """The hierarchies of a dimension, of the columns that members have of their source. Mistakes are reported."""
    known = [c.name for c in columns]
    for name, levels in at.spec.hierarchies.items():
        for index, level in enumerate(levels):
            span = at.at("hierarchies", name, index)
            symbols.report.used(table, level, span)
            if level not in known:
                message = f"the dimension has no attribute `{level}`"
                symbols.report.unknown("unknown-column", span, message, name=level, known=known, kind="attributes")
            elif (first := levels.index(level)) < index:
                message = f"`{level}` is a level of `{name}` already"
                related = [Related(span=at.at("hierarchies", name, first), message="first here")]
                symbols.report.error("duplicate-column", span, message, help="take it out", related=related)
    return tuple(Hierarchy(name=n, levels=levels, span=at.key("hierarchies", n)) for n, levels in at.spec.hierarchies.items())
