"""SQL text that a user wrote -> a syntax tree, or a diagnostic at the place in the YAML where it breaks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from whgen.diagnostics.diagnostic import Report, Span

# What sqlglot cannot parse it reports by exception, which is all that is wanted; its log lines would reach the terminal.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlText:
    """A SQL text of a spec: `locate(start, end)` says where characters of it stand in the file."""

    text: str
    dialect: str
    locate: Callable[[int, int], Span]

    @property
    def span(self) -> Span:
        """The whole text."""
        return self.locate(0, max(len(self.text), 1))

    def span_of(self, node: exp.Expr) -> Span:
        """Where a node stands; the whole text where its tokens left no position."""
        places = [n.meta for n in node.find_all(exp.Identifier, exp.Func, exp.Star) if "start" in n.meta]
        if not places:
            return self.span
        return self.locate(min(p["start"] for p in places), max(p["end"] for p in places) + 1)


def parse_expression(sql: SqlText, report: Report) -> exp.Expr | None:
    """The tree of one scalar expression. Statements, sub-queries and everything that is not an expression are reported."""
    tree = _parse_one(sql, report)
    if tree is None:
        return None
    if isinstance(tree, (exp.Query, exp.DDL, exp.DML, exp.Command, exp.Drop)) or not isinstance(tree, exp.Condition | exp.Expr):
        report.error(
            "not-an-expression",
            sql.span,
            "this must be an expression, not a statement",
            help="write what would stand between SELECT and FROM; a whole SELECT goes into a `model:`",
        )
        return None
    if (query := tree.find(exp.Query)) is not None:
        report.error(
            "not-an-expression",
            sql.span_of(query),
            "a sub-query cannot stand in an expression",
            help="write a `model:` with the query and read from that",
        )
        return None
    if isinstance(tree, exp.Alias | exp.Star):
        report.error("not-an-expression", sql.span, "this must be one value without a name", help="remove the `as` or the `*`")
        return None
    return tree


def parse_select(sql: SqlText, report: Report) -> exp.Query | None:
    """The tree of one SELECT, possibly with a WITH before it."""
    tree = _parse_one(sql, report)
    if tree is None or isinstance(tree, exp.Query):
        return tree
    report.error("not-a-select", sql.span, "a model is one SELECT", help="begin with SELECT or WITH")
    return None


def _parse_one(sql: SqlText, report: Report) -> exp.Expr | None:
    try:
        trees = [t for t in sqlglot.parse(sql.text, read=sql.dialect) if t is not None]
    except ParseError as error:
        found = error.errors[0] if error.errors else {}
        report.error(
            "sql-syntax", _span_of_error(sql, found), f"the SQL breaks off here: {_lower_first(found.get('description') or str(error))}"
        )
        return None
    except TokenError as error:
        report.error("sql-syntax", sql.span, "the SQL cannot be read", help=str(error).replace("\n", " ")[:200])
        return None
    except RecursionError:
        report.error("sql-syntax", sql.span, "the SQL is nested too deeply")
        return None
    if not trees:
        report.error("sql-syntax", sql.span, "there is no SQL here")
        return None
    if len(trees) > 1:
        report.error("sql-syntax", sql.span, "there are several statements here, where one belongs", help="remove the `;`")
        return None
    return trees[0]


def _span_of_error(sql: SqlText, found: dict[str, object]) -> Span:
    line, column, token = int(str(found.get("line") or 1)), int(str(found.get("col") or 1)), str(found.get("highlight") or " ")
    lines = sql.text.split("\n")
    # sqlglot gives the column of the token's last character.
    end = sum(len(text) + 1 for text in lines[: line - 1]) + column
    return sql.locate(max(end - len(token), 0), max(end, 1))


def _lower_first(text: str) -> str:
    text = re.sub(r" for <class '[^']*\.(\w+)'>", r" of `\1`", text.split(". Line")[0])
    return text[:1].lower() + text[1:]
