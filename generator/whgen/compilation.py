"""What comes of a folder of specs, as data: the report, the texts, and a dbt project for each warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.outline import Outline
from whgen.plan.migrations import Migration
from whgen.plan.project import Deployment, Environment, Node, PlannedGroup, PlannedSchedule, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One dbt project, for one warehouse."""

    warehouse: str
    folder: PurePosixPath
    files: Mapping[PurePosixPath, str]
    targets: tuple[str, ...]
    is_local: bool
    nodes: tuple[Node, ...]
    schedules: tuple[PlannedSchedule, ...] = ()
    environments: tuple[Environment, ...] = ()
    migrations: tuple[Migration, ...] = ()

    @property
    def origins(self) -> Mapping[str, Span]:
        """For each node of dbt, by name, the place in the specs that it comes from."""
        return {n.name: n.span for n in self.nodes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What came of a folder of specs. `projects` is empty when the report has errors, or when only checks were asked for."""

    root: Path
    report: Report
    texts: Mapping[str, str]
    projects: tuple[Generated, ...]
    default_target: str | None
    workflow: Workflow | None = None
    outline: Outline | None = None
    reads_elsewhere: bool = False
    """Whether it was made of files outside `specs/`, too."""

    def project_of(self, target: str) -> Generated | None:
        """The project that a target is built from."""
        return next((p for p in self.projects if target in p.targets), None)

    @property
    def schedules(self) -> tuple[PlannedSchedule, ...]:
        """All schedules, sorted by name."""
        return tuple(sorted((s for p in self.projects for s in p.schedules), key=lambda s: s.name))

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all targets."""
        return tuple(t for p in self.projects for t in p.targets)


def to_data(compilation: Compilation) -> dict[str, Any]:
    """A compilation without diagnostics as values of JSON."""
    projects = [
        {
            "warehouse": p.warehouse,
            "files": {str(path): text for path, text in p.files.items()},
            "targets": p.targets,
            "is_local": p.is_local,
            "nodes": [_node_data(n) for n in p.nodes],
            "schedules": [asdict(s) for s in p.schedules],
            "environments": [asdict(e) for e in p.environments],
            "migrations": [asdict(m) for m in p.migrations],
        }
        for p in compilation.projects
    ]
    return {
        "texts": dict(compilation.texts),
        "default_target": compilation.default_target,
        "projects": projects,
        "workflow": asdict(compilation.workflow) if compilation.workflow else None,
        "outline": asdict(compilation.outline) if compilation.outline else None,
    }


def from_data(root: Path, data: Mapping[str, Any]) -> Compilation:
    """The compilation that `to_data` was given. Raises KeyError, TypeError, ValueError or AttributeError for other data."""
    projects = tuple(
        Generated(
            warehouse=p["warehouse"],
            folder=PurePosixPath("generated", p["warehouse"]),
            files={PurePosixPath(path): text for path, text in p["files"].items()},
            targets=tuple(p["targets"]),
            is_local=p["is_local"],
            nodes=tuple(_node(n) for n in p["nodes"]),
            schedules=tuple(_schedule(s) for s in p["schedules"]),
            environments=tuple(Environment(**{**e, "schemas": tuple(e["schemas"])}) for e in p["environments"]),
            migrations=tuple(Migration(**{**m, "columns": tuple((old, new) for old, new in m["columns"])}) for m in p["migrations"]),
        )
        for p in data["projects"]
    )
    texts = dict(data["texts"])
    return Compilation(
        root=root,
        report=Report(),
        texts=texts,
        projects=projects,
        default_target=data["default_target"],
        workflow=_workflow(data["workflow"]),
    )


def _node_data(node: Node) -> dict[str, Any]:
    # `asdict` would take a tenth of a generation, and half of the file would be names of fields.
    data = {f.name: getattr(node, f.name) for f in fields(node)}
    return {**data, "span": _places(node.span), "columns": {name: _places(span) for name, span in node.columns.items()}}


def _node(data: Mapping[str, Any]) -> Node:
    columns = {name: _span(span) for name, span in data["columns"].items()}
    return Node(**{**data, "span": _span(data["span"]), "reads": tuple(data["reads"]), "columns": columns})


def _places(span: Span) -> tuple[str, int, int, int, int]:
    return span.file, span.line, span.column, span.end_line, span.end_column


def _span(places: Sequence[Any]) -> Span:
    file, line, column, end_line, end_column = places
    return Span(file=file, line=line, column=column, end_line=end_line, end_column=end_column)


def _schedule(data: Mapping[str, Any]) -> PlannedSchedule:
    groups = tuple(PlannedGroup(name=g["name"], nodes=tuple(g["nodes"]), after=tuple(g["after"])) for g in data["groups"])
    return PlannedSchedule(**{**data, "tags": tuple(data["tags"]), "sources": tuple(data["sources"]), "groups": groups})


def _workflow(data: Mapping[str, Any] | None) -> Workflow | None:
    if data is None:
        return None
    read = {"install": tuple(data["install"]), "prepare": tuple(data["prepare"])}
    deployments = tuple(_deployment(d) for d in data["deployments"])
    return Workflow(**{**data, **read, "deployments": deployments, "preview": _deployment(data["preview"]) if data["preview"] else None})


def _deployment(data: Mapping[str, Any]) -> Deployment:
    return Deployment(**{**data, "variables": tuple((n, v) for n, v in data["variables"])})
