"""Window functions whose outcome depends on the order of rows: rows that are equal in it would change places from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlglot import exp

from whgen.ir.warehouse import Expression
from whgen.resolve.symbols import Path, Symbols
from whgen.spec.load import Located

_BY_POSITION = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Ntile)
"""Functions that tell rows apart that are equal in the order; ranks do not, nor do sums up to a value."""


def check_order(expression: Expression | None, key: Iterable[str], at: Located[Any], path: Path, symbols: Symbols, *, made_of: str) -> None:
    """Report windows without an order, and those in whose order rows of `key` may be equal. No key: nothing is known of that."""
    if expression is None or expression.tree is None:
        return
    wanted = tuple(key)
    for window in _by_position(expression.tree):
        call = window.this
        while isinstance(call, exp.IgnoreNulls | exp.RespectNulls):
            call = call.this
        order = window.args.get("order")
        span = at.document.inside(path, *_extent(window))
        name = call.sql_name().lower()
        if order is None:
            symbols.report.error(
                "unordered-window",
                span,
                f"`{name}` depends on the order of rows, and there is none",
                help="add `order by` to the window" + (f", as in `order by {', '.join(wanted)}`" if wanted else ""),
            )
            continue
        told_apart = {c.name for term in order.expressions if isinstance(c := term.this, exp.Column)}
        told_apart |= {c.name for c in window.args.get("partition_by") or () if isinstance(c, exp.Column)}
        lacking = [name for name in wanted if name not in told_apart]
        if lacking:
            symbols.report.warning(
                "tied-window",
                span,
                f"rows that are equal in this order may change places: {made_of} has a row for each `{', '.join(wanted)}`",
                help=f"add {', '.join(f'`{c}`' for c in lacking)} to the order",
            )


def _by_position(tree: exp.Expr) -> Iterator[exp.Window]:
    for window in tree.find_all(exp.Window):
        spec = window.args.get("spec")
        is_by_rows = spec is not None and spec.args.get("kind") == "ROWS" and not _takes_all(spec)
        if window.this.find(*_BY_POSITION) is not None or is_by_rows:
            yield window


def _takes_all(spec: exp.Expr) -> bool:
    return spec.args.get("start") == spec.args.get("end") == "UNBOUNDED"


def _extent(node: exp.Expr) -> tuple[int, int]:
    places = [n.meta for n in node.walk() if "start" in n.meta]
    return (min(p["start"] for p in places), max(p["end"] for p in places) + 1) if places else (0, 1)
