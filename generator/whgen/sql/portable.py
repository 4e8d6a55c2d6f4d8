"""What means the same on every warehouse of the targets, and what is refused because it does not.

First by the names of functions, then, once types are known, by what they are given. Each refusal was a difference between BigQuery's
evaluator and another warehouse before it was one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.diagnostics.similar import nearest
from whgen.sql.catalogue.entry import Limit
from whgen.sql.catalogue.lookup import CATALOGUE, QUERY, STRUCTURE, entry_of, is_known
from whgen.sql.parse import SqlText
from whgen.sql.reference import REFERENCE

_EXPRESSION = "give an expression for each warehouse, as in `expr: {duckdb: ..., bigquery: ...}`, with a declared `type`"
_SELECT = "give a SELECT for each warehouse, as in `sql: {duckdb: ..., bigquery: ...}`"
_INTERVAL = Limit(differs=lambda _: True, what="adding an INTERVAL by an operator", instead="use date_add, datetime_add or timestamp_add")
# A few of the names that other warehouses have for what is in the catalogue.
_ELSEWHERE = {
    "nvl": "coalesce", "iff": "if", "len": "length", "position": "strpos", "charindex": "strpos", "to_date": "safe.parse_date",
    "strftime": "format_date", "strptime": "safe.parse_date", "dateadd": "date_add", "datediff": "date_diff", "datepart": "extract",
    "date_part": "extract", "split_part": "split(...)[safe_offset(0)]", "try_cast": "safe_cast", "to_char": "format_date",
    "getdate": "current_timestamp", "now": "current_timestamp", "substring_index": "split(...)[safe_offset(0)]", "listagg": "string_agg",
}  # fmt: skip


def check_functions(tree: exp.Expr, sql: SqlText, report: Report, warehouses: Sequence[str], *, query: bool = False) -> None:
    """Report every function and operator of a tree that is not in the catalogue."""
    refusals = _Refusals(sql=sql, report=report, warehouses=tuple(warehouses), query=query)
    allowed = STRUCTURE | QUERY if query else STRUCTURE
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            refusals.unknown(node)
        elif isinstance(node, exp.Interval) and isinstance(node.parent, exp.Add | exp.Sub):
            refusals.refuse(node.parent, _INTERVAL)
        elif type(node) not in allowed and not is_known(node):
            refusals.refuse(node, Limit(differs=lambda _: True, what=f"`{_name(node)}`"))


def check_limits(tree: exp.Expr, sql: SqlText, report: Report, warehouses: Sequence[str], *, query: bool = False) -> None:
    """Report what is in the catalogue but differs for what it is given."""
    refusals = _Refusals(sql=sql, report=report, warehouses=tuple(warehouses), query=query)
    for node in tree.walk():
        entry = entry_of(node)
        if entry is None and is_known(node):
            refusals.refuse(node, Limit(differs=lambda _: True, what=f"this use of `{_name(node)}`"))
        for limit in entry.limits if entry is not None else ():
            if (not limit.on or set(limit.on) & set(warehouses)) and limit.differs(node):
                refusals.refuse(node, limit)
                break


def check_offered(
    tree: exp.Expr, sql: SqlText, report: Report, offers: Mapping[str, Callable[[exp.Expr], bool]], *, query: bool = False
) -> None:
    """Report what is in the catalogue, but is not offered by one of these warehouses: (name -> whether it offers a node)."""
    for name, is_offered in offers.items():
        refusals = _Refusals(sql=sql, report=report, warehouses=(name,), query=query)
        instead = (_SELECT if query else _EXPRESSION).replace(REFERENCE, name)
        for node in tree.walk():
            entry = entry_of(node)
            if entry is not None and not is_offered(node):
                refusals.refuse(node, Limit(differs=lambda _: True, what=f"`{entry.name}`", instead=instead))


def _name(node: exp.Expr) -> str:
    part = f"({node.this.name.lower()} ...)" if isinstance(node, exp.Extract) and isinstance(node.this, exp.Expr) else ""
    return (node.sql_name() if isinstance(node, exp.Func) else node.key).lower() + part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusals:
    """Where refusals go, and for which warehouses."""

    sql: SqlText
    report: Report
    warehouses: tuple[str, ...]
    query: bool

    @property
    def way_out(self) -> str:
        if len(self.warehouses) == 1:
            return f"write the project's SQL as that of its warehouse: `dialect: {self.warehouses[0]}`"
        return _SELECT if self.query else _EXPRESSION

    def refuse(self, node: exp.Expr, limit: Limit) -> None:
        others = [w for w in limit.on or self.warehouses if w != REFERENCE]
        self.report.error(
            limit.code,
            self.sql.span_of(node),
            f"{limit.what} is not known to mean on {' and '.join(others)} what it means on {REFERENCE}",
            help=limit.instead or self.way_out,
        )

    def unknown(self, node: exp.Anonymous) -> None:
        known = [f.name for f in CATALOGUE if f.name.isidentifier()]
        meant = _ELSEWHERE.get(node.name.lower()) or nearest(node.name.lower(), known)
        self.report.error(
            "unknown-function",
            self.sql.span_of(node),
            f"`{node.name.lower()}` is not in the catalogue of functions",
            label=f"did you mean `{meant}`?" if meant else "",
            help="" if meant else self.way_out,
        )
