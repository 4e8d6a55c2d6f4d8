"""Hand-written model -> the view of its file: the models it reads as CTEs, then its own SELECT."""

from __future__ import annotations

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.warehouse import HandWritten
from whgen.plan.project import HandWrittenView, NamedQuery


def hand_written_view(model: HandWritten, dialect: Dialect, config: tuple[str, ...]) -> HandWrittenView:
    """The model's SELECT in the warehouse's dialect."""
    tree = model.selects[dialect.name].copy()
    with_ = tree.args.get("with_")
    queries = tuple(NamedQuery(name=dialect.name_sql(c.alias), sql=dialect.sql(c.this)) for c in (with_.expressions if with_ else ()))
    tree.set("with_", None)
    return HandWrittenView(origin=model.file, config=config, imports=_used(model, dialect.name), queries=queries, select=_laid_out(tree, dialect))


def _used(model: HandWritten, warehouse: str) -> tuple[str, ...]:
    named = {t.name for t in model.selects[warehouse].find_all(exp.Table)}
    return tuple(r for r in model.reads if r in named)


def _laid_out(tree: exp.Expression, dialect: Dialect) -> str:
    return dialect.sql(tree, one_line=False)
