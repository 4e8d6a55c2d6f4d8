"""`bridge:` of a fact -> which of its rows make a group, and what weighs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from whgen.ir.types import Kind, a
from whgen.ir.warehouse import Bridge, Measure
from whgen.resolve.keys import identified_by
from whgen.resolve.symbols import Symbols, declared_as
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located
from whgen.spec.warehouse import ProductionLayer

_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.UNKNOWN)


def fact_name(spec: FactSpec, layer: ProductionLayer) -> str:
    """What a fact is called in the warehouse."""
    return f"bridge_{spec.fact}" if spec.bridge is not None else layer.fact_prefix + spec.fact


def resolve_bridge(
    at: Located[FactSpec], roles: Collection[str], degenerate: Collection[str], measures: Mapping[str, Measure | None], symbols: Symbols
) -> Bridge | None:
    """The bridge that a fact is, or None. Mistakes are reported."""
    spec = at.spec.bridge
    if spec is None:
        return None
    group = tuple(identified_by(n, roles, degenerate, at.at("bridge", "group", i), symbols) for i, n in enumerate(spec.group))
    span = at.at("bridge", "weight")
    weight = measures.get(spec.weight)
    if spec.weight not in measures:
        message = f"the fact has no measure `{spec.weight}`"
        symbols.report.unknown("unknown-column", span, message, name=spec.weight, known=measures, kind="measures")
    elif weight is not None and weight.column.type.kind not in _NUMBERS:
        message = f"`{spec.weight}` is {a(weight.column.type)}, and weights are numbers"
        symbols.report.error("type-mismatch", span, message, help="take a measure between 0 and 1", related=[declared_as(weight.column)])
    return Bridge(group=group, weight=spec.weight, span=at.key("bridge"))
