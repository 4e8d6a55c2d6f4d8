"""The JSON Schema of the specs against another implementation of JSON Schema, and against the loader: they accept and refuse the same.

What the schema cannot say, and the loader still refuses, is listed in `test_what_the_schema_cannot_say`.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from projects import REPOSITORY, split_files
from test_errors import CASES as ERROR_CASES
from test_errors import Case
from whgen import scaffold
from whgen.diagnostics.codes import CODES
from whgen.diagnostics.diagnostic import Report
from whgen.ir.types import TYPE_EXAMPLES, TYPE_PATTERN, Kind, parse_type
from whgen.spec.combination import OneOf
from whgen.spec.common import _DAYS, ColumnSpec, TestRule
from whgen.spec.document import read_documents
from whgen.spec.inputs import Unnest
from whgen.spec.json_schema import schema_text, spec_schema
from whgen.spec.load import NOUNS
from whgen.spec.text import SourceText

SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)
NO_VALUES_OF_JSON = {"merge-key", "key-not-text", "recursive-alias"}
"""Mistakes of YAML that a value does not show: there is nothing that a schema could be asked about."""
NO_SHAPES = {"Jinja that SQL writes", "Levels without end", "Columns that are named by their place"}
"""Cases whose code stands for a mistake of shape elsewhere: SQL that would hold Jinja once printed, YAML that no editor minds."""
_CORE = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CORE |= {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}


def plain(node: yaml.Node) -> Any:
    """A YAML node as a value, after the core schema of YAML 1.2 as editors read it; written without the loader's help."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    text = str(node.value)
    if node.style or not (text in _CORE or re.fullmatch(r"-?[0-9].*", text)):
        return text
    try:
        return _CORE[text] if text in _CORE else json.loads(text)
    except json.JSONDecodeError:
        return text


def documents(text: str | bytes) -> Iterator[Any]:
    """The values of the documents of a file, as far as it can be read."""
    try:
        for node in yaml.compose_all(text.decode() if isinstance(text, bytes) else text, yaml.BaseLoader):
            if node is not None and not (isinstance(node, yaml.ScalarNode) and not node.value):
                yield plain(node)
    except (yaml.YAMLError, UnicodeError):
        return


def valid_files(tmp: Path) -> dict[str, str]:
    """Every spec that is right: the example, all cases, the seed idea, a new project."""
    scaffold.create(tmp, "shop")
    paths = [*REPOSITORY.glob("specs/**/*.yml"), *REPOSITORY.glob("tests/proof/**/specs/**/*.yml"), *tmp.glob("specs/**/*.yml")]
    files = {str(path): path.read_text(encoding="utf-8") for path in paths}
    for case in sorted((REPOSITORY / "tests/cases").glob("*/specs.yml")):
        for name, text in split_files(case.read_text(encoding="utf-8")).items():
            files[f"{case.parent.name}/{name}"] = text
    return files


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return valid_files(tmp_path_factory.mktemp("valid") / "shop")


def errors(value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(value)]


# The schema itself


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert spec_schema() == SCHEMA


def test_it_is_sorted() -> None:
    assert json.dumps(SCHEMA, indent=2, sort_keys=True, ensure_ascii=False) + "\n" == schema_text()


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def test_every_definition_is_used_and_there() -> None:
    assert {f"#/$defs/{name}" for name in SCHEMA["$defs"]} == set(_references(SCHEMA))


