"""Pydantic's validation errors -> diagnostics at the place in the YAML, in words that a spec author understands."""

from __future__ import annotations

import re
import typing
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from whgen.diagnostics.diagnostic import Fix, Report, Span, candidates_help, renamed, rewritten
from whgen.diagnostics.similar import certain
from whgen.spec import base
from whgen.spec.common import FLAGS, MAX_NAME
from whgen.spec.document import Document, Path

_PLAIN: Mapping[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_too_short": "this must not be empty",
    "too_short": "this must not be empty",
    "date_type": "a date such as 2013-01-31",
    "date_parsing": "a date such as 2013-01-31",
    "date_from_datetime_parsing": "a date such as 2013-01-31",
    "date_from_datetime_inexact": "a date without a time",
    "union_tag_not_found": "this needs the key `warehouse`, which says what kind of target it is",
    "finite_number": "a finite number",
    "too_long": "this list has too many values",
    "less_than_equal": "this number is too high",
    "greater_than_equal": "this number is too low",
}

_PROSE = {"description", "grain", "label", "unit"}
_SQL = {"expr", "expression", "where"}
# More unknown keys than these in one mapping are one mistake: the mapping stands in the wrong place.
_STRANGERS = 3


def report_shape(error: ValidationError, model: type[BaseModel], document: Document, report: Report) -> None:
    """Report every error of one document; of the branches of a union only those that speak of the value that is there."""
    details = _without_hopeless_branches(error.errors(include_url=False, include_context=True), document)
    strangers = Counter(d["loc"][:-1] for d in details if d["type"] == "extra_forbidden")
    wrong: dict[tuple[Path, bool], list[ErrorDetails]] = {}
    for detail in details:
        path = _path_in(document, detail["loc"])
        match detail["type"]:
            case "extra_forbidden" if strangers[detail["loc"][:-1]] > _STRANGERS:
                # Said once for all of them.
                _unknown_keys(path, strangers[detail["loc"][:-1]], document, report)
                strangers[detail["loc"][:-1]] = 0
            case "extra_forbidden":
                if strangers[detail["loc"][:-1]]:
                    _unknown_key(detail, path, model, document, report)
            case "missing" if isinstance(detail["loc"][-1], int):
                report.error("wrong-type", document.span(*path), "this list lacks a value", help="it takes two, as in `[1, 10]`")
            case "missing":
                name = str(detail["loc"][-1])
                report.error("missing-key", document.key_span(*path), f"the key `{name}` is missing here", help=f"add `{name}:`")
            case "string_pattern_mismatch" | "string_too_long":
                _invalid_name(detail, path, document, report)
            case "union_tag_invalid":
                _not_a_choice(detail, path, document, report)
            case base.WRONG_COMBINATION:
                # Of the keys that the message names, the last one that is there.
                named = [n for n in re.findall(r"`(\w+)`", detail["msg"]) if document.has((*path, n))]
                report.error("wrong-combination", document.key_span(*path, *named[-1:]), detail["msg"])
            case _:
                wrong.setdefault((path, detail["loc"][-1] == "[key]"), []).append(detail)
    for (path, _), branches in wrong.items():
        _wrong_type(branches, path, document, report)


def _wrong_type(branches: list[ErrorDetails], path: Path, document: Document, report: Report) -> None:
    """One value that fits none of the types that are possible at its place."""
    if branches[0]["input"] is None:
        nothing = "nothing stands behind this key: remove it, or indent what belongs to it"
        if _is_sql(path, branches):
            nothing += f"; if the value NULL of SQL is meant, write `{path[-1]}: 'null'`"
        report.error("wrong-type", document.key_span(*path), "this key has no value", help=nothing)
    elif all(b["type"] == "literal_error" for b in branches):
        _not_a_choice(branches[0], path, document, report)
    else:
        wanted = [_wanted(b) for b in branches]
        if "a number" in wanted:
            wanted = [w for w in wanted if w != "a whole number"]
        plain = " or ".join(dict.fromkeys(wanted))
        span = document.key_span(*path) if branches[0]["loc"][-1] == "[key]" else document.span(*path)
        value = branches[0]["input"]
        fix = _in_its_type(wanted, value, span, path)
        if _is_sql(path, branches) and isinstance(value, int | float):
            # A number is no condition, whatever is done to it.
            fix = rewritten(span, value, f"'{str(value).lower()}'") if isinstance(value, bool) or "expr" in path[-2:] else None
            help_ = "quote it: then it is SQL" if fix else "write a condition, as in `status = 'paid'`"
            kind = "true or false" if isinstance(value, bool) else "a number"
            report.error("wrong-type", span, f"this is {kind}, where the text of SQL belongs", help=help_, fix=fix)
            return
        report.error("wrong-type", span, plain if plain.startswith("this") else f"this must be {plain}", fix=fix)


def _wanted(detail: ErrorDetails) -> str:
    """What belongs at the place of an error, in words."""
    if detail["type"] == "literal_error":
        return f"`{_choices(detail)[0]}`"
    if detail["type"] == "too_short" and (least := detail.get("ctx", {}).get("min_length", 1)) > 1:
        return f"this needs {least} or more"
    return _PLAIN.get(detail["type"], str(detail["msg"]))


