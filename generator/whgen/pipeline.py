"""From a folder of specs to dbt projects, on one page: load, resolve, plan, render. Each stage adds what it found to one report."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whgen.cache import Inputs, inputs_of, recall, remember
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
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _recalled(root: Path, *, generate: bool) -> Compilation:
    inputs, name = inputs_of(root), "generate" if generate else "validate"
    if inputs is None:
        return _compile(root, generate=generate, texts={})
    known = recall(root, name, inputs.digest)
    if known is not None:
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            return from_data(root, known)
    found = _brought_up_to_date(root, inputs)
    digest, besides = inputs.digest, inputs.besides
    # From here on only the digests count, and the specs of a large project are much to keep twice.
    del inputs
    if found is None:
        compilation = _compile(root, generate=generate, texts={})
        # Files from elsewhere in the project are not in the digest.
        if len(compilation.report) or compilation.reads_elsewhere:
            return compilation
        found = compilation, to_data(compilation)
    compilation, data = found
    if data["projects"]:
        remember(root, "generate", digest, {**data, "besides": besides})
    # What could be generated was validated, too.
    remember(root, "validate", digest, {**data, "projects": ()})
    return compilation if generate else replace(compilation, projects=())


def _brought_up_to_date(root: Path, inputs: Inputs) -> tuple[Compilation, dict[str, Any]] | None:
    """The last result with what changed in some of the specs since; None where that takes the whole project."""
    from whgen.recompile import recompiled
    from whgen.spec.load import as_read

    last = recall(root, "generate")
    with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
        if last is not None and last["besides"] == inputs.besides:
            specs = {file: as_read(content) for file, content in inputs.specs.items()}
            data = recompiled(last, specs, partial(_compile_alone, root))
            return (from_data(root, data), data) if data is not None else None
    return None


def _compile_alone(root: Path, texts: Mapping[str, str]) -> tuple[Compilation, Warehouse | None]:
    checked, warehouse = _resolved(root, texts, alone=True)
    return _generated(checked, warehouse), warehouse


def stage_specs(root: Path) -> tuple[Compilation, Warehouse | None]:
    """The specs below `root` for a rehearsal: their meaning, and one dbt project that reads and builds a database file of its own.

    None when there is no such project, since the specs have errors or no target on a warehouse that is embedded.
    """
    from whgen.ir.environment import Target
    from whgen.resolve.warehouse import resolve_warehouse
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock
    from whgen.warehouses import DIALECTS

    checked = validate(root)
    if checked.report.has_errors:
        return checked, None
    report = Report()
    specs = load_specs(root, report)
    warehouse = resolve_warehouse(specs, load_lock(root, specs.texts, report), report)
    embedded = next((n for n in warehouse.warehouses if DIALECTS[n].is_local), None) if warehouse is not None else None
    if warehouse is None or embedded is None:
        return checked, None
    target = Target(name="rehearsal", warehouse=embedded, settings={"path": "rehearsal.db", "threads": 2}, schema_prefix="")
    # Tables of a schema instead of files: what is read is the same, and so is every query.
    sources = tuple(replace(s, location={embedded: {"schema_name": f"raw_{s.name}"}}) for s in warehouse.sources)
    staged = replace(warehouse, targets=(target,), sources=sources, schedules=())
    return _generated(checked, staged), staged


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


def understand(root: Path, *, generate: bool) -> tuple[Compilation, Warehouse | None]:
    """Check the specs below `root`, or generate from them; and what they mean, None where they have errors."""
    with _few_collections():
        checked, warehouse = _resolved(root, {})
        found = _generated(checked, warehouse) if generate else checked
    return found, None if checked.report.has_errors else warehouse


def understand_texts(
    root: Path, texts: Mapping[str, str], *, alone: bool = False, uses: bool = False
) -> tuple[Compilation, Warehouse | None]:
    """What the specs mean with `texts` in the place of their files, errors or not; `alone`: as if there were no other files.

    `uses`: the report also says where every name is used.
    """
    with _few_collections():
        return _resolved(root, texts, alone=alone, report=Report(uses={} if uses else None))


def _compile(root: Path, *, generate: bool, texts: Mapping[str, str]) -> Compilation:
    checked, warehouse = _resolved(root, texts)
    return _generated(checked, warehouse) if generate else checked


def _resolved(
    root: Path, texts: Mapping[str, str], *, alone: bool = False, report: Report | None = None
) -> tuple[Compilation, Warehouse | None]:
    # Imported here, so that `whgen --help` costs no compiler.
    from whgen.plan.names import check_names
    from whgen.plan.options import check_options
    from whgen.resolve.warehouse import resolve_warehouse
    from whgen.spec.load import load_specs
    from whgen.spec.lock import load_lock
    from whgen.warehouses import DIALECTS

    report = Report() if report is None else report
    # What the user wrote, each document of the right shape, and what the sources were found to hold; then what it means, every name
    # found and every type known.
    specs = load_specs(root, report, texts, alone=alone)
    lock = load_lock(root, specs.texts, report)
    warehouse = resolve_warehouse(specs, lock, report)
    # And whether each warehouse of the targets can tell the names apart.
    if warehouse is not None and not report.has_errors:
        dialects = [DIALECTS[name] for name in warehouse.warehouses]
        check_names(warehouse, dialects, report)
        check_options(warehouse, dialects, report)
    # The documents end here: of a large project they take more memory than all else, and no later stage looks into them.
    return _checked(specs, warehouse, report), warehouse


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
    from whgen.resolve.outline import outline_of
    from whgen.warehouses import DIALECTS

    # Once for each warehouse, and with many tables on every core. Writing is left to `output`.
    many, names = len(warehouse.tables) > MANY_TABLES, warehouse.warehouses
    shares = max(1, (os.cpu_count() or 1) // len(names)) if many else 1
    work = [_Share(warehouse=name, first=n, step=shares) for name in names for n in range(shares)]
    found = each(partial(_rendered, warehouse), work, parallel=many)
    projects = tuple(_project(warehouse, name, found[n * shares : (n + 1) * shares]) for n, name in enumerate(names))
    return replace(checked, projects=projects, workflow=plan_workflow(warehouse, DIALECTS), outline=outline_of(warehouse))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one process makes of the project for a warehouse: every part from `first` on, by `step`."""

    warehouse: str
    first: int
    step: int


