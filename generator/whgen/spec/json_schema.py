"""The models of the spec language -> its JSON Schema (draft 2020-12), for editors and for validators that are not whgen.

Pydantic says what a value may be; the models say the rest as data: short forms, combinations of keys, types with a name. Only keywords
are used that draft 7 has, too, but for `$defs`, since many editors go no further. Neighbours: `base`, `combination`, `load.NOUNS`.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from whgen.spec.base import MARK, SpecModel, ValueOf, key_of
from whgen.spec.described import descriptions
from whgen.spec.load import NOUNS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """The schema as a file: sorted, so that equal versions of whgen write equal bytes."""
    return json.dumps(spec_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def spec_schema() -> dict[str, Any]:
    """The schema of one YAML document. The noun decides which part of it counts, so that editors show the mistakes of that noun alone."""
    inputs = [(model, "validation", TypeAdapter(model).core_schema) for model in NOUNS.values()]
    references, found = _Generator().generate_definitions(typing.cast(Any, inputs))
    definitions: dict[str, Any] = {}
    definitions |= _hoisted(found, definitions)
    # Where there is no noun yet, the nouns are all that can stand there.
    nouns = {noun: {"$ref": "#/$defs/Name", "description": _doc(model)} for noun, model in NOUNS.items()}
    schema: dict[str, Any] = {"properties": nouns, "additionalProperties": False, "minProperties": 1}
    for noun, model in reversed(NOUNS.items()):
        schema = {"if": {"required": [noun]}, "then": references[(typing.cast(Any, model), "validation")], "else": schema}
    return {
        "$schema": DIALECT,
        "$defs": definitions,
        "title": "whgen spec",
        "description": "One document of a whgen project. Its noun says what it describes: "
        + ", ".join(f"`{noun}`" for noun in NOUNS)
        + ".",
        "type": "object",
        **schema,
    }


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, which also follows what the models say as data."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        model = schema["cls"]
        found["title"] = title(model)
        if not issubclass(model, SpecModel):
            return found
        for name, text in descriptions(model).items():
            if (key := key_of(model, name)) in found.get("properties", {}):
                found["properties"][key]["description"] = text
        if len(model.combinations) == 1:
            found |= model.combinations[0].schema()
        elif model.combinations:
            found["allOf"] = [rule.schema() for rule in model.combinations]
        if model.combinations:
            found["$comment"] = " ".join(rule.sentence for rule in model.combinations)
        short = _short_form(model, found)
        return {"description": found.pop("description"), "anyOf": [short, found]} if short else found

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        # Empty defaults say nothing, and models as defaults only repeat those of their own keys.
        found = super().default_schema(schema)
        if found.get("default") in (None, {}, [], ()) or isinstance(schema.get("default"), SpecModel):
            found.pop("default", None)
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        return {**found, "propertyNames": keys} if MARK in keys else found

    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchemaValue:
        # Every whole number is a number.
        found = super().union_schema(schema)
        if {"type": "number"} in found.get("anyOf", ()):
            found["anyOf"] = [choice for choice in found["anyOf"] if choice != {"type": "integer"}]
        return found

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        # A pair of equals is a list of two: the older keyword for pairs has another name in each draft.
        found = super().tuple_schema(schema)
        items = found.pop("prefixItems", None)
        return found if items is None else {**found, "items": items[0]}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        tag = schema["discriminator"]
        choices = {str(name): self.generate_inner(choice) for name, choice in schema["choices"].items()}
        return {
            "type": "object",
            "required": [tag],
            "properties": {tag: {"enum": list(choices)}},
            "allOf": [
                {"if": {"required": [tag], "properties": {tag: {"const": name}}}, "then": choice} for name, choice in choices.items()
            ],
        }

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic asks for each field
        return False


def _short_form(model: type[SpecModel], long: Mapping[str, Any]) -> dict[str, Any] | None:
    """What may stand in place of the mapping; None where the key of the short form would not be enough."""
    form = model.short_form
    if isinstance(form, ValueOf):
        if not {*long.get("required", ())} <= {form.key}:
            return None
        found = dict(long["properties"][form.key])
        # A mapping is never the short form of one.
        if "anyOf" in found:
            found["anyOf"] = [choice for choice in found["anyOf"] if choice.get("type") != "object"]
        return found
    return {"enum": list(form.keys)} if form else None


def _hoisted(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema with references in place of its `Named` types, which are added to the definitions."""
    if isinstance(schema, list):
        return [_hoisted(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _hoisted(value, definitions) for key, value in schema.items() if key != MARK}
    for name, definition in schema.get(MARK, {}).items():
        definitions[name] = definition
        found["$ref"] = f"#/$defs/{name}"
    return found


def title(model: type[Any]) -> str:
    """What a model is called: `SourceColumn` -> `source column`."""
    return re.sub(r"(?<=.)([A-Z])", r" \1", model.__name__.removesuffix("Spec")).lower()


def _doc(model: type[Any]) -> str:
    return " ".join((model.__doc__ or "").split())