def _in_its_type(wanted: list[str], value: object, span: Span, path: Path) -> Fix | None:
    """The same value in the type that belongs there, where it can mean only that."""
    if wanted == ["true or false"] and str(value).casefold() in FLAGS:
        return rewritten(span, value, FLAGS[str(value).casefold()])
    if wanted == ["a whole number"] and isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,8}|0", value):
        return rewritten(span, value, value)
    if wanted == ["a text"] and isinstance(value, int | float) and path[-1] in _PROSE:
        return rewritten(span, value, f"'{str(value).lower() if isinstance(value, bool) else value}'")
    return None


def _is_sql(path: Path, branches: list[ErrorDetails]) -> bool:
    """Whether SQL belongs at a place, perhaps one text for each warehouse. A column may have the name of such a key."""
    takes_text = any(b["type"] == "string_type" for b in branches)
    return takes_text and (path[-1] in _SQL or (len(path) > 1 and path[-2] in _SQL and isinstance(path[-1], str)))


def _invalid_name(detail: ErrorDetails, path: Path, document: Document, report: Report) -> None:
    name = str(detail["input"])
    if detail["type"] == "string_too_long" and detail.get("ctx", {}).get("max_length") != MAX_NAME:
        report.error("wrong-type", document.span(*path), "this is too long")
        return
    span = document.key_span(*path) if detail["loc"][-1] == "[key]" else document.span(*path)
    # Words that run together in CamelCase may be meant as one name or several.
    parts = [re.fullmatch(r"[A-Z]?[a-z0-9]*|[A-Z0-9]*", part) for part in name.split("_")]
    is_plain = all(parts) and name[:1].isalpha() and len(name) <= MAX_NAME
    report.error(
        "invalid-name",
        span,
        f"`{name if len(name) <= MAX_NAME else name[:MAX_NAME] + '...'}` cannot be a name in the warehouse",
        help=f"names have at most {MAX_NAME} lower-case letters, digits and underscores, and start with a letter",
        fix=renamed(span, name, name.lower()) if is_plain else None,
    )


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
        hopeless = (detail["type"] in _PLAIN or detail["type"] == "literal_error") and best[path] > len(path)
        in_branch = any(isinstance(p, str) and not document.has((*path, p)) and p not in ("[key]",) for p in detail["loc"][:-1])
        if not (hopeless and (in_branch or not document.has(detail["loc"]))):
            kept.setdefault((path, f"{'' if detail['type'] in _PLAIN else detail['loc'][-1:]}{detail['type']}"), detail)
    return list(kept.values())


def _unknown_key(detail: ErrorDetails, path: Path, model: type[BaseModel], document: Document, report: Report) -> None:
    name = str(detail["loc"][-1])
    fields, span = _fields_at(model, detail["loc"][:-1]), document.key_span(*path)
    label, help_ = candidates_help(name, fields, kind="keys")
    if not re.fullmatch(r"[\w-]+", name):
        help_ = "inside { } a text ends at a comma: quote it"
    elif help_ and (kinds := _kinds_that_know(name, model, detail["loc"][:-1])):
        help_ = f"`{name}` goes with {' or '.join(kinds)}: take it out; {help_}"
    meant = certain(name, fields) if label else None
    # A key that is there already would then stand twice.
    fix = renamed(span, name, meant) if meant is not None and not document.has((*path[:-1], meant)) else None
    report.error("unknown-key", span, f"the key `{name}` is not known here", label=label, help=help_, fix=fix)


def _unknown_keys(path: Path, count: int, document: Document, report: Report) -> None:
    report.error(
        "unknown-key",
        document.key_span(*path),
        f"the key `{path[-1]}` is not known here, nor are {count - 1} others beside it",
        help="look at the indentation: they seem to belong to another key",
    )


def _not_a_choice(detail: ErrorDetails, path: Path, document: Document, report: Report) -> None:
    context = detail.get("ctx", {})
    given = str(context.get("tag", detail["input"]))
    at = document.span(*path, "warehouse") if "tag" in context else document.span(*path)
    report.unknown("invalid-choice", at, f"`{given}` is not a choice here", name=given, known=_choices(detail), kind="choices")


def _choices(detail: ErrorDetails) -> list[str]:
    context = detail.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags") or "")
    return [c.strip(" '") for c in expected.replace(" or ", ",").split(",") if c.strip(" '")]


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the model at a location knows; all models that are reachable by a union's branches are taken together."""
    return sorted({f.alias or n for candidate in _models_at(model, loc) for n, f in candidate.model_fields.items()})


def _kinds_that_know(name: str, model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Of models that a key such as `warehouse` tells apart: those besides the one at the location that know a key, as they are written."""
    if not loc:
        return []
    branches = _models_at(model, loc[:-1])
    told_by = {n for b in branches for n, f in b.model_fields.items() if typing.get_args(f.annotation) == (loc[-1],)}
    knowing = [b for b in branches if name in {f.alias or n for n, f in b.model_fields.items()}]
    return [
        f"`{tag}: {typing.get_args(b.model_fields[tag].annotation)[0]}`" for b in knowing for tag in sorted(told_by & set(b.model_fields))
    ]


def _models_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    found: list[Any] = [model]
    for part in loc:
        found = [inner for outer in found for inner in _step(outer, part)]
    return [candidate for annotation in found for candidate in _models_in(annotation)]


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
