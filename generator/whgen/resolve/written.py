"""Whether the warehouses of the targets can be given an expression: sqlglot writes it for them, and they offer what is in it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.sql.parse import SqlText, check_printable
from whgen.sql.portable import check_offered
from whgen.warehouses import DIALECTS


def check_written(tree: exp.Expr, warehouses: Sequence[str], sql: SqlText, report: Report, *, query: bool = False) -> None:
    """Report what cannot be written for one of the warehouses; none are given where it is in the SQL of its own."""
    check_printable(tree, warehouses or (sql.dialect,), sql, report)
    check_offered(tree, sql, report, {name: DIALECTS[name].offers for name in warehouses}, query=query)
