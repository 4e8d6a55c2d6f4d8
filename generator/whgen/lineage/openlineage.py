"""Lineage -> events of OpenLineage: for each table that is made a job, with the lineage of its columns as a facet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from whgen.lineage.graph import Edge, Lineage

_SPEC = "https://openlineage.io/spec"
_PRODUCER = "https://pypi.org/project/whgen"
_IDENTITY = {"copy", "rename"}
_INDIRECT = {"where": "FILTER", "deleted": "FILTER", "dedupe": "WINDOW", "history": "WINDOW", "inferred_member": "JOIN", "lookup": "JOIN"}


def events(lineage: Lineage, edges: Iterable[Edge], project: str, time: str) -> list[dict[str, Any]]:
    """One JobEvent for each table at the lower end of an edge. Datasets are named as in the project, whose name is their namespace."""
    by_table: dict[str, list[Edge]] = {}
    for edge in edges:
        by_table.setdefault(edge.target.table, []).append(edge)
    return [_event(lineage, table, found, project, time) for table, found in sorted(by_table.items())]


def _event(lineage: Lineage, table: str, edges: list[Edge], project: str, time: str) -> dict[str, Any]:
    inputs = sorted({e.source.table for e in edges} - {table})
    facet = {**_facet("1-2-0", "ColumnLineageDatasetFacet"), **_column_lineage(edges, project)}
    fields = [{"name": name, **({"type": type_} if type_ else {})} for name, type_ in lineage.tables[table].columns.items()]
    schema = {**_facet("1-1-1", "SchemaDatasetFacet"), "fields": fields}
    return {
        "eventTime": time,
        "producer": _PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/JobEvent",
        "job": {"namespace": project, "name": table},
        "inputs": [{"namespace": project, "name": name} for name in inputs],
        "outputs": [{"namespace": project, "name": table, "facets": {"schema": schema, "columnLineage": facet}}],
    }


def _facet(version: str, name: str) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}"}


def _column_lineage(edges: list[Edge], project: str) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {}
    whole: list[dict[str, Any]] = []
    for edge in edges:
        # A field is a column: that the rows of one table are read by another is said by the inputs.
        if not edge.source.column:
            continue
        used = _input(edge, project)
        if edge.target.column:
            fields.setdefault(edge.target.column, {"inputFields": []})["inputFields"].append(used)
        else:
            whole.append(used)
    return {"fields": fields, **({"dataset": whole} if whole else {})}


def _input(edge: Edge, project: str) -> dict[str, Any]:
    kinds = {rule.kind for rule in edge.rules}
    if edge.target.column:
        subtype = "IDENTITY" if kinds <= _IDENTITY and not edge.inferred else "TRANSFORMATION"
        found = {"type": "DIRECT", "subtype": subtype}
    else:
        found = {"type": "INDIRECT", "subtype": next((_INDIRECT[k] for k in sorted(kinds) if k in _INDIRECT), "CONDITIONAL")}
    text = "; ".join(rule.text for rule in edge.rules) + (" (inferred)" if edge.inferred else "")
    transformation = {**found, "description": text, "masking": "hash" in kinds}
    return {"namespace": project, "name": edge.source.table, "field": edge.source.column, "transformations": [transformation]}
