"""docs/spec.md: the reference of the spec language, made from the models that read it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from whgen.ir.types import TYPE_NAMES
from whgen.spec.load import NOUNS
from whgen.spec.lock import LockedColumn, LockedSource

_HEAD = """# The spec language

A project is a folder with `specs/`. Any file there that ends in `.yml` holds one or more YAML documents, separated by `---`; the first
key of a document says what it describes. Files may be named and grouped as you like: neither names nor order matter.

- YAML 1.2: `on`, `off`, `yes`, `no`, `08` and `12:30` are texts; `true` and `false` are the truth values.
- Expressions are SQL in the `dialect` of the project, BigQuery's by default. They may use the functions of the catalogue, which mean the
  same on every warehouse; anything else takes one expression for each warehouse, `expr: {duckdb: ..., bigquery: ...}`, and a `type`.
- In a table of a source, the keys of `columns` are the names that the source uses. Everything else - `key`, `where`, `derive`, `dedupe`,
  `exclude` - speaks of the names after renaming.
- `{{`, `{%` and `{#` are refused in every text: dbt would execute them.
- A table is referred to as `source.table`; a seed or hand-written model by its name; in a hand-written SELECT and in `depends_on`,
  everything by its name in the warehouse, such as `fact_flight`.
"""
_LOCK = """## sources.lock

What the tables of the sources really hold, beside the folder `specs/`: one document for each source and warehouse. `whgen lock`
writes the file; it is committed, and so a change of a source is a line of a diff. A project may do without it. With it,

- a column that a table lacks is an error at the very column, and `columns: all` and `rest: keep` know what there is;
- a column that declares no `type` has that of the source. Where the warehouses differ, it has to declare one;
- what arrives as the declared type is not cast, nor tested for what a cast loses; a cast that can never work is an error at its `type`;
- rules for text (`trim`, `case`, a `null_if` that no number can be) are left out where a column arrives typed;
- a table that is missing from it is a warning. Tables and columns that no spec uses do no harm. A warehouse that it does
  not speak of is not checked.
"""


def spec_page() -> str:
    """The whole page."""
    parts = [_HEAD, f"Logical types: {', '.join(f'`{t}`' for t in TYPE_NAMES)}.\n"]
    parts += ["| document | what it describes |", "|---|---|"]
    parts += [f"| [`{noun}:`](#{noun}) | {_sentence(model)} |" for noun, model in NOUNS.items()]
    parts.append("")
    for noun, model in NOUNS.items():
        parts += [f"## {noun}", "", _doc(model), "", *_table(model), ""]
        for inner in _inner(model, seen={model}):
            parts += [f"### {noun}: {_title(inner)}", "", _doc(inner), "", *_table(inner), ""]
    parts += [_LOCK, *_table(LockedSource), "", "### sources.lock: locked column", "", _doc(LockedColumn), "", *_table(LockedColumn)]
    return "\n".join(parts).rstrip() + "\n"


def _table(model: type[Any]) -> Iterator[str]:
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        meaning = " ".join((field.description or "").split())
        yield f"| `{field.alias or name}` | {_value(field.annotation)} | {_default(field)} | {meaning} |"


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ({}, (), []) or isinstance(value, _models()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _models() -> type[Any]:
    from whgen.spec.common import SpecModel

    return SpecModel


def _value(annotation: Any) -> str:
    """What may stand there, in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _value(arguments[0])
    if origin is typing.Literal:
        return " \\| ".join(f"`{str(a).lower() if isinstance(a, bool) else a}`" for a in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_value(a) for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"list of {_value(arguments[0])}" if arguments[-1] is Ellipsis else f"[{', '.join(_value(a) for a in arguments)}]"
    if origin is dict:
        return f"mapping to {_value(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, _models()):
        return _title(annotation)
    plain = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "date": "date", "Any": "anything"}
    return plain.get(getattr(annotation, "__name__", str(annotation)), str(annotation))


def _inner(model: type[Any], seen: set[type[Any]]) -> Iterator[type[Any]]:
    """The models that the fields of a model hold, each once, in the order in which they are met."""
    for field in model.model_fields.values():
        for found in _found(field.annotation):
            if found not in seen:
                seen.add(found)
                yield found
                yield from _inner(found, seen)


def _found(annotation: Any) -> Iterator[type[Any]]:
    if isinstance(annotation, type) and issubclass(annotation, _models()):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _found(argument)


def _title(model: type[Any]) -> str:
    """`SourceColumn` -> `source column`."""
    name = model.__name__.removesuffix("Spec")
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _doc(model: type[Any]) -> str:
    return " ".join((model.__doc__ or "").split())


def _sentence(model: type[Any]) -> str:
    return _doc(model).split(". ")[0].rstrip(".")
