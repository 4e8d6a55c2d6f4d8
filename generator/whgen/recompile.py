"""The last result brought up to date with a few files that changed, by compiling only what is connected with them.

The files that changed and all that is made of them are compiled twice, with all that they are made of: as they were and as they are. What
differs between the two is put into the last result. It is taken only where the first of the two gives what the last result has, and
where nothing changed that a rule or a schedule could see from afar; else everything is compiled anew. So a part never has to be right
for the whole, only for what changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whgen.compilation import Compilation, to_data
from whgen.diagnostics.diagnostic import Report
from whgen.ir.source import Source
from whgen.ir.warehouse import Table, Warehouse
from whgen.resolve.outline import detail_of

Data = dict[str, Any]
Compile = Callable[[Mapping[str, str]], tuple[Compilation, Warehouse | None]]
# Two parts of a third of the project would take nearly as long as the whole.
LARGEST_PART = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of the project, compiled: the result as the cache would keep it."""

    data: Data
    report: Report
    warehouse: Warehouse


def recompiled(last: Data, specs: Mapping[str, str], compile_alone: Compile) -> Data | None:
    """What compiling `specs` would give, from the last result; None when that takes the whole project.

    `compile_alone` compiles texts of some files as if there were no others.
    """
    old = {file: text for file, text in last["texts"].items() if file.startswith("specs/") and file.endswith(".yml")}
    changed = {file for file, text in specs.items() if old.get(file) != text}
    outline = last["outline"]
    reads: Mapping[str, Sequence[str]] = outline["reads"]
    # What a file was not seen to declare is the project's: targets, schedules, exposures.
    if not changed or not changed <= reads.keys() - {outline["file"]} or old.keys() != specs.keys():
        return None
    affected = _closure(changed, _reversed(reads))
    part = _closure(affected, reads) | {outline["file"]}
    if len(part) > LARGEST_PART * len(specs):
        return None
    before = _compiled(compile_alone, {file: old[file] for file in part})
    after = _compiled(compile_alone, {file: specs[file] for file in part})
    if before is None or after is None or not _alike(before, after, affected, last):
        return None
    merged = _merged_projects(last["projects"], before.data["projects"], after.data["projects"])
    if merged is None:
        return None
    texts = last["texts"] | {file: specs[file] for file in changed}
    now = after.data["outline"]["reads"]
    outline = {**outline, "reads": {**reads, **{file: now[file] for file in affected if file in now}}}
    return {**last, "texts": texts, "projects": merged, "outline": outline}


def _reversed(reads: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    users: dict[str, list[str]] = {}
    for file, found in reads.items():
        for other in found:
            users.setdefault(other, []).append(file)
    return users


def _closure(files: Collection[str], following: Mapping[str, Sequence[str]]) -> set[str]:
    """The files and all that can be reached from them."""
    found, pending = set(files), list(files)
    while pending:
        new = [file for file in following.get(pending.pop(), ()) if file not in found]
        found.update(new)
        pending += new
    return found


def _compiled(compile_alone: Compile, texts: Mapping[str, str]) -> _Part | None:
    compilation, warehouse = compile_alone(texts)
    if warehouse is None or compilation.report.has_errors or compilation.reads_elsewhere:
        return None
    # As it would be read from the cache, where tuples are lists.
    return _Part(data=json.loads(json.dumps(to_data(compilation))), report=compilation.report, warehouse=warehouse)


def _alike(before: _Part, after: _Part, affected: Collection[str], last: Data) -> bool:
    """Whether nothing differs between two versions of a part, or between its files and the last result, that others could see."""
    # A part warns of what only others use, and the like. Of what is not in both, nobody knows whether the whole warns of it.
    if sorted((d.code, d.message) for d in before.report) != sorted((d.code, d.message) for d in after.report):
        return False
    old, new = detail_of(before.warehouse), detail_of(after.warehouse)
    named = {name for _, name, _ in old.columns ^ new.columns}
    keys = before.data["outline"]["keys"]
    if old.sources != new.sources or keys != after.data["outline"]["keys"] or named & {*keys, *last["outline"]["keys"]}:
        return False
    scheduled = any(project["schedules"] for project in last["projects"])
    if scheduled and (old.scheduled != new.scheduled or _tests(before) != _tests(after)):
        return False
    return _others(before, affected) == _others(after, affected)


def _tests(part: _Part) -> list[Any]:
    return [(node["name"], node["reads"]) for project in part.data["projects"] for node in project["nodes"] if node["kind"] == "test"]


def _others(part: _Part, affected: Collection[str]) -> list[Source | Table]:
    """The tables and sources of files that nothing should have happened to."""
    everything: tuple[Source | Table, ...] = (*part.warehouse.sources, *part.warehouse.tables)
    return [t for t in everything if t.file not in affected]


def _merged_projects(last: Sequence[Data], before: Sequence[Data], after: Sequence[Data]) -> list[Data] | None:
    found = []
    for known, old, new in zip(last, before, after, strict=True):
        if any(old[key] != new[key] for key in old.keys() - {"files", "nodes"}):
            return None
        files = _merged_files(known["files"], old["files"], new["files"])
        nodes = _merged_nodes(known["nodes"], old["nodes"], new["nodes"])
        if files is None or nodes is None:
            return None
        found.append({**known, "files": files, "nodes": nodes})
    return found


def _merged_files(last: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> Data | None:
    # Every table and source has files of its own.
    if before.keys() != after.keys():
        return None
    # Files of the whole project are others for a part, and stay as they are.
    if any(last.get(path) != text and ("/" in path or after[path] != text) for path, text in before.items()):
        return None
    return {path: after[path] if path in after and after[path] != before[path] else text for path, text in last.items()}


def _merged_nodes(last: Sequence[Data], before: Sequence[Data], after: Sequence[Data]) -> list[Data] | None:
    known, old, new = _groups(last), _groups(before), _groups(after)
    if any(known.get(key) != group for key, group in old.items()):
        return None
    return [node for key, group in known.items() for node in new.get(key, group)]


def _groups(nodes: Sequence[Data]) -> dict[tuple[str, str], list[Data]]:
    """Each node that is no test, with the tests that follow it."""
    found: dict[tuple[str, str], list[Data]] = {}
    group: list[Data] = []
    for node in nodes:
        if node["kind"] != "test":
            found[(node["kind"], node["name"])] = group = []
        group.append(node)
    return found
