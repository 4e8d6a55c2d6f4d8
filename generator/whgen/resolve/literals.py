"""Values as YAML writes them, held against logical types: defaults, members, bounds of tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.literals import is_written_well
from whgen.ir.types import BOOLEAN, Kind, Scalar, Type, a

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


def check_literal(value: Scalar, type_: Type, span: Span, report: Report) -> None:
    """Report a value that a column of this type cannot hold."""
    if not fits(value, type_):
        report.error("type-mismatch", span, f"`{value}` is not {a(type_)}", help=_EXAMPLES.get(type_.kind, f"write {a(type_)}"))


def fits(value: Scalar, type_: Type) -> bool:
    """Whether a column of this type can hold a value, as far as one can tell."""
    wanted = _FITS.get(type_.kind)
    if wanted is None:
        return True
    if not isinstance(value, wanted) or (isinstance(value, bool) and type_ != BOOLEAN):
        return False
    return not (isinstance(value, str) and not is_written_well(value, type_.kind)) and not _is_too_large(value, type_)


def _is_too_large(value: Scalar, type_: Type) -> bool:
    return type_.kind is Kind.INTEGER and isinstance(value, int) and not -_LARGEST <= value < _LARGEST
