"""Dimensions, facts and models of parts in the order in which each only needs those before it, whatever they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from whgen.diagnostics.diagnostic import Related, Span
from whgen.resolve.bridge import fact_name
from whgen.resolve.role_views import view_name
from whgen.resolve.symbols import Path, Symbols
from whgen.spec.dimension import DimensionSpec
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located, Specs
from whgen.spec.model import ModelSpec
from whgen.spec.warehouse import WarehouseSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A spec, what it is called in the warehouse, and where it names the others that it needs."""

    name: str
    at: Located[Any]
    needs: Mapping[str, Path]


def is_composed(spec: ModelSpec) -> bool:
    """Whether a model is made of parts, and not a SELECT."""
    return spec.from_ is not None or spec.union is not None


def in_order(specs: Specs, project: WarehouseSpec, symbols: Symbols) -> Iterator[Located[Any]]:
    """The specs, each after those that it reads. Of a circle, one is left out as lost, and the circle reported."""
    views = _views(specs, project)
    pending = {item.name: item for item in _items(specs, project)}
    for name, item in pending.items():
        pending[name] = replace(item, needs={views.get(other, other): path for other, path in item.needs.items()})
    while pending:
        ready = [item for item in pending.values() if not item.needs.keys() & pending.keys()]
        if not ready:
            _report_circle(pending, symbols)
            ready = list(pending.values())[:1]
            symbols.lost.add(ready[0].name)
            if isinstance(ready[0].at.spec, DimensionSpec):
                # As roles call it.
                symbols.lost.add(ready[0].at.spec.dimension)
            del pending[ready[0].name]
            continue
        for item in ready:
            del pending[item.name]
            yield item.at


def _items(specs: Specs, project: WarehouseSpec) -> Iterator[_Item]:
    """What may read each other. Hand-written SELECTs come last: their columns are declared, so that nothing waits for them."""
    layer = project.layers.production
    dimensions = {at.spec.dimension: layer.dimension_prefix + at.spec.dimension for at in specs.dimensions}
    for model in specs.models:
        if is_composed(model.spec):
            yield _Item(name=model.spec.model, at=model, needs=_read(model))
    for dimension in specs.dimensions:
        others: dict[str, Path] = {
            dimensions[noun]: ("outriggers", name)
            for name, outrigger in dimension.spec.outriggers.items()
            if (noun := outrigger.dimension or name) in dimensions
        }
        yield _Item(name=dimensions[dimension.spec.dimension], at=dimension, needs=others | _read(dimension))
    for fact in specs.facts:
        roles: dict[str, Path] = {
            dimensions[noun]: ("dimensions", name)
            for name, role in fact.spec.dimensions.items()
            if (noun := role.dimension or name) in dimensions
        }
        if fact.spec.aggregate is not None:
            roles[layer.fact_prefix + fact.spec.aggregate.of] = ("aggregate", "of")
        yield _Item(name=fact_name(fact.spec, layer), at=fact, needs=roles | _read(fact))


def _views(specs: Specs, project: WarehouseSpec) -> Mapping[str, str]:
    """The views of roles, with the dimensions that they are made together with."""
    prefix = project.layers.production.dimension_prefix
    return {view_name(r, at.spec.dimension, prefix): prefix + at.spec.dimension for at in specs.dimensions for r in at.spec.role_views}


def _read(at: Located[ModelSpec] | Located[DimensionSpec] | Located[FactSpec]) -> dict[str, Path]:
    found: dict[str, Path] = {at.spec.from_: ("from",)} if at.spec.from_ else {}
    if at.spec.union is not None:
        found |= {table: ("union", "tables", table) for table in at.spec.union.tables}
    return found | {join.table: ("join", alias, "table") for alias, join in at.spec.join.items()}


def _report_circle(pending: Mapping[str, _Item], symbols: Symbols) -> None:
    path = [min(pending)]
    while path.count(path[-1]) == 1:
        path.append(min(pending[path[-1]].needs.keys() & pending.keys()))
    circle = path[path.index(path[-1]) : -1]
    lowest = circle.index(min(circle))
    circle = [*circle[lowest:], *circle[:lowest], circle[lowest]]
    steps = [(pending[name], other) for name, other in pairwise(circle)]
    first = steps[0][0]
    symbols.report.error(
        "circular-reference",
        _place(first, steps[0][1]),
        f"models read each other in a circle: {' -> '.join(circle)}",
        help="take one of the references out",
        related=[Related(span=_place(i, other), message=f"`{i.name}` reads `{other}` here") for i, other in steps],
    )


def _place(item: _Item, other: str) -> Span:
    path = item.needs[other]
    return item.at.key(*path) if path[0] == "union" else item.at.at(*path)
