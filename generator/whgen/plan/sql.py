"""The trees that every model is built of: casts, literals, surrogate keys, members that stand for nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp

from whgen.dialects.base import LINE, Dialect
from whgen.ir.trees import copied
from whgen.ir.types import Kind, Scalar, Type
from whgen.ir.warehouse import Cleaning, Column, Expression
from whgen.sql.columns import cast as cast
from whgen.sql.columns import column_expression, is_alike
from whgen.sql.columns import literal as literal
from whgen.sql.columns import null as null
from whgen.sql.types import TESTED, shared_sql_type, sql_type

UNKNOWN_MEMBER, NOT_FOUND_MEMBER = "-1", "-2"
_PLAIN_TABLE = re.compile(r"[A-Za-z0-9_$ -]+")


def source_table_name(table: str) -> str:
    """What dbt calls a table of a source: its name, or where that holds what Jinja or a file name cannot, one made of it.

    >>> source_table_name("Order Items"), source_table_name("today's")
    ('Order Items', 'today_s_b6778ec5')
    """
    if _PLAIN_TABLE.fullmatch(table):
        return table
    return f"{re.sub('[^A-Za-z0-9]', '_', table)[:40]}_{hashlib.md5(table.encode()).hexdigest()[:8]}"


def source_call(source: str, table: str) -> str:
    """dbt's reference to a table of a source."""
    return f"source('{source}', '{source_table_name(table)}')"


def select_item(tree: exp.Expr, name: str, dialect: Dialect, type_: Type | None = None) -> str:
    """One item of a SELECT list, of the type that is given; a column that keeps its name needs no alias."""
    tree = dialect.settle(tree, type_) if type_ is not None else tree
    if isinstance(tree, exp.Column) and tree.name == name:
        return dialect.sql(tree)
    alias = f" AS {dialect.name_sql(name)}"
    return f"{dialect.sql(tree, beside=len(alias))}{alias}"


def constant_item(value: Scalar | None, name: str, dialect: Dialect, type_: Type) -> str:
    """One item of a SELECT list that is the same in every row: a value, or NULL, of the type that is given."""
    # Equal values that look different, as 1 and True, are told apart.
    line = _constant(value, repr(value), type_, dialect)
    tree = null(type_) if value is None else literal(value, type_)
    return f"{line} AS {dialect.name_sql(name)}" if len(line) + len(name) < LINE - 8 else select_item(tree, name, dialect, type_)


@lru_cache(maxsize=1024)
def _constant(value: Scalar | None, _looks: str, type_: Type, dialect: Dialect) -> str:
    return dialect.line(dialect.settle(null(type_) if value is None else literal(value, type_), type_))


def select_list(items: Sequence[str]) -> str:
    """What stands behind SELECT: one short item on the same line, several on lines of their own."""
    if len(items) == 1 and "\n" not in items[0]:
        return f" {items[0]}"
    return "".join(
        "\n    " + item.replace("\n", "\n    ") + ("" if last else ",")
        for item, last in zip(items, [*[False] * (len(items) - 1), True], strict=True)
    )


def conditions(where: Expression | None, dialect: Dialect, *, table: str | None = None, among: int = 0) -> tuple[str, ...]:
    """A condition as the lines of a WHERE, to be joined by AND, with `among` others. An OR in it is put in parentheses first."""
    if where is None:
        return ()
    tree = qualified(where.on(dialect.name), table)
    parts = list(tree.flatten(unnest=False)) if isinstance(tree, exp.And) else [tree]
    return tuple(dialect.sql(exp.Paren(this=p) if isinstance(p, exp.Or) and len(parts) + among > 1 else p) for p in parts)


def qualified(tree: exp.Expr, table: str | None) -> exp.Expr:
    """The tree with its columns taken from `table`, for a FROM with several tables."""
    if table is not None:
        for column in tree.find_all(exp.Column):
            column.set("table", exp.to_identifier(table))
    return tree


def cleaned_text(cleaning: Cleaning, dialect: Dialect) -> exp.Expr:
    """A column of the source after trim, null_if and case, before it is cast."""
    arrival = cleaning.arrivals[dialect.name]
    actual = arrival.raw.type
    is_treated = arrival.trim or arrival.case is not None or arrival.format is not None
    is_text = actual.kind in (Kind.STRING, Kind.UNKNOWN) and (actual.is_known or is_treated)
    source_type = Type(Kind.STRING) if is_text else actual
    steps: list[exp.Expr] = [column_expression(cleaning.source_name, source_type)]
    if arrival.trim:
        steps.append(exp.Trim(this=steps[-1]))
    for value in arrival.null_if:
        steps.append(exp.Nullif(this=steps[-1], expression=literal(value, source_type)))
    if arrival.case is not None:
        steps.append((exp.Upper if arrival.case == "upper" else exp.Lower)(this=steps[-1]))
    # A warehouse may cast a text otherwise than what it does not know to be one.
    for step in steps[1:]:
        step.type = shared_sql_type(source_type)
    return steps[-1]


