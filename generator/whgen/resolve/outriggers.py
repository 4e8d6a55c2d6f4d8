"""`outriggers:` of a dimension -> keys of other dimensions among its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from whgen.diagnostics.diagnostic import Related
from whgen.ir.warehouse import Dimension, Reference, Role
from whgen.resolve.fact import AnyDimension, resolve_role
from whgen.resolve.symbols import Symbols
from whgen.spec.dimension import DimensionSpec
from whgen.spec.fact import Role as RoleSpec
from whgen.spec.load import Located


def with_outriggers(
    dimension: Dimension, at: Located[DimensionSpec], dimensions: Mapping[str, AnyDimension | None], symbols: Symbols
) -> Dimension:
    """The dimension with a key for each of its outriggers, behind its attributes."""
    roles = []
    for name, spec in at.spec.outriggers.items():
        found = resolve_role(at, ("outriggers", name), RoleSpec(**spec.model_dump(exclude_unset=True)), dimension.base, dimensions, symbols)
        if found is not None and _is_usable(found, dimension, at, name, symbols):
            roles.append(found)
            symbols.read_at.setdefault((dimension.name, found.dimension.name), found.column.span)
    if not roles:
        return dimension
    behind = len(dimension.columns) - 1
    columns = (*dimension.columns[:behind], *(r.column for r in roles), *dimension.columns[behind:])
    symbols.report_twice(columns, dimension.name)
    return replace(dimension, columns=columns, outriggers=tuple(roles))


def references_of(dimensions: Mapping[str, AnyDimension | None], name: str) -> dict[tuple[str, tuple[str, ...]], Reference]:
    """The columns from which outriggers infer members of a dimension."""
    return {
        (other.base.name, role.on): Reference(base=other.base.name, columns=role.on, where=other.where)
        for other in dimensions.values()
        if isinstance(other, Dimension)
        for role in other.outriggers
        if role.dimension.name == name and role.missing == "infer"
    }


def _is_usable(role: Role, dimension: Dimension, at: Located[DimensionSpec], name: str, symbols: Symbols) -> bool:
    other = role.dimension
    if isinstance(other, Dimension) and other.history is not None:
        symbols.report.error(
            "invalid-value",
            at.key("outriggers", name),
            f"`{other.name}` keeps history, and nothing says which version members of `{dimension.name}` mean",
            help="let the facts point to it, as of their moment",
            related=[Related(span=other.span, message=f"`{other.name}` is declared here")],
        )
        return False
    return True
