"""Values as YAML writes them, held against logical types: defaults, members, bounds of tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from whgen.diagnostics.diagnostic import Fix, Related, Report, Span, rewritten
from whgen.ir.literals import is_written_well
from whgen.ir.types import BOOLEAN, Kind, Scalar, Type, a
from whgen.spec.common import FLAGS

_FITS: Mapping[Kind, Any] = {
    Kind.STRING: str,
    Kind.INTEGER: int,
    Kind.DECIMAL: (int, float),
    Kind.FLOAT: (int, float),
    Kind.BOOLEAN: bool,
    Kind.DATE: str,
    Kind.TIMESTAMP: str,
    Kind.DATETIME: str,
    Kind.TIME: str,
}
_EXAMPLES: Mapping[Kind, str] = {
    Kind.STRING: "quote it",
    Kind.INTEGER: "write a whole number",
    Kind.BOOLEAN: "write true or false",
    Kind.DATE: "write a date such as 2013-01-31",
    Kind.TIMESTAMP: "write an instant such as 2013-01-31 23:59:59",
    Kind.DATETIME: "write a date and time such as 2013-01-31 23:59:59",
    Kind.TIME: "write a time such as 23:59:59",
}
_LARGEST = 2**63


def check_literal(value: Scalar, type_: Type, span: Span, report: Report, *, related: Iterable[Related] = ()) -> None:
    """Report a value that a column of this type cannot hold; `related` is the place that gives it the type."""
    if not fits(value, type_):
        help_ = _EXAMPLES.get(type_.kind, f"write {a(type_)}")
        fix = _in_its_type(value, type_, span)
        report.error("type-mismatch", span, f"`{_shown(value)}` is not {a(type_)}", help=help_, fix=fix, related=related)


def fits(value: Scalar, type_: Type) -> bool:
    """Whether a column of this type can hold a value, as far as one can tell."""
    wanted = _FITS.get(type_.kind)
    if wanted is None:
        return True
    if not isinstance(value, wanted) or (isinstance(value, bool) and type_ != BOOLEAN):
        return False
    return not (isinstance(value, str) and not is_written_well(value, type_.kind)) and not _is_too_large(value, type_)


def _in_its_type(value: Scalar, type_: Type, span: Span) -> Fix | None:
    """The same value in another type, where it can mean only that."""
    text = _shown(value)
    if type_.kind is Kind.STRING:
        return rewritten(span, value, f"'{text}'")
    if type_.kind is Kind.BOOLEAN and text.casefold() in FLAGS:
        return rewritten(span, value, FLAGS[text.casefold()])
    if isinstance(value, str) and type_.kind is Kind.INTEGER and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        return rewritten(span, value, value)
    return None


def _shown(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_too_large(value: Scalar, type_: Type) -> bool:
    return type_.kind is Kind.INTEGER and isinstance(value, int) and not -_LARGEST <= value < _LARGEST
