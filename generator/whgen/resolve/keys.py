"""What a column must be to be part of a key."""

from __future__ import annotations

from collections.abc import Collection

from whgen.diagnostics.diagnostic import Span
from whgen.ir.types import a
from whgen.ir.warehouse import Column
from whgen.resolve.symbols import Symbols, declared_as


def check_key_type(column: Column, span: Span, symbols: Symbols) -> None:
    """Report a column whose values cannot be hashed alike on every warehouse."""
    if column.type.is_known and not column.type.is_key:
        symbols.report.error(
            "not-a-key-type",
            span,
            f"`{column.name}` is {a(column.type)}, whose text differs between warehouses, and cannot be part of a key",
            help="cast it to string or integer in staging",
            related=[declared_as(column)] if column.span != span else (),
        )


def identified_by(name: str, roles: Collection[str], degenerate: Collection[str], span: Span, symbols: Symbols) -> str:
    """The column of a fact that a role or a degenerate column of its spec is; one that there is not is reported."""
    if name not in roles and name not in degenerate:
        message, known = f"the fact has no role or degenerate column `{name}`", [*roles, *degenerate]
        symbols.report.unknown("unknown-column", span, message, name=name, known=known, kind="roles")
    return f"{name}_key" if name in roles else name
