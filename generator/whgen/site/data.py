"""Warehouse and results of builds -> everything that the site shows, as values of JSON, without what is empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from whgen.dbt.results import NodeResult
from whgen.ir.environment import Exposure
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact
from whgen.lineage.about import Atlas, about_table, place
from whgen.lineage.graph import Edge, Rule

Data = dict[str, Any]
VERSION = 1
"""Of the form of the data, which the scripts of the site read."""


def site_data(atlas: Atlas, target: str, results: Iterable[NodeResult]) -> Data:
    """The content of the site. `lineage` names tables and rules by number: the same ones stand in many edges."""
    warehouse = atlas.warehouse
    names = sorted(atlas.lineage.tables)
    return {
        "version": VERSION,
        "project": warehouse.name,
        "description": warehouse.description,
        "warehouse": atlas.dialect.name,
        "target": target,
        "matrix": _matrix(atlas),
        "tables": [_dense({**about_table(atlas, name), "rows": None}) for name in names],
        "lineage": _lineage(atlas, names),
        "exposures": [_exposure(e) for e in warehouse.exposures],
        "results": [_dense(asdict(r)) for r in results],
    }


def _matrix(atlas: Atlas) -> Data:
    """The bus matrix: which fact uses which dimension, in which roles. Conformed dimensions, which most facts use, stand first."""
    facts = [t for t in atlas.warehouse.facts if isinstance(t, Fact)]
    roles = [(f.name, r.dimension.name, r.column.name) for f in facts for r in f.roles]
    dimensions = [d.name for d in atlas.warehouse.dimensions if isinstance(d, Dimension | ComputedDimension)]
    used = {d: len({fact for fact, other, _ in roles if other == d}) for d in dimensions}
    return {
        "facts": [f.name for f in facts],
        "dimensions": sorted(dimensions, key=lambda d: (-used[d], d)),
        "roles": [{"fact": f, "dimension": d, "column": c} for f, d, c in roles],
    }


def _lineage(atlas: Atlas, names: list[str]) -> Data:
    numbers = {name: number for number, name in enumerate(names)}
    rules: dict[Rule, int] = {}
    edges = [_edge(edge, numbers, rules) for edge in atlas.lineage.edges]
    files = {file: number for number, file in enumerate(sorted({r.span.file for r in rules}))}
    return {"files": list(files), "rules": [[r.kind, r.text, files[r.span.file], r.span.line] for r in rules], "edges": edges}


def _edge(edge: Edge, numbers: dict[str, int], rules: dict[Rule, int]) -> list[Any]:
    used = [rules.setdefault(rule, len(rules)) for rule in edge.rules]
    source, target = edge.source, edge.target
    return [numbers[source.table], source.column, numbers[target.table], target.column, int(edge.inferred), used]


def _exposure(exposure: Exposure) -> Data:
    return _dense(
        {
            "name": exposure.name,
            "label": exposure.label,
            "type": exposure.type,
            "description": exposure.description,
            "owner": dict(exposure.owner),
            "url": exposure.url,
            "maturity": exposure.maturity,
            "tables": list(exposure.depends_on),
            "place": place(exposure.span),
        }
    )


def _dense(data: Data) -> Data:
    """A mapping without what says nothing, all the way down: of thousands of columns that is most of the text."""
    if (native := data.get("native_type")) and native.lower() == data.get("type"):
        data = {**data, "native_type": None}
    return {k: _dense_value(k, v) for k, v in data.items() if v not in (None, "", [], {}, ())}


def _dense_value(name: str, value: Any) -> Any:
    if name == "place":
        return f"{value['file']}:{value['line']}"
    if isinstance(value, dict):
        return _dense(value)
    return [_dense_value("", v) for v in value] if isinstance(value, list) else value
