"""From a folder of specs to dbt projects, on one page: load, resolve, plan, render. Each stage adds what it found to one report."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from whgen.cache import digest_of_inputs, recall, remember
from whgen.compilation import Compilation, Generated, from_data, to_data
from whgen.diagnostics.diagnostic import Report

if TYPE_CHECKING:
    from whgen.ir.warehouse import Warehouse
    from whgen.plan.project import Node
    from whgen.spec.load import Specs

# Below this the second process costs more than it saves.
MANY_TABLES = 60


def validate(root: Path, texts: Mapping[str, str] | None = None, *, cached: bool = False) -> Compilation:
    """Check the specs below `root` and generate nothing. `texts` stand in for files of these names, as they would be after a fix.

    `cached`: what came of the same specs before may be taken instead.
    """
    with _few_collections():
        return _recalled(root, generate=False) if cached and not texts else _compile(root, generate=False, texts=texts or {})


def compile_specs(root: Path, *, cached: bool = False) -> Compilation:
    """Check the specs below `root`, and render a dbt project for each warehouse that its targets use; `cached` as in `validate`."""
    with _few_collections():
        return _recalled(root, generate=True) if cached else _compile(root, generate=True, texts={})


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    # Nearly all that a compiler makes lives to its end: looking for garbage among it, as often as Python does, takes a third of the time.
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _recalled(root: Path, *, generate: bool) -> Compilation:
    digest, name = digest_of_inputs(root), "generate" if generate else "validate"
    known = recall(root, name, digest) if digest else None
    if known is not None:
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            return from_data(root, known)
    compilation = _compile(root, generate=generate, texts={})
    # Files from elsewhere in the project are not in the digest.
    if digest and not len(compilation.report) and not compilation.reads_elsewhere:
        remember(root, name, digest, to_data(compilation))
        if generate:
            # What could be generated was validated, too.
            remember(root, "validate", digest, to_data(replace(compilation, projects=())))
    return compilation


def compile_sources(root: Path) -> Compilation:
    """A dbt project for each warehouse with nothing in it but the sources: what it takes to ask what their tables hold."""
    from whgen.resolve.warehouse import resolve_locations
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock

    report = Report()
    specs = load_specs(root, report)
    # What is kept of the lock must be readable; what it says of the tables is what is in question.
    load_lock(root, specs.texts, report)
    warehouse = resolve_locations(specs, report)
    return _generated(_checked(specs, warehouse, report), warehouse)


def lock_text(root: Path, warehouse: str, found: Mapping[tuple[str, str], Sequence[tuple[str, str]]]) -> str:
    """The text of `sources.lock` that says what was found on one warehouse; what it says of others is kept."""
    from whgen.plan.lock import lock_documents
    from whgen.render.lock_file import lock_text
    from whgen.spec.lock import load_lock
    from whgen.warehouses import DIALECTS

    return lock_text(lock_documents(load_lock(root, {}, Report()), DIALECTS[warehouse], found))


def _compile(root: Path, *, generate: bool, texts: Mapping[str, str]) -> Compilation:
    # Imported here, so that `whgen --help` costs no compiler.
    from whgen.plan.names import check_names
    from whgen.plan.options import check_options
    from whgen.resolve.warehouse import resolve_warehouse
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock
    from whgen.warehouses import DIALECTS

    report = Report()
    # What the user wrote, each document of the right shape, and what the sources were found to hold; then what it means, every name
    # found and every type known.
    specs = load_specs(root, report, texts)
    lock = load_lock(root, specs.texts, report)
    warehouse = resolve_warehouse(specs, lock, report)
    # And whether each warehouse of the targets can tell the names apart.
    if warehouse is not None and not report.has_errors:
        dialects = [DIALECTS[name] for name in warehouse.warehouses]
        check_names(warehouse, dialects, report)
        check_options(warehouse, dialects, report)
    checked = _checked(specs, warehouse, report)
    # Of a large project the documents take more memory than all else, and no later stage looks into them.
    del specs, lock
    return _generated(checked, warehouse) if generate else checked


def _checked(specs: Specs, warehouse: Warehouse | None, report: Report) -> Compilation:
    report.fit(specs.texts)
    named = [m.spec.file for m in specs.models if m.spec.file is not None] + [s.spec.file for s in specs.seeds]
    return Compilation(
        root=specs.root,
        report=report,
        texts=specs.texts,
        projects=(),
        default_target=warehouse.targets[0].name if warehouse is not None else None,
        reads_elsewhere=any(".." in Path(file).parts or Path(file).is_absolute() for file in named),
    )


def _generated(checked: Compilation, warehouse: Warehouse | None) -> Compilation:
    if warehouse is None or checked.report.has_errors:
        return checked

    from whgen.parallel import each
    from whgen.plan.ci import plan_workflow
    from whgen.warehouses import DIALECTS

    # Once for each warehouse. Writing is left to `output`.
    many = len(warehouse.tables) > MANY_TABLES
    projects = each(partial(_project, warehouse), warehouse.warehouses, parallel=many)
    return replace(checked, projects=projects, workflow=plan_workflow(warehouse, DIALECTS))


def _project(warehouse: Warehouse, name: str) -> Generated:
    from whgen.plan.environments import plan_environments
    from whgen.plan.schedule import plan_schedule
    from whgen.plan.warehouse import plan_project
    from whgen.render.files import rendered, static_files
    from whgen.warehouses import DIALECTS

    # What dbt shall contain, and at once the text of every file.
    files: dict[PurePosixPath, str] = dict(static_files())
    nodes: list[Node] = []
    for part in plan_project(warehouse, DIALECTS[name]):
        files |= {file.path: rendered(file) for file in part.files}
        nodes += part.nodes
    targets = tuple(t.name for t in warehouse.targets if t.warehouse == name)
    return Generated(
        warehouse=name,
        folder=PurePosixPath("generated", name),
        files={path: files[path] for path in sorted(files)},
        targets=targets,
        is_local=DIALECTS[name].is_local,
        nodes=tuple(nodes),
        schedules=tuple(
            plan_schedule(s, warehouse.name, nodes, one_writer=DIALECTS[name].is_local) for s in warehouse.schedules if s.target in targets
        ),
        environments=tuple(plan_environments(warehouse, DIALECTS[name])),
    )
