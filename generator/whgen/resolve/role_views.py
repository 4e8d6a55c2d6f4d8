"""`role_views:` of a dimension -> a view for each role, so that a query may join two of them and mix up no columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.ir.inputs import RoleView
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact
from whgen.resolve.symbols import Symbols
from whgen.spec.dimension import DimensionSpec
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.columns import column_expression
from whgen.sql.compose import Items, selected


def view_name(role: str, noun: str, prefix: str) -> str:
    """What the view of a role is called.

    >>> view_name("origin", "airport", "dim_"), view_name("order_date", "date", "dim_")
    ('dim_origin_airport', 'dim_order_date')
    """
    return prefix + (role if role.endswith(f"_{noun}") else f"{role}_{noun}")


def role_views(
    at: Located[DimensionSpec], dimension: Dimension | ComputedDimension, project: WarehouseSpec, symbols: Symbols
) -> Iterator[RoleView]:
    """The views of a dimension, as it is in the end."""
    for role in at.spec.role_views:
        if role == dimension.noun:
            message = f"the role `{role}` has the name of the dimension, which serves it as it is"
            symbols.report.error("invalid-value", at.key("role_views", role), message, help="take it out")
            continue
        found = _view(at, role, dimension, project.layers.production.dimension_prefix, symbols)
        symbols.add(found, found.name)
        yield found


def check_played(specs: Iterable[Located[DimensionSpec]], facts: Sequence[Fact], report: Report) -> None:
    """Report each view of a role that no fact knows: its key would have another name than theirs."""
    for at in specs:
        noun = at.spec.dimension
        played = {r.column.name.removesuffix("_key") for f in facts for r in f.roles if r.dimension.noun == noun}
        for role in at.spec.role_views:
            if role not in played:
                message = f"`{noun}` plays no role `{role}` for any fact"
                report.unknown("unknown-role", at.key("role_views", role), message, name=role, known=played, kind="roles")


def _view(at: Located[DimensionSpec], role: str, dimension: Dimension | ComputedDimension, prefix: str, symbols: Symbols) -> RoleView:
    spec, span = at.spec.role_views[role], at.key("role_views", role)
    name = view_name(role, dimension.noun, prefix)
    symbols.claim(name, span)
    symbols.read_at[(name, dimension.name)] = span
    said = role.removesuffix(f"_{dimension.noun}")
    # The key is called as facts call theirs.
    names = {c.name: f"{role}_key" if c.name == dimension.surrogate_key else f"{said}_{c.name}" for c in dimension.columns}
    columns = tuple(replace(c, name=names[c.name], tests=(), pii="", was=_was(c.was, said), span=span) for c in dimension.columns)
    symbols.report_twice(columns, name)
    items: Items = {names[c.name]: column_expression(c.name, c.type) for c in dimension.columns}
    select = selected(exp.Select().from_(exp.to_table(dimension.name), copy=False), items)
    return RoleView(
        name=name,
        file=at.file,
        span=span,
        description=spec.description or f"{dimension.name} in the role `{role}`: {dimension.description}".rstrip(": "),
        columns=columns,
        key=(f"{role}_key",),
        meta=spec.meta,
        tags=tuple(spec.tags or at.spec.tags or ()),
        materialized="view",
        grain="",
        selects=dict.fromkeys(symbols.warehouses, select),
        verbatim={},
        reads=(dimension.name,),
    )


def _was(name: str, prefix: str) -> str:
    return f"{prefix}_{name}" if name else ""
