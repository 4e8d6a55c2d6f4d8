"""Logical types: what a column holds, whatever the warehouse calls it. Each warehouse maps them in `dialects`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

Scalar = str | int | float | bool
"""A value as YAML writes it."""


class Kind(StrEnum):
    """The kinds of logical types."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    DATETIME = "datetime"
    TIME = "time"
    JSON = "json"
    BYTES = "bytes"
    ARRAY = "array"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Type:
    """A logical type. `precision` and `scale` belong to decimals, `element` to arrays.
    `nullable` says whether a value can be missing; it does not make two types differ.

    A `timestamp` is an instant, a `datetime` a reading of a wall clock without a zone.
    """

    kind: Kind
    precision: int = 0
    scale: int = 0
    element: Type | None = None
    nullable: bool = field(default=True, compare=False)

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.precision}, {self.scale})"
        return f"array<{self.element}>" if self.kind is Kind.ARRAY else self.kind.value

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it. Unknown types satisfy every check, so that one mistake is reported once."""
        return self.kind is not Kind.UNKNOWN

    @property
    def is_orderable(self) -> bool:
        """Whether every warehouse can sort by it."""
        return self.kind not in (Kind.JSON, Kind.ARRAY, Kind.UNKNOWN)

    @property
    def is_key(self) -> bool:
        """Whether equal values have one and the same text on every warehouse, as a surrogate key needs it."""
        in_microseconds = self.kind in (Kind.TIMESTAMP, Kind.DATETIME)
        return in_microseconds or (self.has_common_text and self.kind not in (Kind.JSON, Kind.ARRAY))

    @property
    def has_common_text(self) -> bool:
        """Whether a value has one and the same text on every warehouse; 1.10 may also be 1.1, and .5 may be .500."""
        return self.kind not in (Kind.DECIMAL, Kind.FLOAT, Kind.TIMESTAMP, Kind.DATETIME, Kind.TIME, Kind.BYTES)

    def matches(self, other: Type) -> bool:
        """Whether values of both can be the same key."""
        return not self.is_known or not other.is_known or self.kind is other.kind


UNKNOWN = Type(Kind.UNKNOWN)
STRING, INTEGER, FLOAT = Type(Kind.STRING), Type(Kind.INTEGER), Type(Kind.FLOAT)
BOOLEAN, DATE = Type(Kind.BOOLEAN), Type(Kind.DATE)
_SIMPLE = {k.value: Type(k) for k in Kind if k not in (Kind.DECIMAL, Kind.ARRAY, Kind.UNKNOWN)}
_DECIMAL = re.compile(r"decimal\s*\(\s*([0-9]{1,2})\s*(?:,\s*([0-9]{1,2})\s*)?\)")
_ARRAY = re.compile(r"array\s*<(.+)>")
ALSO_CALLED = {
    **dict.fromkeys(("str", "text", "varchar", "nvarchar", "char"), "string"),
    **dict.fromkeys(("int", "int32", "int64", "int4", "int8", "bigint", "smallint", "tinyint"), "integer"),
    **dict.fromkeys(("double", "double precision", "float32", "float64", "real"), "float"),
    **dict.fromkeys(("numeric", "number"), "decimal(p, s)"),
    **dict.fromkeys(("bytea", "blob", "binary", "varbinary"), "bytes"),
    **{"bool": "boolean", "timestamptz": "timestamp"},
}
"""What warehouses call some of the logical types."""

TYPE_NAMES = (*sorted(_SIMPLE), "decimal(p, s)", "array<type>")
TYPE_EXAMPLES = (*sorted(_SIMPLE), "decimal(10, 2)", "array<string>")
MAX_PRECISION, MAX_SCALE = 38, 9
"""What BigQuery's NUMERIC holds at most: 38 digits, 9 of them behind the point."""


def _type_pattern() -> str:
    """What `parse_type` reads, as a regular expression that every engine understands, for those who cannot call it."""
    small = [f"0?{p}" + rf"\s*(,\s*0?[0-{p}]\s*)?" for p in range(1, MAX_SCALE)]
    large = rf"(0?{MAX_SCALE}|[12][0-9]|3[0-{MAX_PRECISION - 30}])\s*(,\s*0?[0-{MAX_SCALE}]\s*)?"
    decimal = rf"decimal\s*\(\s*({'|'.join([*small, large])})\)"
    scalar = rf"({'|'.join(sorted(_SIMPLE))}|{decimal})"
    return rf"^\s*({scalar}|array\s*<\s*{scalar}\s*>)\s*$"


TYPE_PATTERN = _type_pattern()


def parse_type(text: str) -> Type | None:
    """The type that a text names, or None.

    >>> str(parse_type("decimal(10,2)"))
    'decimal(10, 2)'
    >>> str(parse_type("array<string>"))
    'array<string>'
    >>> parse_type("varchar")
    """
    text = text.strip()
    if text in _SIMPLE:
        return _SIMPLE[text]
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2] or 0)
        fits = 1 <= precision <= MAX_PRECISION and scale <= min(precision, MAX_SCALE)
        return Type(Kind.DECIMAL, precision, scale) if fits else None
    if match := _ARRAY.fullmatch(text):
        element = parse_type(match[1])
        return Type(Kind.ARRAY, element=element) if element and element.kind is not Kind.ARRAY else None
    return None


def a(type_: Type) -> str:
    """A type with its article.

    >>> a(INTEGER)
    'an integer'
    """
    return f"{'an' if str(type_)[0] in 'aeiou' else 'a'} {type_}"
