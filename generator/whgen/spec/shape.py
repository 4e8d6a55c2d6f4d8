"""Pydantic's validation errors -> diagnostics at the place in the YAML, in words that a spec author understands."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from whgen.diagnostics.diagnostic import Report, candidates_help
from whgen.spec.document import Document, Path

_PLAIN: Mapping[str, str] = {
    "string_type": "this must be a text",
    "int_type": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "bool_type": "this must be true or false",
    "dict_type": "this must be a mapping of names to values",
    "model_type": "this must be a mapping",
    "model_attributes_type": "this must be a mapping",
    "list_type": "this must be a list",
    "tuple_type": "this must be a list",
    "string_too_short": "this must not be empty",
    "too_short": "this must not be empty",
    "date_type": "this must be a date such as 2013-01-31",
    "date_parsing": "this must be a date such as 2013-01-31",
    "date_from_datetime_parsing": "this must be a date such as 2013-01-31",
    "date_from_datetime_inexact": "this must be a date without a time",
    "union_tag_not_found": "this needs the key `warehouse`, which says what kind of target it is",
    "finite_number": "this must be a finite number",
}


def report_shape(error: ValidationError, model: type[BaseModel], document: Document, report: Report) -> None:
    """Report every error of one document; of the branches of a union only those that speak of the value that is there."""
    details = error.errors(include_url=False, include_context=True)
    for detail in _without_hopeless_branches(details, document):
        path = _path_in(document, detail["loc"])
        kind = detail["type"]
        if kind == "extra_forbidden":
            _unknown_key(detail, path, model, document, report)
        elif kind == "missing":
            name = str(detail["loc"][-1])
            report.error("missing-key", document.key_span(*path), f"the key `{name}` is missing here", help=f"add `{name}:`")
        elif kind == "string_pattern_mismatch" or (kind == "string_too_long" and detail.get("ctx", {}).get("max_length") == 60):
            name = str(detail["input"])
            at = document.key_span(*path) if detail["loc"][-1] == "[key]" else document.span(*path)
            report.error(
                "invalid-name",
                at,
                f"`{name}` cannot be a name in the warehouse",
                help="names have at most 60 lower-case letters, digits and underscores, and start with a letter",
            )
        elif kind in ("literal_error", "union_tag_invalid"):
            _not_a_choice(detail, path, document, report)
        else:
            message = _PLAIN.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
            code = "invalid-value" if kind == "value_error" else "wrong-type"
            report.error(code, document.key_span(*path) if kind == "value_error" else document.span(*path), message)


def _path_in(document: Document, loc: tuple[int | str, ...]) -> Path:
    """The part of pydantic's location that the document has: tags of unions and names of branches are not in it."""
    path: Path = ()
    for part in loc:
        if document.has((*path, part)):
            path = (*path, part)
    return path


def _without_hopeless_branches(details: list[ErrorDetails], document: Document) -> list[ErrorDetails]:
    # A value that fits no branch of a union yields the errors of every branch. The branch that got deepest is the one meant.
    best: dict[Path, int] = {}
    for detail in details:
        path = _path_in(document, detail["loc"])
        for depth in range(len(path) + 1):
            best[path[:depth]] = max(best.get(path[:depth], 0), len(path))
    kept: dict[tuple[Path, str], ErrorDetails] = {}
    for detail in details:
        path = _path_in(document, detail["loc"])
        hopeless = detail["type"] in _PLAIN and best[path] > len(path)
        in_branch = any(isinstance(p, str) and not document.has((*path, p)) and p not in ("[key]",) for p in detail["loc"][:-1])
        if not (hopeless and (in_branch or not document.has(detail["loc"]))):
            kept.setdefault((path, "branch" if detail["type"] in _PLAIN else str(detail["loc"][-1]) + detail["type"]), detail)
    return list(kept.values())


def _unknown_key(detail: ErrorDetails, path: Path, model: type[BaseModel], document: Document, report: Report) -> None:
    name = str(detail["loc"][-1])
    label, help_ = candidates_help(name, _fields_at(model, detail["loc"][:-1]), kind="keys")
    report.error("unknown-key", document.key_span(*path), f"the key `{name}` is not known here", label=label, help=help_)


def _not_a_choice(detail: ErrorDetails, path: Path, document: Document, report: Report) -> None:
    context = detail.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags") or "")
    choices = [c.strip(" '") for c in expected.replace(" or ", ",").split(",") if c.strip(" '")]
    given = str(context.get("tag", detail["input"]))
    label, help_ = candidates_help(given, choices, kind="choices")
    at = document.span(*path, "warehouse") if "tag" in context else document.span(*path)
    report.error("invalid-choice", at, f"`{given}` is not a choice here", label=label, help=help_)


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the model at a location knows; all models that are reachable by a union's branches are taken together."""
    models: list[Any] = [model]
    for part in loc:
        models = [inner for outer in models for inner in _step(outer, part)]
    fields: set[str] = set()
    for found in models:
        for candidate in _models_in(found):
            fields |= {f.alias or n for n, f in candidate.model_fields.items()}
    return sorted(fields)


def _step(annotation: Any, part: int | str) -> list[Any]:
    found: list[Any] = []
    for candidate in _flat(annotation):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            fields = {f.alias or n: f for n, f in candidate.model_fields.items()}
            found += [fields[str(part)].annotation] if part in fields else [candidate] if part == candidate.__name__ else []
            found += [candidate] if _is_tag(candidate, part) else []
        elif typing.get_origin(candidate) in (dict, tuple, list):
            found.append(typing.get_args(candidate)[-1 if typing.get_origin(candidate) is dict else 0])
    return found or [annotation]


def _is_tag(model: type[BaseModel], part: int | str) -> bool:
    return any(
        part in typing.get_args(f.annotation) for f in model.model_fields.values() if typing.get_origin(f.annotation) is typing.Literal
    )


def _flat(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _flat(typing.get_args(annotation)[0])
    if origin is typing.Union or str(origin) == "<class 'types.UnionType'>":
        return [inner for arg in typing.get_args(annotation) for inner in _flat(arg)]
    return [annotation]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    return [a for a in _flat(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
