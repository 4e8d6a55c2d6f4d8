"""What may stand at a place of a document, by the JSON Schema of specs: keys, values, and what kind of thing a text is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from whgen.spec.json_schema import spec_schema
from whgen.spec.load import NOUNS

Schema = Mapping[str, Any]
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A key or a value that may stand somewhere."""

    name: str
    description: str = ""
    opens: str = ""
    """Of a key: what its value is made of, `mapping` or `list`; `` for a single value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """All that may stand at a place."""

    keys: tuple[Word, ...] = ()
    values: tuple[Word, ...] = ()
    kinds: frozenset[str] = frozenset()
    """Names of definitions: `Name`, `Sql`, `TypeName`, ..."""
    description: str = ""


@cache
def _schema() -> Schema:
    return spec_schema()


def nouns() -> tuple[Word, ...]:
    """What a document can describe."""
    return tuple(Word(name=noun, description=str(_schema_of(noun).get("description", ""))) for noun in NOUNS)


def noun_of(value: Mapping[str, Any]) -> str:
    """The noun of a document; empty where it has none yet."""
    return next((key for key in value if key in NOUNS), "")


def allowed(noun: str, path: Sequence[str | int], value: Mapping[str, Any]) -> Allowed:
    """What may stand at a path of a document of some noun, whose value decides between alternatives."""
    found: list[Schema] = [_schema_of(noun)]
    here: Any = value
    for part in path:
        found = [inner for schema in found for branch in _branches(schema, here) for inner in _step(branch, part)][:_MOST]
        here = _inside(here, part)
    branches = [branch for schema in found for branch in _branches(schema, here)]
    return Allowed(
        keys=tuple(_keys(branches).values()),
        values=tuple({word.name: word for branch in branches for word in _values(branch)}.values()),
        kinds=frozenset(branch["x-kind"] for branch in branches if "x-kind" in branch),
        description=next((str(s["description"]) for s in found if "description" in s), ""),
    )


@cache
def _schema_of(noun: str) -> Schema:
    schema = _schema()
    while "if" in schema:
        if schema["if"]["required"] == [noun]:
            return _resolved(schema["then"])
        schema = schema["else"]
    return {}


def _resolved(schema: Any) -> Schema:
    """A schema with what it refers to; what stands beside the reference counts first."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" not in schema:
        return schema
    name = str(schema["$ref"]).rsplit("/", 1)[-1]
    return {"x-kind": name, **_resolved(_schema()["$defs"].get(name, {})), **{k: v for k, v in schema.items() if k != "$ref"}}


def _branches(schema: Schema, value: Any) -> Iterator[Schema]:
    """The alternatives of a schema that what stands there does not rule out."""
    schema = _resolved(schema)
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(word, ()):
            resolved = _resolved(branch)
            if not _is_ruled_out(resolved, value):
                yield from _branches(resolved, value)


def _is_ruled_out(schema: Schema, value: Any) -> bool:
    """Whether a key with a fixed value, such as the `warehouse` of a target, has another one."""
    if not isinstance(value, Mapping):
        return False
    for name, inner in (schema.get("properties") or {}).items():
        if isinstance(inner, Mapping) and "const" in inner and isinstance(value.get(name), str) and value[name] != str(inner["const"]):
            return True
    return False


def _step(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        prefix = schema.get("prefixItems") or ()
        inner = prefix[part] if part < len(prefix) else schema.get("items")
        if isinstance(inner, Mapping):
            yield inner
        return
    properties = schema.get("properties") or {}
    if isinstance(properties.get(part), Mapping):
        yield properties[part]
    elif part not in properties and isinstance(schema.get("additionalProperties"), Mapping):
        yield schema["additionalProperties"]


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _keys(branches: Sequence[Schema]) -> dict[str, Word]:
    found: dict[str, Word] = {}
    for branch in branches:
        for name, inner in (branch.get("properties") or {}).items():
            if isinstance(inner, Mapping):
                found.setdefault(name, Word(name=name, description=_described(inner), opens=_opens(inner)))
    return found


def _described(schema: Schema) -> str:
    return str(_resolved(schema).get("description", ""))


def _opens(schema: Schema) -> str:
    kinds = {_type_of(branch) for branch in _branches(schema, None)} - {""}
    return {"object": "mapping", "array": "list"}.get(next(iter(kinds)), "") if len(kinds) == 1 else ""


def _type_of(schema: Schema) -> str:
    if "properties" in schema:
        return "object"
    if "const" in schema or "enum" in schema:
        return "string"
    return str(schema.get("type", ""))


def _values(schema: Schema) -> Iterator[Word]:
    described = str(schema.get("description", ""))
    if "const" in schema:
        yield Word(name=_written(schema["const"]), description=described)
    for choice in schema.get("enum") or ():
        yield Word(name=_written(choice), description=described)
    if schema.get("type") == "boolean" and "enum" not in schema and "const" not in schema:
        yield from (Word(name="true", description=described), Word(name="false", description=described))


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
