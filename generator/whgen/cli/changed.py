"""`whgen build --changed`: which models differ from those of a commit, and where the others are read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whgen.cache import FOLDER, digest_of, recall, remember
from whgen.cli.build import target_of
from whgen.cli.environment import opened
from whgen.cli.say import fail
from whgen.cli.settings import Settings
from whgen.cli.states import is_as_then, now, revision_of, then
from whgen.ir.calendar import TIME_SPINE

if TYPE_CHECKING:
    from whgen.changes.plan import Plan, State
    from whgen.compilation import Compilation, Generated
    from whgen.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The nodes to build, and in words what they are compared with; `state` is the folder of what the others are read from."""

    nodes: tuple[str, ...]
    against: str
    state: Path | None = None


def selection(
    settings: Settings, root: Path, compilation: Compilation, target: str, against: str | None, others: str | None, *, is_beside: bool
) -> Selection:
    """What a build of the changes builds on a target. `others`: the target that has what is not built; the same one, where the build is
    beside what it holds."""
    branch = compilation.workflow.branch if compilation.workflow is not None else "main"
    revision = revision_of(root, against, branch)
    if not compilation.reads_elsewhere and is_as_then(root, revision):
        return Selection(nodes=(), against=revision.words)
    from whgen.changes.plan import plan_changes
    from whgen.diagnostics.diagnostic import Report

    after, before = now(settings, root), then(root, revision)
    _, project = target_of(compilation, target)
    plan = plan_changes(before, after, against=revision.words, warehouse=project.warehouse, report=Report())
    nodes = _nodes(plan, after, project)
    state = None
    if others is None and is_beside and before is not None:
        others = target
    if nodes and others is not None:
        _require_readable(after, target, others)
        if before is None:
            fail("cannot-defer", f"{revision.words} has no specs: `{others}` cannot hold what they describe", help="leave --defer out")
        state = _state(root, before, revision, others)
    return Selection(nodes=nodes, against=revision.words, state=state)


def _nodes(plan: Plan, after: State, project: Generated) -> tuple[str, ...]:
    """The models that differ or read such a one, with the snapshots that they are made of; and tests of others that are new or differ."""
    built = {*plan.built}
    snapshots = [d.history.snapshot for d in after.warehouse.snapshotted if d.name in built and d.history and d.history.snapshot]
    others = {c.table for c in plan.changes if c.kind.name == "test-changed"} - built
    tests = [n.name for n in project.nodes if n.kind == "test" and any(n.name.startswith(f"{t}__") for t in others)]
    new = [t for t in plan.tests_added if not any(t.startswith(f"{name}__") for name in built)]
    # The days of the semantic layer are a model that no spec declares.
    is_layered = after.warehouse.semantic_layer and any(c.kind.name == "semantic-layer-changed" for c in plan.changes)
    return (*snapshots, *plan.built, *([TIME_SPINE] if is_layered else ()), *dict.fromkeys((*tests, *new)))


def _require_readable(after: State, target: str, others: str) -> None:
    from whgen.warehouses import DIALECTS

    by_name = {t.name: t for t in after.warehouse.targets}
    target_of(after.compilation, others)
    here, there = by_name[target], by_name[others]
    same = DIALECTS[here.warehouse].one_database
    if here.warehouse != there.warehouse or any(here.settings.get(s) != there.settings.get(s) for s in same):
        message = f"a build on `{target}` cannot read what `{others}` holds: they are in different {_places(same)}"
        fail("cannot-defer", message, help="name a target beside it, or leave --defer out and build the rest on this one first")


def _places(settings: tuple[str, ...]) -> str:
    return "locations" if settings == ("location",) else "databases"


def _state(root: Path, before: State, revision: Revision, target: str) -> Path:
    """A folder with dbt's manifest of the project as it was, on the other target; kept until something else is asked for."""
    name, project = target_of(before.compilation, target)
    folder = root / FOLDER / "state" / name
    text = "".join(f"{path}\n{content}" for path, content in project.files.items())
    digest = digest_of(revision.commit, text)
    if recall(root, f"state-{name}", digest) is None or not (folder / "manifest.json").is_file():
        with opened(root, project, name) as connection:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(connection.adapter.config.project_root) / "target" / "manifest.json", folder / "manifest.json")
        remember(root, f"state-{name}", digest, {"commit": revision.commit})
    return folder