_Rendered = tuple[dict[PurePosixPath, str], "tuple[Node, ...]"]


def _rendered(warehouse: Warehouse, share: _Share) -> list[_Rendered]:
    """The files and nodes of each part of a share: what dbt shall contain, and at once the text of every file."""
    from whgen.plan.warehouse import plan_project
    from whgen.render.files import rendered
    from whgen.warehouses import DIALECTS

    parts = (plan() for plan in plan_project(warehouse, DIALECTS[share.warehouse])[share.first :: share.step])
    return [({file.path: rendered(file) for file in part.files}, part.nodes) for part in parts]


def _project(warehouse: Warehouse, name: str, shares: Sequence[Sequence[_Rendered]]) -> Generated:
    from whgen.plan.environments import plan_environments
    from whgen.plan.migrations import plan_migrations
    from whgen.plan.schedule import plan_schedule
    from whgen.render.files import static_files
    from whgen.warehouses import DIALECTS

    parts = [part for row in zip_longest(*shares) for part in row if part is not None]
    files = dict(static_files()) | {path: text for found, _ in parts for path, text in found.items()}
    nodes = tuple(node for _, found in parts for node in found)
    targets = tuple(t.name for t in warehouse.targets if t.warehouse == name)
    return Generated(
        warehouse=name,
        folder=PurePosixPath("generated", name),
        files={path: files[path] for path in sorted(files)},
        targets=targets,
        is_local=DIALECTS[name].is_local,
        nodes=nodes,
        schedules=tuple(
            plan_schedule(s, warehouse.name, nodes, one_writer=DIALECTS[name].is_local) for s in warehouse.schedules if s.target in targets
        ),
        environments=tuple(plan_environments(warehouse, DIALECTS[name])),
        migrations=tuple(plan_migrations(warehouse)),
    )