def _keys() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of the language with what the schema says of it."""
    for name, definition in SCHEMA["$defs"].items():
        for branch in (definition, *definition.get("anyOf", ())):
            for key, schema in branch.get("properties", {}).items():
                yield f"{name}.{key}", schema


KEYS = dict(_keys())


def test_there_are_many_keys() -> None:
    assert len(KEYS) > 120


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained_and_shown(key: str) -> None:
    schema = KEYS[key]
    target = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    # Where both say the same, pydantic leaves it to what the key refers to.
    assert len(schema.get("description") or target["description"]) > 8
    # Choices show themselves.
    assert schema.get("examples") or target.get("examples") or "enum" in schema or "const" in schema or schema.get("type") == "boolean"
    checked = VALIDATOR.evolve(schema={"$defs": SCHEMA["$defs"], **schema})
    for value in [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]:
        assert list(checked.iter_errors(value)) == []


# Whole documents


def test_it_accepts_what_is_right(valid: dict[str, str]) -> None:
    assert {name: found for name, text in valid.items() for value in documents(text) if (found := errors(value))} == {}
    assert sum(1 for text in valid.values() for _ in documents(text)) > 50


def test_values_are_those_that_the_loader_reads(valid: dict[str, str]) -> None:
    for name, text in valid.items():
        read = read_documents(SourceText.of(name, text), Report())
        assert [document.value for document in read] == list(documents(text))


@pytest.mark.parametrize("case", ERROR_CASES, ids=[f"{c.file.stem}: {c.title}" for c in ERROR_CASES])
def test_it_refuses_what_is_wrong_by_shape_and_nothing_else(case: Case) -> None:
    # The schema is of the specs, not of sources.lock.
    codes = set(re.findall(r"^(?:error|warning)\[([a-z-]+)\].*\n +--> specs/", case.expected, re.MULTILINE))
    if codes & NO_VALUES_OF_JSON or case.title in NO_SHAPES:
        pytest.skip("not a mistake that a value shows")
    files = [content for name, content in case.files().items() if name.startswith("specs/") and name.endswith(".yml")]
    found = [error for content in files for value in documents(content) for error in errors(value)]
    assert bool(found) == any(CODES[code].in_schema for code in codes), "\n".join([*codes, *found])


def test_only_the_mistakes_of_the_noun_are_shown() -> None:
    """An editor that showed what the other nouns would want could not be used."""
    found = list(VALIDATOR.iter_errors({"fact": "sale", "grain": "one row per sale", "from": "shop.sales", "kye": "sale_id"}))
    assert sorted(error.message for error in found) == [
        "'key' is a required property",
        "Additional properties are not allowed ('kye' was unexpected)",
    ]


def test_it_asks_for_a_noun() -> None:
    assert errors({}) != []
    assert errors({"dimensoin": "order"}) == ["$: Additional properties are not allowed ('dimensoin' was unexpected)"]
    assert errors(["dimension"]) != []


# Patterns that stand for what Python computes


def test_the_pattern_of_types() -> None:
    numbers = [f"{n}" for n in range(42)] + [f"{n:02}" for n in range(12)] + ["", "100", "-1", "x"]
    decimals = [f"decimal({p}{sep}{s})" for p in numbers for s in ["", *numbers] for sep in (["", ",", " , "] if s else [""])]
    scalars = [*(kind.value for kind in Kind), *TYPE_EXAMPLES, *decimals, "", "varchar", "Integer", "date time", "decimal", "decimal (9)"]
    wrapped = [w.format(s) for s in scalars for w in ("{}", " {} ", "array<{}>", "array < {} >", "array<array<{}>>", "array<{}", "{}x")]
    assert len(wrapped) > 40_000
    assert [text for text in wrapped if bool(re.search(TYPE_PATTERN, text)) != (parse_type(text) is not None)] == []


def test_the_pattern_of_days() -> None:
    def exists(text: str) -> bool:
        try:
            return date.fromisoformat(text).isoformat() == text
        except ValueError:
            return False

    years = [0, 1, 4, 9, 10, 96, 99, 100, 104, 400, 800, 999, 1000, 1600, 1700, 1900, 1996, 2000, 2004, 2013, 2100, 2400, 9996, 9999]
    days = [f"{year:04}-{month:02}-{day:02}" for year in years for month in range(14) for day in range(34)]
    days += ["", "2013-1-01", "20130101", "2013-01-01T00:00:00", "0", "12013-01-01", "2013-W01-1"]
    assert [day for day in days if bool(re.search(_DAYS, day)) != exists(day)] == []


def test_the_keys_that_a_rule_names_exist() -> None:
    for model in _models(list(NOUNS.values()), set()):
        keys = {field.alias or name for name, field in model.model_fields.items()}
        assert all({*rule.keys} <= keys for rule in model.combinations)
    (rule,) = TestRule.combinations
    assert isinstance(rule, OneOf)
    assert {*rule.keys} == TestRule.model_fields.keys() - {"severity", "where"}


def _models(found: list[Any], seen: set[Any]) -> Iterator[Any]:
    for annotation in found:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
            seen.add(annotation)
            yield annotation
            yield from _models([field.annotation for field in annotation.model_fields.values()], seen)
        yield from _models(list(getattr(annotation, "__args__", ())), seen)


# Agreement with the loader

POOL: list[Any] = [
    None, True, False, 0, 1, -3, 1.5, 10**30, "", "integer", "a b", "Not_A_Name", "x" * 61, "x" * 301, "2013-01-01", "2013-02-30",
    "{{ x }}", "warn", "all", "not_null", [], ["a"], ["a", "a"], ["A"], [1], [1, 2], [None], [["a"]], {}, {"a": "b"}, {"a": {}},
    {"a": None}, {"": "x"}, {"a": {"b": "{% x %}"}}, {"unique": True}, {"{{ a }}": "b"}, [{"unique": True, "severity": "warn"}],
]  # fmt: skip


def takes(value: Any) -> bool:
    """Whether the loader finds the shape of a document right. Names of types and Jinja are reported apart from the models."""
    if not isinstance(value, dict) or _any_jinja(value):
        return False
    noun = next((key for key in value if key in NOUNS), None)
    try:
        return noun is not None and _types_exist(NOUNS[noun].model_validate(value))
    except ValidationError:
        return False


def _any_jinja(value: Any) -> bool:
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_any_jinja, parts)) or (isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")))


def _types_exist(value: Any) -> bool:
    if isinstance(value, dict | tuple):
        return all(map(_types_exist, value.values() if isinstance(value, dict) else value))
    if not isinstance(value, BaseModel):
        return True
    names = [getattr(value, "source_type", None), *(getattr(value, "arrives", None) or {}).values()]
    names += [value.type] if isinstance(value, ColumnSpec | Unnest) else []
    return all(parse_type(name) for name in names if name is not None) and all(_types_exist(part) for _, part in value)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(part, (*path, key))


def _changed(document: Any, path: tuple[Any, ...], change: str, value: Any = None) -> Any:
    root = [copy.deepcopy(document)]
    parent = root
    for key in (0, *path)[:-1]:
        parent = parent[key]
    last = path[-1] if path else 0
    if change == "delete":
        del parent[last]
    elif change == "replace":
        parent[last] = value
    elif change == "rename":
        items = list(parent.items())
        parent.clear()
        parent.update({(value if key == last else key): part for key, part in items})
    elif change == "add":
        parent[last][value[0]] = value[1]
    elif change == "repeat":
        parent[last].append(copy.deepcopy(parent[last][-1]))
    return root[0]


VOCABULARY = sorted({key.partition(".")[2] for key in KEYS})


def mutants(document: Any, rng: random.Random) -> Iterator[tuple[str, Any]]:
    """Every small change of a document: its description, and the changed document."""
    for path in _places(document):
        at = document
        for key in path:
            at = at[key]
        yield from ((f"replace {path} by {value!r}", _changed(document, path, "replace", value)) for value in POOL)
        if path:
            yield f"delete {path}", _changed(document, path, "delete")
        if path and isinstance(path[-1], str):
            for name in ("Upper", "two words", "", "{{ x }}", "x" * 61, rng.choice(VOCABULARY)):
                yield f"rename {path} to {name!r}", _changed(document, path, "rename", name)
        if isinstance(at, dict):
            for name in ("unheard_of", *rng.sample(VOCABULARY, 4), *NOUNS):
                value = rng.choice(POOL)
                yield f"add {name}: {value!r} to {path}", _changed(document, path, "add", (name, value))
        if isinstance(at, list) and at:
            yield f"repeat the last of {path}", _changed(document, path, "repeat")


def disagreements(files: dict[str, str], *, one_in: int) -> tuple[int, int, list[str]]:
    """How many mutants were tried and how many of them refused, and on which the loader and the schema do not agree."""
    rng = random.Random(0)
    tried = refused = 0
    found = []
    for name, text in files.items():
        for value in documents(text):
            for what, mutant in mutants(value, rng):
                if one_in > 1 and rng.randrange(one_in):
                    continue
                tried += 1
                verdict = takes(mutant)
                refused += not verdict
                if verdict != VALIDATOR.is_valid(mutant):
                    found.append(f"{name}: {what}: the loader {'takes' if verdict else 'refuses'} it")
    return tried, refused, found


def test_the_loader_and_the_schema_agree_on_every_small_change(valid: dict[str, str]) -> None:
    tried, refused, found = disagreements(valid, one_in=20)
    assert found == []
    assert tried > 3_000
    assert tried * 0.1 < tried - refused < tried * 0.9, "both verdicts must occur often"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("warehouse: w\ntargets: {dev: {warehouse: duckdb, path: x, threads: 4.0}}", "to JSON Schema, 4.0 is a whole number"),
        ("dimension: d\nfrom: a.b\nkey: k\nkey: l", "of a key that stands twice, a value keeps one"),
        ("dimension: d\nfrom: a.b\nkey: k\ndescription: \"a\\u202eb\"", "patterns cannot name half characters alike in all engines"),
        ("dimension: d\nfrom: a.b\nkey: k\nmeta: &m {a: 1}\ndbt: {b: {<<: *m}}", "merge keys are gone, or are keys, when a value is there"),
    ],
)  # fmt: skip
def test_what_the_schema_cannot_say(text: str, why: str) -> None:
    report = Report()
    read = read_documents(SourceText.of("specs/example.yml", text), report)
    assert report.has_errors or not all(takes(document.value) for document in read)
    assert [error for value in documents(text) for error in errors(value)] == [], why


# What points to it


def test_every_document_of_a_new_project_and_of_the_example_names_the_schema(tmp_path: Path) -> None:
    """Editors look for the line in each document of a file, not in its first alone."""
    scaffold.create(tmp_path, "shop")
    assert (tmp_path / "specs/whgen.schema.json").read_text(encoding="utf-8") == schema_text()
    for path in [*tmp_path.glob("specs/**/*.yml"), *REPOSITORY.glob("specs/**/*.yml")]:
        for part in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", part)
            assert found, path
            assert json.loads((path.parent / found[1]).read_text(encoding="utf-8")) == SCHEMA
