"""What every spec model is made of: no unknown keys, no key without a value, short forms, and keys that go together or do not.

Short forms and combinations are data, so that the loader and the JSON Schema (`json_schema`) follow the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from whgen.spec.combination import Combination

MARK = "x-named"
"""The key under which a JSON Schema under way holds a `Named` type."""
WRONG_COMBINATION = "wrong_combination"
"""What pydantic calls the error of a `Combination`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Marks a type that the JSON Schema defines once, under `name`; `adds` is what pydantic does not know of it."""

    name: str
    adds: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The definition under a mark: `json_schema` moves it to where it stands once."""
        return {MARK: {self.name: {**handler(schema), **self.adds}}}


def eg(*examples: Any) -> Any:
    """Examples of what may stand behind a key, for editors and docs/spec.md."""
    return Field(examples=list(examples))


def exactly(choices: Sequence[bool | int]) -> Callable[[object], object]:
    """Refuses what is none of these, also what Python takes for the same: `True`, `1` and `1.0`."""

    def check(value: object) -> object:
        if any(type(value) is type(choice) and value == choice for choice in choices):
            return value
        raise PydanticKnownError("literal_error", {"expected": " or ".join(map(repr, choices))})

    return check


@dataclass(frozen=True, slots=True)
class ValueOf:
    """The short form of a mapping that has one key only: its value alone, where that is a text or a list."""

    key: str

    def long(self, value: object) -> object:
        """The mapping that a value stands for; what is no short form comes back as it is."""
        return {self.key: value} if isinstance(value, str | list) else value


@dataclass(frozen=True, slots=True)
class YesTo:
    """The short form of a mapping that says `true` to one of these keys: that key alone."""

    keys: tuple[str, ...]

    def long(self, value: object) -> object:
        """The mapping that a value stands for; what is no short form comes back as it is."""
        return {value: True} if isinstance(value, str) else value


def key_of(model: type[BaseModel], name: str) -> str:
    """The key in YAML of a field, which cannot be called `from` or `as` in Python."""
    return model.model_fields[name].alias or name


def _fields(schema: Any) -> list[Any]:
    """The fields in the core schema of a model, below its validators."""
    while schema["type"] != "model-fields":
        if "schema" not in schema:
            return []
        schema = schema["schema"]
    return list(schema["fields"].values())


_FIELDS_SET: dict[frozenset[str], set[str]] = {}


class SpecModel(BaseModel):
    """Base of all spec models: frozen, no unknown keys, docstrings of fields become their documentation.

    Strictness lies in the leaf types (`Flag`, `Number`, `Day`): pydantic's strict mode would refuse YAML's lists for tuples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    short_form: ClassVar[ValueOf | YesTo | None] = None
    combinations: ClassVar[tuple[Combination, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, value: object) -> object:
        return cls.short_form.long(value) if cls.short_form else value

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        # Of a thousand columns, most say the same keys.
        fields_set = self.model_fields_set
        object.__setattr__(self, "__pydantic_fields_set__", _FIELDS_SET.setdefault(frozenset(fields_set), fields_set))
        if self.combinations:
            given = {key_of(type(self), name): getattr(self, name) for name in self.model_fields_set}
            for rule in self.combinations:
                if rule.is_broken(given):
                    count = len(given.keys() & {*rule.keys})
                    raise PydanticCustomError(WRONG_COMBINATION, "{text}", {"text": rule.message.format(count=count)})
        return self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """`X | None` says what Python finds when a key is not given. A key that is there has a value, so the loader takes no null."""
        schema = handler(source)
        for model_field in _fields(schema):
            around = model_field["schema"]
            if around["type"] != "default":
                continue
            # What stands before the value, as a short form, stands around its schema.
            while around["schema"]["type"].startswith("function-"):
                around = around["schema"]
            if around["schema"]["type"] == "nullable":
                around["schema"] = around["schema"]["schema"]
        return schema
