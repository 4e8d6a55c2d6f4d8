"""Whether DuckDB takes what was generated: every model built over empty sources, in the order of the graph, and every test run on them.

Renders dbt's Jinja itself, which takes a hundredth of the time that dbt takes; the generic tests of dbt come from its own files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import yaml

from projects import REPOSITORY

Files = Mapping[PurePosixPath, str]
_CALL = re.compile(r"\s*(ref|source|env_var|var)\s*\(.+\)\s*")


def later_errors(project: Files) -> list[str]:
    """What DuckDB says to the SQL of the project, and where a column is of another type than the project declares."""
    return list(_errors(project))


def source_columns(project: Files) -> frozenset[tuple[str, str, str]]:
    """The source, table and column of all that the project reads."""
    return frozenset((s["name"], t["name"], c["name"]) for s, t in _sources(project) for c in t.get("columns", [{"name": ""}]))


def _errors(project: Files) -> Iterator[str]:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    _make_sources(project, connection)
    models = {p.stem: text for p, text in project.items() if p.parts[0] == "models" and p.suffix == ".sql"}
    declared = {m["name"]: m for document in _properties(project) for noun in ("models", "seeds") for m in document.get(noun) or ()}
    for path in project:
        if path.suffix == ".csv":
            types = declared.get(path.stem, {}).get("config", {}).get("column_types", {})
            names = [*types, *(n for n in project[path].partition("\n")[0].split(",") if n not in types)]
            columns = ", ".join(f"{_quoted(n)} {types.get(n, 'VARCHAR')}" for n in names)
            connection.execute(f"CREATE TABLE {_quoted(path.stem)} ({columns})")
    broken: set[str] = set()
    for name in _ordered(models):
        sql = _render(models[name])
        if any(_quoted(b) in sql for b in broken):
            broken.add(name)
        elif error := _run(connection, f"CREATE TABLE {_quoted(name)} AS (\n{sql}\n)"):
            broken.add(name)
            yield f"{name}: {error}"
        else:
            yield from _other_types(connection, name, declared.get(name))
    for model in declared.values():
        for called, sql in _tests(model):
            if not any(_quoted(b) in sql for b in broken) and (error := _run(connection, sql)):
                yield f"{called}: {error}"


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        connection.execute(sql)
    except duckdb.Error as error:
        return str(error).split("\n\n")[0].replace("\n", " ")[:300]
    return ""


def _other_types(connection: duckdb.DuckDBPyConnection, name: str, declared: Mapping[str, Any] | None) -> Iterator[str]:
    found = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {_quoted(name)}").fetchall()}
    wanted = {c["name"]: c.get("data_type", "unknown").replace(", ", ",") for c in (declared or {}).get("columns", ())}
    for column in {**found, **wanted}:
        if found.get(column) != wanted.get(column) and not (column in found and wanted.get(column) == "unknown"):
            yield f"{name}: `{column}` is {found.get(column, 'missing')}, declared {wanted.get(column, 'nowhere')}"


def _make_sources(project: Files, connection: duckdb.DuckDBPyConnection) -> None:
    for source, table in _sources(project):
        name = f"{_quoted(source['name'])}.{_quoted(table['name'])}"
        columns = ", ".join(f"{_quoted(c['name'])} {c.get('data_type', 'VARCHAR')}" for c in table.get("columns", ())) or "nothing INTEGER"
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(source['name'])}")
        connection.execute(f"CREATE TABLE {name} ({columns})")
    for snapshot in (s for document in _properties(project) for s in document.get("snapshots") or ()):
        columns = ", ".join(f"{_quoted(c['name'])} {c['data_type']}" for c in snapshot["columns"])
        connection.execute(f"CREATE TABLE {_quoted(snapshot['name'])} ({columns})")


def _sources(project: Files) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for document in _properties(project):
        for source in document.get("sources") or ():
            for table in source["tables"]:
                yield source, table


def _properties(project: Files) -> Iterator[Mapping[str, Any]]:
    for path, text in project.items():
        if path.suffix == ".yml" and path.parts[0] in ("models", "seeds", "snapshots"):
            yield _loaded(text)


@lru_cache(maxsize=1000)
def _loaded(text: str) -> Mapping[str, Any]:
    return yaml.load(text, yaml.CSafeLoader)


def _ordered(models: Mapping[str, str]) -> list[str]:
    done: list[str] = []
    reads = {name: set(re.findall(r"ref\('([^']+)'\)", sql)) & set(models) for name, sql in models.items()}
    while ready := [n for n in reads if n not in done and reads[n] <= set(done)]:
        done += ready
    assert len(done) == len(models), "the models read one another in a circle"
    return done


def _tests(model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in model.get("data_tests", ()):
        yield _test(model["name"], entry, {})
    for column in model.get("columns", ()):
        for entry in column.get("data_tests", ()):
            yield _test(model["name"], entry, {"column_name": _quoted(column["name"]) if column.get("quote") else column["name"]})


def _test(model: str, entry: str | Mapping[str, Any], given: Mapping[str, Any]) -> tuple[str, str]:
    kind, options = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    where = options.get("config", {}).get("where")
    relation = f"(select * from {_quoted(model)} where {where}) dbt_subquery" if where else _quoted(model)
    arguments = {n: _argument(v) for n, v in options.get("arguments", {}).items()}
    macro = getattr(_macros(), f"test_{kind}")
    return options.get("name", kind), str(macro(model=relation, **given, **arguments))


def _argument(value: object) -> object:
    """As dbt does: a text that looks like a call is one, and Jinja in it is rendered."""
    if isinstance(value, str):
        return _render(f"{{{{ {value} }}}}" if _CALL.fullmatch(value) else value)
    if isinstance(value, list):
        return [_argument(v) for v in value]
    return {k: _argument(v) for k, v in value.items()} if isinstance(value, dict) else value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"])
    environment.globals |= {
        "ref": _quoted,
        "source": lambda source, table: f"{_quoted(source)}.{_quoted(table)}",
        "config": lambda **_: "",
        "should_store_failures": lambda: False,
        "is_incremental": lambda: False,
        "dbt": SimpleNamespace(type_string=lambda: "TEXT"),
        "env_var": lambda name, default="": default,
    }
    return environment


def _render(text: str) -> str:
    return _environment().from_string(text).render()


@cache
def _macros() -> Any:
    of_dbt = files("dbt.include.global_project").joinpath("macros/generic_test_sql")
    texts = [f.read_text(encoding="utf-8").replace("default__test_", "test_") for f in of_dbt.iterdir() if f.name.endswith(".sql")]
    for file in sorted((REPOSITORY / "templates/project/tests/generic").iterdir()):
        texts.append(re.sub(r"\{%-? test ", "{% macro test_", file.read_text(encoding="utf-8")).replace("endtest", "endmacro"))
    return _environment().from_string("\n".join(texts)).module


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
