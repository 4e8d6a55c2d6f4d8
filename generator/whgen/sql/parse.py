"""SQL text that a user wrote -> a syntax tree, or a diagnostic at the place in the YAML where it breaks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.ir.trees import copied, nodes_of
from whgen.sql.reference import NATIVE, REFERENCE

# What sqlglot cannot parse it reports by exception, which is all that is wanted; its log lines would reach the terminal.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


# What sqlglot raises, besides its own errors, where it takes arguments of a function for granted that are not there.
TAKEN_FOR_GRANTED = (SqlglotError, AttributeError, IndexError, KeyError, TypeError, ValueError)
# What sqlglot calls some operators.
_PARTS = {"DPipe": "`||`", "Add": "`+`", "Sub": "`-`", "Mul": "`*`", "Div": "`/`", "EQ": "`=`", "NEQ": "`!=`", "LT": "`<`", "LTE": "`<=`"}
# Past these, what walks a tree would fail, or take minutes; no one could read such a text either.
_LONGEST = 100_000
_DEEPEST = 250
_DIVIDE = "divide it; many conditions joined by OR may be one `in (...)`"
_PARTS |= {"GT": "`>`", "GTE": "`>=`", "If": "CASE", "Column": "`.`", "Aliases": "the SQL"}


_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
# Nodes that have no more or fewer arguments than their syntax gives them.
_ALWAYS_WRITTEN = (exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Binary, exp.Not, exp.Neg, exp.Paren)
_WORDS = (exp.Case, exp.If, exp.Connector)
_PLACED = (exp.Identifier, exp.Func, exp.Star, exp.Literal, exp.RawString)


def _with_place(parse: Callable[..., exp.Expr]) -> Callable[..., exp.Expr]:
    def placed(parser: Parser, token: Token) -> exp.Expr:
        node = parse(parser, token)
        node.update_positions(token)
        return node

    return placed


class _Parser(BigQuery.Parser):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    # sqlglot keeps the places of names only.
    PRIMARY_PARSERS: ClassVar = {
        **BigQuery.Parser.PRIMARY_PARSERS,
        **{kind: _with_place(BigQuery.Parser.PRIMARY_PARSERS[kind]) for kind in (TokenType.STRING, TokenType.NUMBER, TokenType.RAW_STRING)},
    }


class _Tokenizer(BigQuery.Tokenizer):
    # Statements of scripts, which no expression is; sqlglot would take the function for one.
    KEYWORDS: ClassVar = {word: kind for word, kind in BigQuery.Tokenizer.KEYWORDS.items() if word != "REPEAT"}


class _BigQuery(BigQuery):
    Parser = _Parser
    Tokenizer = _Tokenizer


PLACE, WRITTEN = "place", "written"
"""Where a node says itself where it stands, and how it is written there: in trees that are put together of several texts."""


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
        if isinstance(place := node.meta.get(PLACE), Span):
            return place
        places = [n.meta for n in node.find_all(*_PLACED) if "start" in n.meta]
        if not places:
            return self.span
        return self.locate(min(p["start"] for p in places), max(p["end"] for p in places) + 1)

    def written(self, node: exp.Expr) -> str:
        """A node as messages show it."""
        own = node.meta.get(WRITTEN)
        return own if isinstance(own, str) else node.sql(dialect=self.dialect, normalize_functions="lower", comments=False)

    def span_of_word(self, word: str, node: exp.Expr) -> Span:
        """Where a word stands that sqlglot keeps no position of: the occurrence nearest to the node, or else the node."""
        at = min((n.meta["start"] for n in node.find_all(*_PLACED) if "start" in n.meta), default=0)
        found = [m.start() for m in re.finditer(rf"\b{re.escape(word)}\b", self.text, re.IGNORECASE)]
        start = min(found, key=lambda start: abs(start - at), default=-1)
        return self.locate(start, start + len(word)) if start >= 0 else self.span_of(node)


def parse_expression(sql: SqlText, report: Report) -> exp.Expr | None:
    """The tree of one scalar expression. Statements, sub-queries and everything that is not an expression are reported."""
    tree = _parse_one(sql, report)
    if tree is None:
        return None
    if isinstance(tree, exp.Subquery):
        _refuse_query(tree, sql, report)
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
        _refuse_query(query, sql, report)
        return None
    if isinstance(tree, exp.Alias | exp.Aliases):
        names = tree.args.get("alias") or tree
        report.error(
            "not-an-expression",
            sql.span_of(names),
            f"this makes `{tree.alias or tree.sql()}` the name of the value, which has one already",
            help="remove it, or write the operator or comma that is missing before it",
        )
        return None
    if (star := tree.find(exp.Star)) is not None and not isinstance(star.parent, exp.Count):
        report.error("not-an-expression", sql.span_of(star), "`*` is no value", help="name the column")
        return None
    return tree


def _refuse_query(query: exp.Query, sql: SqlText, report: Report) -> None:
    report.error(
        "not-an-expression",
        sql.span_of(query),
        "a sub-query cannot stand in an expression",
        help="write a `model:` with the query and read from that",
    )


def parse_select(sql: SqlText, report: Report) -> exp.Query | None:
    """The tree of one SELECT, possibly with a WITH before it."""
    tree = _parse_one(sql, report)
    if tree is None or isinstance(tree, exp.Query):
        return tree
    report.error("not-a-select", sql.span, "a model is one SELECT", help="begin with SELECT or WITH")
    return None


def _parse_one(sql: SqlText, report: Report) -> exp.Expr | None:
    if len(sql.text) > _LONGEST:
        report.error(
            "sql-syntax",
            sql.locate(0, 1),
            f"the SQL is longer than {_LONGEST} characters",
            help="divide it; a list of values belongs into a seed",
        )
        return None
    try:
        trees = [t for t in sqlglot.parse(sql.text, read=_BigQuery if sql.dialect == REFERENCE else sql.dialect) if t is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        message = _in_words(str(first.get("description") or error))
        opening = _unclosed(sql) if message == _in_words("Expecting )") else None
        related = [Related(span=opening, message="this is never closed")] if opening else []
        report.error("sql-syntax", _span_of_error(sql, first), message, related=related)
        return None
    except TokenError as error:
        report.error(
            "sql-syntax", _span_of_opening(sql, str(error.__cause__ or "")), "this is never closed", help="close the quote or comment"
        )
        return None
    except TAKEN_FOR_GRANTED:
        report.error("sql-syntax", sql.span, "the SQL cannot be understood", help="a function may have other arguments than it takes")
        return None
    except RecursionError:
        report.error("sql-syntax", sql.span, "the SQL is nested too deeply", help=_DIVIDE)
        return None
    if not trees:
        report.error("sql-syntax", sql.span, "there is no SQL here")
        return None
    if len(trees) > 1:
        report.error("sql-syntax", sql.span, "there are several statements here, where one belongs", help="remove the `;`")
        return None
    nodes = nodes_of(trees[0])
    for written in nodes:
        # An escape of SQL, such as \x7b, can write what the text of the spec does not hold.
        if isinstance(written, exp.Literal | exp.Identifier) and "{" in written.name and re.search(r"\{[{%#]", written.name):
            report.error(
                "jinja-in-spec", sql.span_of(written), "this begins dbt's Jinja, which dbt would run", help="write it in two parts"
            )
            return None
    if len(nodes) > _DEEPEST and _is_too_deep(trees[0]):
        report.error("sql-syntax", sql.span, "the SQL is nested too deeply", help=_DIVIDE)
        return None
    for node in nodes:
        # Some builders of sqlglot leave out what they were not given; printing such a tree would fail.
        if lacking := _lacking(node):
            report.error("sql-syntax", sql.span_of(node), _in_words(lacking))
            return None
        if misfit := _misfit(node, sql.dialect):
            report.error("sql-syntax", sql.span_of(misfit[0]), misfit[1], help=misfit[2])
            return None
        if isinstance(node, exp.WindowSpec):
            # sqlglot keeps these words as they are written.
            node.args.update({k: v.upper() for k, v in node.args.items() if isinstance(v, str)})
        if sql.dialect != REFERENCE:
            node.meta[NATIVE] = True
    return trees[0]


def _is_too_deep(tree: exp.Expr) -> bool:
    level, depth = [tree], 0
    while level and depth <= _DEEPEST:
        level = [child for node in level for child in node.iter_expressions()]
        depth += 1
    return bool(level)


def _lacking(node: exp.Expr) -> str:
    try:
        return next(iter(node.error_messages()), "")
    except TAKEN_FOR_GRANTED as error:
        return str(error).split(" for <class")[0]


def _misfit(node: exp.Expr, dialect: str) -> tuple[exp.Expr, str, str] | None:
    """An operand that sqlglot takes and no warehouse does: where, what is wrong with it, what to do."""
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean | exp.JSON):
        return node.expression, "only NULL, TRUE and FALSE can stand behind IS", "compare values with `=`"
    if isinstance(node, exp.In) and node.args.get("field") is not None and dialect == REFERENCE:
        return node.args["field"], "only a list in parentheses can stand behind IN", "write `in (...)`"
    if isinstance(node, _COMPARISONS) and isinstance(node.this, _COMPARISONS):
        return node, "what a comparison yields is compared again", "join comparisons with AND, or put one into parentheses"
    if (
        isinstance(node, exp.Select)
        and isinstance(node.parent, exp.Func)
        and not isinstance(node.parent, exp.SubqueryPredicate | exp.Array)
    ):
        return node, "a SELECT needs parentheses of its own here", "write `(select ...)`"
    return None


def check_printable(tree: exp.Expr, dialects: Sequence[str], sql: SqlText, report: Report) -> None:
    """Report a tree that sqlglot cannot write, since a function has other arguments than it may have."""
    if all(_is_always_written(node) for node in nodes_of(tree)):
        return
    for dialect in dialects:
        try:
            Dialect.get_or_raise(dialect).generate(copied(tree), copy=False)
        except TAKEN_FOR_GRANTED:
            report.error(
                "sql-syntax", sql.span, f"this cannot be written for {dialect}", help="a function may have other arguments than it takes"
            )


def _is_always_written(node: exp.Expr) -> bool:
    # Some operators of sqlglot's are functions, whose arguments may be anything.
    return isinstance(node, _WORDS) or (isinstance(node, _ALWAYS_WRITTEN) and not isinstance(node, exp.Func))


def _span_of_error(sql: SqlText, found: dict[str, object]) -> Span:
    line, column, token = int(str(found.get("line") or 1)), int(str(found.get("col") or 1)), str(found.get("highlight") or " ")
    lines = sql.text.split("\n")
    # sqlglot gives the column of the token's last character.
    end = sum(len(text) + 1 for text in lines[: line - 1]) + column
    return sql.locate(max(end - len(token), 0), max(end, 1))


def _unclosed(sql: SqlText) -> Span | None:
    """Where the innermost parenthesis stands that nothing closes."""
    opened: list[int] = []
    for token in sqlglot.tokenize(sql.text, read=sql.dialect):
        if token.token_type.name == "L_PAREN":
            opened.append(token.start)
        elif token.token_type.name == "R_PAREN" and opened:
            opened.pop()
    return sql.locate(opened[-1], opened[-1] + 1) if opened else None


def _span_of_opening(sql: SqlText, cause: str) -> Span:
    """Where the quote stands that was never closed; the whole text where sqlglot does not say."""
    found = re.search(r"Missing (.*) from ([0-9]+):([0-9]+)", cause, re.DOTALL)
    if found is None:
        comment = sql.text.rfind("/*")
        return sql.locate(comment, comment + 2) if comment >= 0 else sql.span
    line, column = int(found[2]), int(found[3])
    before = sum(len(text) + 1 for text in sql.text.split("\n")[: line - 1])
    start = sql.text.find(found[1], max(before + column - 1, 0))
    return sql.locate(start, start + 1) if start >= 0 else sql.span


def _in_words(description: str) -> str:
    description = description.split(". Line")[0]
    if match := re.search(r"Expecting (\S)$", description):
        return f"a `{match[1]}` is missing here"
    if match := re.search(r"Required keyword: '\w+' missing for <class '[^']*\.(\w+)'>", description):
        return f"a part of {_PARTS.get(match[1], f'`{match[1].lower()}`')} is missing here"
    if "Unexpected token" in description:
        return "the SQL makes no sense from here on"
    return f"the SQL breaks off here: {description[:1].lower()}{description[1:]}"
