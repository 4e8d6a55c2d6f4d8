"""From a folder of specs to dbt projects, on one page: load, resolve, plan, render. Each stage adds what it found to one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from whgen.diagnostics.diagnostic import Report, Span
from whgen.plan.project import Node

if TYPE_CHECKING:
    from whgen.ir.warehouse import Warehouse
    from whgen.spec.load import Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One dbt project, for one warehouse."""

    warehouse: str
    folder: PurePosixPath
    files: Mapping[PurePosixPath, str]
    targets: tuple[str, ...]
    is_local: bool
    nodes: tuple[Node, ...]

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

    def project_of(self, target: str) -> Generated | None:
        """The project that a target is built from."""
        return next((p for p in self.projects if target in p.targets), None)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of all targets."""
        return tuple(t for p in self.projects for t in p.targets)


def validate(root: Path, texts: Mapping[str, str] | None = None) -> Compilation:
    """Check the specs below `root` and generate nothing. `texts` stand in for files of these names, as they would be after a fix."""
    return _compile(root, generate=False, texts=texts or {})


def compile_specs(root: Path) -> Compilation:
    """Check the specs below `root`, and render a dbt project for each warehouse that its targets use."""
    return _compile(root, generate=True, texts={})


def compile_sources(root: Path) -> Compilation:
    """A dbt project for each warehouse with nothing in it but the sources: what it takes to ask what their tables hold."""
    from whgen.resolve.warehouse import resolve_locations
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock

    report = Report()
    specs = load_specs(root, report)
    # What is kept of the lock must be readable; what it says of the tables is what is in question.
    load_lock(root, specs.texts, report)
    return _generated(specs, resolve_locations(specs, report), report, generate=True)


def lock_text(root: Path, warehouse: str, found: Mapping[tuple[str, str], Sequence[tuple[str, str]]]) -> str:
    """The text of `sources.lock` that says what was found on one warehouse; what it says of others is kept."""
    from whgen.dialects import DIALECTS
    from whgen.plan.lock import lock_documents
    from whgen.render.lock_file import lock_text
    from whgen.spec.lock import load_lock

    return lock_text(lock_documents(load_lock(root, {}, Report()), DIALECTS[warehouse], found))


def _compile(root: Path, *, generate: bool, texts: Mapping[str, str]) -> Compilation:
    # Imported here, so that `whgen --help` costs no compiler.
    from whgen.resolve.warehouse import resolve_warehouse
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock

    report = Report()
    # What the user wrote, each document of the right shape, and what the sources were found to hold; then what it means, every name
    # found and every type known.
    specs = load_specs(root, report, texts)
    lock = load_lock(root, specs.texts, report)
    return _generated(specs, resolve_warehouse(specs, lock, report), report, generate=generate)


def _generated(specs: Specs, warehouse: Warehouse | None, report: Report, *, generate: bool) -> Compilation:
    report.fit(specs.texts)
    if warehouse is None or report.has_errors or not generate:
        default = warehouse.targets[0].name if warehouse is not None else None
        return Compilation(root=specs.root, report=report, texts=specs.texts, projects=(), default_target=default)

    from whgen.dialects import DIALECTS
    from whgen.plan.warehouse import plan_project
    from whgen.render.files import render

    # What dbt shall contain, once for each warehouse; and at last the text of every file. Writing is left to `output`.
    planned = [plan_project(warehouse, DIALECTS[name]) for name in warehouse.warehouses]
    projects = tuple(
        Generated(
            warehouse=p.warehouse,
            folder=PurePosixPath("generated", p.warehouse),
            files=render(p),
            targets=p.targets,
            is_local=DIALECTS[p.warehouse].is_local,
            nodes=p.nodes,
        )
        for p in planned
    )
    return Compilation(root=specs.root, report=report, texts=specs.texts, projects=projects, default_target=warehouse.targets[0].name)
