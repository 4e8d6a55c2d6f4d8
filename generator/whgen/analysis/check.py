"""What BigQuery's analyzer says of a project: dbt's compiled SQL against the columns and types that the specs say.

What was found for the same SQL and the same tables before is not asked again.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whgen.analysis.findings import Verdict, report_refusal, report_unknown, report_verdict
from whgen.cache import digest_of, recall, remember
from whgen.compilation import Generated
from whgen.dbt.compile import Compiled, CompiledProject, Relation, compile_project
from whgen.diagnostics.diagnostic import Report

ANALYZED = ("bigquery",)
"""The warehouses that have an analyzer."""


@dataclass(slots=True, kw_only=True)
class Analysis:
    """How many nodes of each kind were analyzed, and how many of these were known from before."""

    counts: dict[str, int] = field(default_factory=dict)
    recalled: int = 0
    left_out: int = 0


def missing_packages() -> tuple[str, ...]:
    """What must be installed before anything can be analyzed."""
    wanted = {"zetasql": "zetasql", "wasmtime": "wasmtime", "tzdata": "tzdata", "dbt-bigquery": "dbt.adapters.bigquery"}
    return tuple(package for package, module in wanted.items() if not _is_there(module))


def _is_there(module: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(module) is not None
    return False


def analyze(project: Generated, root: Path, report: Report, *, cached: bool = True) -> Analysis:
    """Add to the report what is wrong with a project. Raises DbtError when dbt cannot compile it."""
    compiled = _compiled(project, root, cached=cached)
    known, unknown = _tables(compiled.relations)
    analysis = Analysis()
    verdicts = _verdicts(compiled, known, unknown, root, analysis, cached=cached)
    origins = {node.name: node for node in project.nodes}
    readers: dict[str, list[str]] = {name: [] for name in unknown}
    for node, verdict in zip(compiled.nodes, verdicts, strict=True):
        if verdict is None:
            for name in unknown:
                if name in node.reads:
                    readers[name].append(node.name)
            analysis.left_out += 1
            continue
        kind = "incremental run" if node.again else node.kind
        analysis.counts[kind] = analysis.counts.get(kind, 0) + 1
        relation = next((r for r in compiled.relations if r.name == node.name), None) if node.kind not in ("test", "snapshot") else None
        expected = known.get(relation.name) if relation is not None else None
        if verdict.error:
            report_refusal(node, verdict, origins.get(node.name), project, root, report)
        elif expected is not None:
            report_verdict(node, verdict, expected, origins.get(node.name), project, report)
    for name, nodes in readers.items():
        report_unknown(name, unknown[name], nodes, origins.get(name), report)
    return analysis


def _compiled(project: Generated, root: Path, *, cached: bool) -> CompiledProject:
    name = f"compiled-{project.warehouse}"
    texts = [f"{path}\n{text}" for path, text in sorted(project.files.items())]
    digest = digest_of(_versions("dbt-core", "dbt-bigquery"), project.targets[0], *texts)
    if cached and (data := recall(root, name, digest)) is not None:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return CompiledProject.from_data(data)
    compiled = compile_project(project.files, warehouse=project.warehouse, target=project.targets[0], root=root)
    remember(root, name, digest, compiled.to_data())
    return compiled


def _versions(*packages: str) -> str:
    return " ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)


def _tables(relations: tuple[Relation, ...]) -> tuple[dict[str, tuple[tuple[str, str], ...]], dict[str, tuple[str, ...]]]:
    """The columns with types of all tables of which all are known; and of the others the columns whose types are not."""
    from whgen.analysis.zetasql import canonical

    known, unknown = {}, {}
    for relation in relations:
        columns = [(name, canonical(type_)) for name, type_ in relation.columns]
        without = tuple(name for name, type_ in columns if type_ is None)
        if without or not columns:
            unknown[relation.name] = without
        else:
            known[relation.name] = tuple((name, type_ or "") for name, type_ in columns)
    return known, unknown


def _verdicts(
    compiled: CompiledProject,
    known: Mapping[str, tuple[tuple[str, str], ...]],
    unknown: Mapping[str, Any],
    root: Path,
    analysis: Analysis,
    *,
    cached: bool,
) -> list[Verdict | None]:
    """For each node what the analyzer says, or None when the columns of a table that it reads are not known."""
    from whgen.analysis.zetasql import ZetaSql, cache_folder

    digest, name = digest_of(_versions("zetasql", "wasmtime")), "analyzed-bigquery"
    before = recall(root, name, digest) if cached else None
    kept: dict[str, Any] = before if isinstance(before, dict) else {}
    paths = {r.name: r.path for r in compiled.relations}
    library: ZetaSql | None = None
    now: dict[str, Any] = {}
    found: list[Verdict | None] = []
    for node in compiled.nodes:
        if any(read in unknown for read in node.reads):
            found.append(None)
            continue
        key = _key(node, known, paths)
        verdict = Verdict.from_data(kept.get(key))
        if verdict is None:
            library = library or ZetaSql(cache_folder(), {paths[n]: columns for n, columns in known.items()})
            verdict = _asked(library, node.sql)
        else:
            analysis.recalled += 1
        now[key] = verdict.to_data()
        found.append(verdict)
    if now != kept:
        remember(root, name, digest, now)
    return found


def _key(node: Compiled, known: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]]) -> str:
    # An incremental model reads itself, too.
    tables = {name: (paths[name], known[name]) for name in sorted({*node.reads, node.name}) if name in known}
    return digest_of(node.sql, json.dumps(tables))


def _asked(library: Any, sql: str) -> Verdict:
    from whgen.analysis.zetasql import ZetaSqlError

    try:
        return Verdict(columns=tuple(library.analyze(sql)))
    except ZetaSqlError as refusal:
        return Verdict.refused(str(refusal))
