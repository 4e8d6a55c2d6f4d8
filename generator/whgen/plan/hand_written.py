"""Hand-written model -> the view of its file: the models it reads as CTEs, then its own SELECT."""

from __future__ import annotations

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.dialects.joins import with_asof
from whgen.ir.trees import copied
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import HandWritten
from whgen.plan.project import HandWrittenView, Import, NamedQuery
from whgen.sql.types import logical_type


def hand_written_view(model: HandWritten, dialect: Dialect, config: tuple[str, ...]) -> HandWrittenView:
    """The model's SELECT in the warehouse's dialect, its columns of the declared types."""
    tree = copied(model.selects[dialect.name])
    tree = with_asof(tree) if dialect.has_asof else tree
    _settle_inside(tree, dialect)
    with_ = tree.args.get("with_")
    queries = tuple(
        NamedQuery(name=dialect.name_sql(c.alias), sql=dialect.sql(c.this, one_line=False, comments=True))
        for c in (with_.expressions if with_ else ())
    )
    tree.set("with_", None)
    _settle(tree, {c.name: c.type for c in model.columns}, dialect)
    select = dialect.sql(tree, one_line=False, comments=True)
    return HandWrittenView(origin=model.file, config=config, imports=_used(model, dialect), queries=queries, select=select)


def _used(model: HandWritten, dialect: Dialect) -> tuple[Import, ...]:
    named = {t.name for t in model.selects[dialect.name].find_all(exp.Table)}
    return tuple(Import(name=dialect.name_sql(r), model=r) for r in model.reads if r in named)


def _settle_inside(tree: exp.Query, dialect: Dialect) -> None:
    # What a WITH query yields must have its type too: the queries that read it rely on that.
    for select in tree.find_all(exp.Select):
        for item in select.selects:
            type_ = logical_type(item)
            if isinstance(item, exp.Alias) and type_.kind in (Kind.INTEGER, Kind.FLOAT):
                item.set("this", dialect.settle(copied(item.this), type_))


def _settle(tree: exp.Query, types: dict[str, Type], dialect: Dialect) -> None:
    if isinstance(tree, exp.SetOperation):
        for side in (tree.left, tree.right):
            if isinstance(side, exp.Query):
                _settle(side, types, dialect)
        return
    for item in tree.selects:
        type_ = types.get(item.alias_or_name)
        if type_ is not None and isinstance(item, exp.Alias):
            item.set("this", dialect.settle(copied(item.this), type_))
