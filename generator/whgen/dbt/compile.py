"""Has dbt write the SQL that it would run, without a warehouse: what a model, a snapshot or a test is when all its Jinja is gone."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from whgen.dbt.events import Invocation
from whgen.dbt.run import DbtError, invoke
from whgen.dbt.session import arguments, session

_PROFILE = "whgen_offline"
_CONNECTIONS: Mapping[str, Mapping[str, str]] = {
    "bigquery": {
        "type": "bigquery",
        "method": "oauth-secrets",
        "token": "none",
        "project": "offline",
        "dataset": "offline",
        # Whoever asks a warehouse something gets no answer, and no credentials are sent anywhere.
        "api_endpoint": "http://127.0.0.1:9",
    }
}
"""Connections that are never opened."""
# Without a warehouse no table is there yet. Here a model counts as built unless all is to be built anew.
_INCREMENTAL = """\
{% macro is_incremental() %}
    {{- return(execute and model.config.materialized == 'incremental' and not should_full_refresh()) -}}
{% endmacro %}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table as dbt names it: the source's, or what a model, seed or snapshot becomes; `columns` with their types, as declared."""

    name: str
    kind: str
    path: tuple[str, str, str]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A node as SQL. `reads` are the names of the relations; `again` says that it is the SQL of a table that is there already."""

    name: str
    kind: str
    sql: str
    file: str
    reads: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProject:
    """All that dbt would run."""

    relations: tuple[Relation, ...]
    nodes: tuple[Compiled, ...]

    def to_data(self) -> dict[str, Any]:
        """It as values of JSON."""
        return {"relations": [asdict(r) for r in self.relations], "nodes": [asdict(n) for n in self.nodes]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CompiledProject:
        """What `to_data` was called on. Raises KeyError or TypeError for other data."""
        return cls(
            relations=tuple(
                Relation(**{**r, "path": tuple(r["path"]), "columns": tuple((n, t) for n, t in r["columns"])}) for r in data["relations"]
            ),
            nodes=tuple(Compiled(**{**n, "reads": tuple(n["reads"])}) for n in data["nodes"]),
        )


def compile_project(files: Mapping[PurePosixPath, str], *, warehouse: str, target: str, root: Path) -> CompiledProject:
    """Compile the files of a project for one of its targets. Raises DbtError."""
    # dbt may still be at its log when it has answered.
    with tempfile.TemporaryDirectory(prefix="whgen_", ignore_cleanup_errors=True) as folder:
        project = Path(folder)
        for path, text in files.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8", newline="\n")
        (project / "macros").mkdir(exist_ok=True)
        (project / "macros" / f"{_PROFILE}.sql").write_text(_INCREMENTAL, encoding="utf-8")
        profile = {_PROFILE: {"target": target, "outputs": {target: {**_CONNECTIONS[warehouse], "threads": 1}}}}
        # YAML takes JSON.
        (project / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
        invocation = Invocation(command="compile", project=project, root=root, target=target)
        with session(invocation):
            first = _compiled(invocation, ["--full-refresh"])
            relations, nodes = tuple(_relations(first)), [*_nodes(first, again=False)]
            if any(n["config"].get("materialized") == "incremental" for n in first["nodes"].values()):
                second = _compiled(invocation, ["--select", "config.materialized:incremental"])
                nodes += _nodes(second, again=True)
    return CompiledProject(relations=relations, nodes=tuple(nodes))


def _compiled(invocation: Invocation, more: list[str]) -> dict[str, Any]:
    """dbt's manifest with the compiled SQL in it."""
    words = ["--no-populate-cache", *arguments(invocation), "--no-introspect", "--profile", _PROFILE, *more]
    answer = invoke(words, lambda _: None)
    if isinstance(answer.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    if answer.exception is not None:
        raise DbtError(str(answer.exception))
    refused = [str(r.message) for r in answer.result.results if str(r.status) not in ("success", "pass")]
    if refused:
        raise DbtError(refused[0])
    with contextlib.closing((invocation.project / "target" / "manifest.json").open(encoding="utf-8")) as file:
        manifest: dict[str, Any] = json.load(file)
    return manifest


def _relations(manifest: Mapping[str, Any]) -> Iterator[Relation]:
    for node in (*manifest["sources"].values(), *manifest["nodes"].values()):
        if node["resource_type"] not in ("source", "model", "seed", "snapshot") or node["config"].get("materialized") == "ephemeral":
            continue
        yield Relation(
            name=_name(node),
            kind=node["resource_type"],
            path=(node["database"], node["schema"], node.get("identifier") or node["alias"]),
            columns=tuple((c["name"], c["data_type"] or "") for c in node["columns"].values()),
        )


def _nodes(manifest: Mapping[str, Any], *, again: bool) -> Iterator[Compiled]:
    known = manifest["sources"] | manifest["nodes"]
    for node in manifest["nodes"].values():
        sql, materialized = node.get("compiled_code"), node["config"].get("materialized")
        if not sql or (again and materialized != "incremental"):
            continue
        yield Compiled(
            name=node["name"],
            kind=node["resource_type"],
            sql=_failures(node, sql) if node["resource_type"] == "test" else _declared(node, sql),
            file=node["original_file_path"],
            reads=tuple(_name(known[key]) for key in node["depends_on"]["nodes"] if key in known),
            again=again,
        )


def _declared(model: Mapping[str, Any], sql: str) -> str:
    """The SQL of a model with what dbt-bigquery does to it: it declares a variable, of which the type matters here, and it takes the column
    out that becomes the time of ingestion."""
    partition = model["config"].get("partition_by")
    if not partition:
        return sql
    if partition.get("time_ingestion_partitioning"):
        return f"select * except ({partition['field']}) from (\n{sql}\n)"
    return sql.replace("_dbt_max_partition", f"CAST(NULL AS {partition['data_type']})")


def _failures(test: Mapping[str, Any], sql: str) -> str:
    """What dbt asks about the rows that a test finds."""
    config = test["config"]
    count, limit = config["fail_calc"], f"\nlimit {config['limit']}" if config.get("limit") else ""
    verdicts = f"{count} {config['warn_if']} as should_warn, {count} {config['error_if']} as should_error"
    return f"select {count} as failures, {verdicts} from (\n{sql}{limit}\n) dbt_internal_test"


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['source_name']}.{node['name']}" if node["resource_type"] == "source" else str(node["name"])