def is_cast(cleaning: Cleaning, dialect: Dialect) -> bool:
    """Whether a column of the source has to be cast: not when the warehouse's own type is the wanted one already."""
    raw, wanted = cleaning.arrivals[dialect.name].raw, cleaning.column.type
    return wanted.is_known and (not is_alike(raw.type, wanted) or bool(raw.native))


def can_lose(cleaning: Cleaning, dialect: Dialect) -> bool:
    """Whether a cast can turn a value into none: not one to text, nor from one of the warehouse's types of a kind to its widest."""
    raw, wanted = cleaning.arrivals[dialect.name].raw, cleaning.column.type
    is_widened = is_alike(raw.type, wanted) and wanted.kind is not Kind.DECIMAL
    return is_cast(cleaning, dialect) and wanted.kind is not Kind.STRING and not is_widened


def safely_cast(tree: exp.Expr, type_: Type) -> exp.Expr:
    """A cast that yields NULL where it fails."""
    node = exp.TryCast(this=tree, to=sql_type(type_), safe=True)
    node.meta[TESTED] = True
    return node


def safely_typed(tree: exp.Expr, cleaning: Cleaning, dialect: Dialect) -> exp.Expr:
    """A column's cleaned text in the column's type, NULL where it cannot be: by its format, or by a cast."""
    form, type_ = cleaning.arrivals[dialect.name].format, cleaning.column.type
    if form is None:
        return safely_cast(tree, type_)
    read = Type(Kind.DATE) if type_.kind is Kind.DATE else Type(Kind.DATETIME)
    node = (exp.StrToDate if type_.kind is Kind.DATE else exp.ParseDatetime)(this=tree, format=exp.Literal.string(form))
    safe = exp.SafeFunc(this=node)
    node.type = safe.type = sql_type(read)
    return exp.Timestamp(this=safe, with_tz=True) if type_.kind is Kind.TIMESTAMP else safe


def cleaned(cleaning: Cleaning, dialect: Dialect) -> exp.Expr:
    """A column of the source as the staging model has it."""
    tree = cleaned_text(cleaning, dialect)
    if can_lose(cleaning, dialect):
        tree = safely_typed(tree, cleaning, dialect)
    elif is_cast(cleaning, dialect):
        tree = exp.Cast(this=tree, to=sql_type(cleaning.column.type))
    if cleaning.default is not None:
        tree = exp.Coalesce(this=tree, expressions=[literal(cleaning.default, cleaning.column.type)])
    return tree


def key_text(column: exp.Expr, type_: Type) -> exp.Expr:
    """A key column as text, the same on every warehouse: instants and wall-clock times count in microseconds."""
    if type_.kind is Kind.STRING:
        return column
    if type_.kind in (Kind.TIMESTAMP, Kind.DATETIME):
        node = exp.UnixMicros(this=column)
        node.type = exp.DataType(this=exp.DType.BIGINT)
        return exp.Cast(this=node, to=exp.DataType(this=exp.DType.TEXT))
    return exp.Cast(this=column, to=exp.DataType(this=exp.DType.TEXT))


def hashed_key(columns: Sequence[Column], names: Sequence[str] | None = None, *, table: str | None = None) -> exp.Expr:
    """The surrogate key of a business key: an MD5 hash as 32 hexadecimal digits.

    Several columns become one text with `|` between them, in which strings have their length before them and a missing value is `-`.
    So no two keys make the same text: ('a', 'b|c') differs from ('a|b', 'c'), and no value from an empty string.
    """
    used = names or [c.name for c in columns]
    texts = [(key_text(column_expression(n, c.type, table), c.type), c.type) for n, c in zip(used, columns, strict=True)]
    if len(texts) == 1:
        return exp.MD5(this=texts[0][0])
    separator = exp.Literal.string("|")
    tree: exp.Expr | None = None
    for text, type_ in texts:
        value = (
            exp.DPipe(this=exp.DPipe(this=_length(text), expression=exp.Literal.string(":")), expression=text)
            if type_.kind is Kind.STRING
            else text
        )
        part = exp.Coalesce(this=value, expressions=[exp.Literal.string("-")])
        tree = part if tree is None else exp.DPipe(this=exp.DPipe(this=tree, expression=copied(separator)), expression=part)
    return exp.MD5(this=tree)


def _length(text: exp.Expr) -> exp.Expr:
    return exp.Cast(this=exp.Length(this=copied(text)), to=exp.DataType(this=exp.DType.TEXT))


def is_missing(columns: Sequence[Column], names: Sequence[str], *, table: str | None = None) -> exp.Expr:
    """Whether any part of a business key is missing."""
    tests = [exp.Is(this=column_expression(n, c.type, table), expression=exp.Null()) for n, c in zip(names, columns, strict=True)]
    return exp.or_(*tests, copy=False) if len(tests) > 1 else tests[0]
