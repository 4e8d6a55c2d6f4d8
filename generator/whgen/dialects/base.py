"""Everything that one warehouse does differently, as one value. Adding a warehouse is adding one of these.

`duckdb` and `bigquery` each define theirs; nothing else in the code asks which warehouse it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import Dialect as SqlglotDialect
from sqlglot import exp

from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Target

# What fits on one line stays on one line; sqlfluff's limit for the generated project is set accordingly.
_LINE = 88
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One warehouse.

    `printer` writes trees as SQL; `lower` rewrites what sqlglot would print with another meaning; `casts` holds, for each logical
    type, a condition on a text that can be cast without losing anything; `source` and `profile` are parts of dbt's YAML.
    """

    name: str
    adapter: str
    printer: type[SqlglotDialect]
    types: Mapping[Kind, str]
    reserved: frozenset[str]
    lower: Callable[[exp.Expression], exp.Expression]
    source: Callable[[Mapping[str, str]], Mapping[str, Any]]
    profile: Callable[[Target, str], Mapping[str, Any]]

    def type_name(self, type_: Type) -> str | None:
        """What the warehouse calls a logical type; None for an unknown one."""
        if type_.kind is Kind.ARRAY and type_.element is not None:
            element = self.type_name(type_.element)
            return self.types[Kind.ARRAY].format(element) if element else None
        if type_.kind is Kind.DECIMAL:
            return self.types[Kind.DECIMAL].format(type_.precision, type_.scale)
        return self.types.get(type_.kind)

    def sql(self, tree: exp.Expression, *, one_line: bool = True) -> str:
        """A tree as SQL of this warehouse: on one line when it fits (and `one_line` allows it), else laid out."""
        tree = self.lower(tree.copy())
        for identifier in tree.find_all(exp.Identifier):
            identifier.set("quoted", self.needs_quotes(identifier.name))
        options: dict[str, Any] = {"dialect": self.printer, "normalize_functions": "upper", "comments": False}
        line = tree.sql(**options) if one_line else "\n"
        if len(line) <= _LINE and "\n" not in line:
            return line
        return tree.sql(**options, pretty=True, indent=4, pad=4, max_text_width=_LINE)

    def name_sql(self, name: str) -> str:
        """A name as this warehouse writes it, in quotes where it must be."""
        return self.sql(exp.to_identifier(name))

    def needs_quotes(self, name: str) -> bool:
        """Whether a name means something else, or nothing, without quotes."""
        return not _PLAIN_NAME.fullmatch(name) or name.upper() in self.reserved


def not_sql(generator: Any, expression: exp.Not) -> str:
    """`x IS NOT NULL` and its kin as people write them, instead of `NOT x IS NULL`."""
    inner = expression.this
    for kind, word in ((exp.Is, "IS"), (exp.In, "IN"), (exp.Like, "LIKE"), (exp.Between, "BETWEEN")):
        if isinstance(inner, kind):
            left = generator.sql(inner, "this")
            text = generator.sql(inner)
            if text.startswith(f"{left} {word} "):
                rest = text[len(left) + len(word) + 2 :]
                return f"{left} IS NOT {rest}" if kind is exp.Is else f"{left} NOT {word} {rest}"
    return f"NOT {generator.sql(expression, 'this')}"
