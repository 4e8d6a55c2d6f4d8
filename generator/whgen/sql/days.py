"""Days as keys of a calendar, and pieces of SQL that are written for whgen itself, with the types of their columns."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from whgen.ir.types import Type
from whgen.sql.types import shared_sql_type


def day_number(column: str) -> str:
    """The key of a day as SQL: the integer yyyymmdd."""
    return f"CAST(FORMAT_DATE('%Y%m%d', {column}) AS INT64)"


def typed(text: str, types: Mapping[str, Type]) -> exp.Expr:
    """SQL of whgen's own with the types of its columns."""
    tree = sqlglot.parse_one(text, read="bigquery")
    for column in tree.find_all(exp.Column):
        column.type = shared_sql_type(types[column.name])
    return annotate_types(tree, dialect="bigquery", overwrite_types=False)


def text_literal(text: str) -> str:
    """A text as SQL that `typed` reads."""
    return exp.Literal.string(text).sql("bigquery")
