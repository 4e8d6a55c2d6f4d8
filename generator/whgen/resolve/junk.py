"""`junk:` of a dimension -> a member for each combination of values that occurs, whose key is hashed of all of them."""

from __future__ import annotations

from dataclasses import replace

from whgen.diagnostics.diagnostic import Span
from whgen.ir.inputs import Composed, Group, Input
from whgen.ir.types import UNKNOWN
from whgen.ir.warehouse import Column, Dimension, Expression, Fact, Materialized, Role, Table
from whgen.resolve.keys import check_key_type
from whgen.resolve.nullable import after
from whgen.resolve.symbols import Query, Symbols, scope_of
from whgen.spec.dimension import DimensionSpec
from whgen.spec.load import Located
from whgen.sql.columns import column_expression
from whgen.sql.compose import select_of
from whgen.sql.parse import SqlText


def combinations_of(at: Located[DimensionSpec], table: Table, name: str, symbols: Symbols) -> Composed:
    """The rows of a junk dimension: a view of the combinations that a table has."""
    where = symbols.condition(at.spec.where, at, ("where",), scope_of(table.columns), where=f"`{table.name}`")
    there = {c.name: c for c in after(where, table.columns)}
    columns = tuple(_column(at, flag, table, there, symbols) for flag in at.spec.junk)
    groups = tuple(
        Group(column=c, expression=Expression(tree=column_expression(c.name, c.type), trees={}, type=c.type, span=c.span)) for c in columns
    )
    made = Input(base=table, where=where, groups=groups, kept=tuple(c.name for c in columns))
    input_name, span = f"int_{name}", at.key("junk")
    symbols.claim(input_name, span)
    symbols.read_at[(input_name, table.name)] = at.at("from")
    is_known = all(table.column(c.name) is not None for c in columns)
    selects = {w: select_of(made, w) for w in symbols.warehouses} if is_known else {}
    text = SqlText(text="", dialect=symbols.dialect, locate=lambda _start, _end: span)
    symbols.queries += [Query(model=input_name, tree=tree, text=text) for tree in list(selects.values())[:1]]
    found = Composed(
        name=input_name,
        file=at.file,
        span=span,
        description=f"The combinations that are the members of {name}.",
        columns=tuple(replace(c, tests=(), pii="") for c in columns),
        key=tuple(c.name for c in columns),
        meta={},
        tags=tuple(at.spec.tags or ()),
        materialized="view",
        grain="",
        selects=dict(selects),
        verbatim={},
        reads=(table.name,),
        input_of=name,
    )
    symbols.inputs.append(found)
    return found


def is_whole(dimension: Dimension, fact: Fact, role: Role) -> bool:
    """Whether a junk dimension has all combinations of a fact, since it is made of all rows of the same table."""
    base = dimension.base
    if not (dimension.is_junk and isinstance(base, Composed) and base.reads == (fact.base.name,) and role.on == dimension.business_key):
        return False
    return all(select.args.get("where") is None for select in base.selects.values())


def kept_where(dimension: Dimension, facts: tuple[Fact, ...]) -> Materialized:
    """How a junk dimension is built: what facts loaded by increments may still point to stays, whatever became of the source's rows."""
    is_loaded = any(f.incremental is not None and any(r.dimension.name == dimension.name for r in f.roles) for f in facts)
    return "incremental" if dimension.is_junk and is_loaded else dimension.materialized


def _column(at: Located[DimensionSpec], flag: str, table: Table, there: dict[str, Column], symbols: Symbols) -> Column:
    path = ("junk", flag)
    span: Span = at.key(*path)
    taken = symbols.column_in(table, flag, span)
    column = symbols.column(flag, at.spec.junk[flag], at, path, inherited=taken)
    column = replace(column, type=there[flag].type if taken is not None else UNKNOWN)
    check_key_type(column, span, symbols)
    return column
