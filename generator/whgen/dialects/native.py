"""A warehouse's own name of a type -> the logical type: how `Dialect.type_name` is read backwards, for what is found in a warehouse."""

from __future__ import annotations

import re

from whgen.dialects.base import Dialect
from whgen.ir.types import UNKNOWN, Kind, Type, parse_type


def logical_type(native: str, dialect: Dialect) -> Type:
    """The logical type whose values a column of this type has, unknown where there is none.

    >>> from whgen.warehouses.duckdb.dialect import DIALECT
    >>> [str(logical_type(t, DIALECT)) for t in ("BIGINT", "SMALLINT", "DECIMAL(10,2)", "VARCHAR[]", "TIMESTAMP WITH TIME ZONE", "UUID")]
    ['integer', 'integer', 'decimal(10, 2)', 'array<string>', 'timestamp', 'unknown']
    """
    names = {name: kind for kind, name in dialect.types.items() if "{}" not in name}
    kind = names.get(native) or dialect.narrower.get(re.sub(r"\([0-9]+\)", "", native))
    if kind is not None:
        return Type(kind)
    if (found := _match(dialect.types[Kind.DECIMAL], native)) is not None:
        return parse_type(f"decimal({', '.join(found.groups())})") or UNKNOWN
    if (found := _match(dialect.types[Kind.ARRAY], native)) is not None:
        element = logical_type(found[1], dialect)
        return Type(Kind.ARRAY, element=element) if element.is_known and element.kind is not Kind.ARRAY else UNKNOWN
    return UNKNOWN


def is_own_name(native: str, type_: Type, dialect: Dialect) -> bool:
    """Whether whgen, too, would give the logical type this name.

    >>> from whgen.warehouses.duckdb.dialect import DIALECT
    >>> [is_own_name(t, logical_type(t, DIALECT), DIALECT) for t in ("BIGINT", "DECIMAL(10,2)", "SMALLINT", "UUID")]
    [True, True, False, False]
    """
    return re.sub(r"\s*,\s*", ", ", native) == dialect.type_name(type_)


def _match(template: str, native: str) -> re.Match[str] | None:
    """What stands in the gaps of a type's name, such as `DECIMAL({}, {})`."""
    gaps = re.escape(re.sub(r"\s+", "", template)).replace(r"\{\}", "(.+)")
    return re.fullmatch(gaps, re.sub(r"\s*,\s*", ",", native))
