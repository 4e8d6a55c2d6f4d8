"""Diagnostics as people, programs and GitHub see them, to the letter."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whgen.diagnostics import machine, text
from whgen.diagnostics.diagnostic import Diagnostic, Related, Report, Severity, Span, renamed


def span(line: int, column: int, length: int = 0, *, end_line: int | None = None, end_column: int | None = None) -> Span:
    end = end_column or column + length
    return Span(file="f.yml", line=line, column=column, end_line=end_line or line, end_column=end)


def shown(content: str, at: Span, *, label: str = "", colour: bool = False) -> str:
    """What stands below the arrow."""
    block = text.render([Diagnostic(code="c", span=at, message="m", label=label)], {"f.yml": content}, colour=colour)
    return block.split("\n", 2)[2]


def columns(line: str) -> int:
    return text._cells(line)[1][-1]


def example() -> Report:
    report = Report()
    report.error(
        "unknown-column",
        Span(file="specs/order.yml", line=12, column=7, end_line=12, end_column=12),
        "`stg_orders` has no column `amout`",
        label="did you mean `amount`?",
        help="the columns here are:\nid, amount",
        related=[Related(span=Span(file="specs/shop.yml", line=3, column=4, end_line=3, end_column=6), message="first defined here")],
        fix=renamed(Span(file="specs/order.yml", line=12, column=7, end_line=12, end_column=12), "amout", "amount"),
    )
    report.warning("no-description", Span(file="specs/gone.yml", line=2, column=1), "a model, 100% bare")
    return report


TEXTS = {"specs/order.yml": "\n" * 11 + "expr: amout + 1\n", "specs/shop.yml": "a\nb\n - id\n"}


def test_a_whole_report() -> None:
    assert text.render(example(), TEXTS, colour=False) == dedent("""\
        warning[no-description]: a model, 100% bare
         --> specs/gone.yml:2:1

        error[unknown-column]: `stg_orders` has no column `amout`
          --> specs/order.yml:12:7
           |
        12 | expr: amout + 1
           |       ^^^^^ did you mean `amount`?
           |
           = help: the columns here are:
                   id, amount
           = fix: write `amount`
        note: first defined here
          --> specs/shop.yml:3:4
           |
         3 |  - id
           |    ^^
        """)
    assert text.summary(example()) == "1 error, 1 warning; 1 can be fixed with `whgen validate --fix`"
    assert text.render([], {}, colour=True) == ""


def test_colours_change_nothing_but_colours() -> None:
    coloured = text.render(example(), TEXTS, colour=True)
    assert "\x1b[1;31merror[unknown-column]\x1b[0m\x1b[1m: `stg_orders`" in coloured
    assert "\n   \x1b[1;34m|\x1b[0m       \x1b[1;31m^^^^^ did you mean `amount`?\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render(example(), TEXTS, colour=False)


@pytest.mark.parametrize(("errors", "warnings", "line"), [(0, 0, "no errors"), (2, 1, "2 errors, 1 warning"), (0, 2, "2 warnings")])
def test_the_summary(errors: int, warnings: int, line: str) -> None:
    found = [Diagnostic(code="c", span=span(1, 1), message="m", severity=Severity.ERROR)] * errors
    assert text.summary([*found, *[Diagnostic(code="c", span=span(1, 1), message="m", severity=Severity.WARNING)] * warnings]) == line


@pytest.mark.parametrize(
    ("content", "at", "line", "mark"),
    [
        ("a: 🛫 amout", span(1, 6, 5), "a: 🛫 amout", "      ^^^^^"),
        ("a: 🛫 amout", span(1, 4, 1), "a: 🛫 amout", "   ^^"),
        ("名: amout", span(1, 4, 5), "名: amout", "    ^^^^^"),
        ("e\u0301e\u0301: x", span(1, 7, 1), "e\u0301e\u0301: x", "    ^"),
        ("a:\tx\ty", span(1, 6, 1), "a:  x   y", "        ^"),
        ("a:\tx", span(1, 3, 1), "a:  x", "  ^^"),
        ("ab: c\r\nd: e\r\n", span(2, 4, 1), "d: e", "   ^"),
        ("ab\r\nd", span(1, 3), "ab", "  ^"),
        ("a\x0cb: c\u2028d\x85e", span(1, 6, 1), "a␌b: c<U+2028>d<U+0085>e", "     ^"),
        ("a\rb\x7f\0", span(1, 4, 2), "a␍b␡␀", "   ^^"),
        ("\x1b[31mred\u202e\u2066\ud800", span(1, 6, 3), "␛[31mred<U+202E><U+2066><U+D800>", "     ^^^"),
        ("abc: [1,\n2]", span(1, 6, end_line=2, end_column=3), "abc: [1,", "     ^^^"),
        ("abc", span(1, 2), "abc", " ^"),
        ("abc", span(1, 3, 50), "abc", "  ^"),
        ("abc", span(1, 99, 3), "abc", "   ^"),
        ("abc", span(1, 3, end_column=1), "abc", "  ^"),
    ],
)
def test_the_caret_stands_under_the_words(content: str, at: Span, line: str, mark: str) -> None:
    assert shown(content, at) == f"  |\n{at.line} | {line}\n  | {mark}\n"


def test_the_empty_file_the_line_after_the_last_newline_and_lines_beyond() -> None:
    assert shown("", span(1, 1)) == "  |\n1 |\n  | ^\n"
    assert shown("a\n", span(2, 1), label="the file ends here") == "  |\n2 |\n  | ^ the file ends here\n"
    assert shown("a\n", span(3, 1)) == ""
    assert shown("a\n", span(0, 1)) == ""
    assert shown("a\n", span(9, 1), label="the file ends here") == "  = the file ends here\n"


def test_a_long_line_is_cut_to_a_window_around_the_caret() -> None:
    line = "x" * 200 + "amout" + "y" * 200
    x, y = "x" * 77, "y" * 76
    assert shown(line, span(1, 201, 5)) == f"  |\n1 | …{x}amout{y}…\n  | {' ' * 78}^^^^^\n"
    assert shown(line, span(1, 1, 1)) == f"  |\n1 | {'x' * 158}…\n  | ^\n"
    assert shown(line, span(1, 406)) == f"  |\n1 | …{'y' * 158}\n  | {' ' * 159}^\n"
    assert shown(line, span(1, 3, 400)) == f"  |\n1 | xx{'x' * 156}…\n  |   {'^' * 156}\n"
    assert shown("x" * 160, span(1, 160, 1)) == f"  |\n1 | {'x' * 160}\n  | {' ' * 159}^\n"
    assert shown("🛫" * 100, span(1, 50, 1)) == f"  |\n1 | …{'🛫' * 79}…\n  | {' ' * 79}^^\n"


@given(st.text(), st.integers(0, 300), st.integers(1, 500), st.integers(0, 300), st.integers(0, 500), st.integers(1, 120))
def test_any_text_and_any_span_give_a_caret_inside_a_window_and_nothing_raw(
    content: str, line: int, column: int, end_line: int, end_column: int, times: int
) -> None:
    at = Span(file="f.yml", line=line % 3, column=column, end_line=end_line % 3, end_column=end_column)
    block = shown(content * times, at, label=content)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", block)
    if block.startswith("  |\n"):
        _, source, mark = block.split("\n")[:3]
        assert columns(source) <= 4 + text.MAX_COLUMNS
        assert re.match(r"  \| *\^+", mark)
        assert mark.index("^") <= 4 + text.MAX_COLUMNS


def test_messages_codes_and_file_names_cannot_reach_the_terminal_raw() -> None:
    sly = "a\x1b[2J\u202e\nb"
    found = Diagnostic(code=sly, span=Span(file=sly), message=sly, help=sly, related=(Related(span=Span(file=sly), message=sly),))
    assert text.render([found], {}, colour=False) == dedent("""\
        error[a␛[2J<U+202E>␊b]: a␛[2J<U+202E>␊b
         --> a␛[2J<U+202E>␊b:1:1
          = help: a␛[2J<U+202E>
                  b
        note: a␛[2J<U+202E>␊b
         --> a␛[2J<U+202E>␊b:1:1
        """)


def test_json() -> None:
    document = machine.to_json(example())
    assert document.isascii()
    place = {"line": 12, "column": 7, "end_line": 12, "end_column": 12}
    assert json.loads(document) == {
        "diagnostics": [
            {
                "code": "no-description",
                "severity": "warning",
                "message": "a model, 100% bare",
                "label": "",
                "help": "",
                "file": "specs/gone.yml",
                "line": 2,
                "column": 1,
                "end_line": 1,
                "end_column": 1,
                "related": [],
                "fix": None,
            },
            {
                "code": "unknown-column",
                "severity": "error",
                "message": "`stg_orders` has no column `amout`",
                "label": "did you mean `amount`?",
                "help": "the columns here are:\nid, amount",
                "file": "specs/order.yml",
                **place,
                "related": [
                    {"message": "first defined here", "file": "specs/shop.yml", "line": 3, "column": 4, "end_line": 3, "end_column": 6}
                ],
                "fix": {
                    "title": "write `amount`",
                    "edits": [{"file": "specs/order.yml", **place, "old": "amout", "new": "amount"}],
                },
            },
        ],
        "errors": 1,
        "warnings": 1,
    }
    assert json.loads(machine.to_json([], list(example())))["fixed"] == json.loads(document)["diagnostics"]
    assert machine.to_json([]) == '{\n  "diagnostics": [],\n  "errors": 0,\n  "warnings": 0\n}\n'


def test_github() -> None:
    assert machine.to_github(example()) == (
        "::warning file=specs/gone.yml,line=2,col=1,endLine=2,endColumn=1,title=no-description::a model, 100%25 bare\n"
        "::error file=specs/order.yml,line=12,col=7,endLine=12,endColumn=12,title=unknown-column::`stg_orders` has no column `amout`"
        "%0Adid you mean `amount`?%0Athe columns here are:%0Aid, amount%0Afix: write `amount`"
        "%0Anote: first defined here (specs/shop.yml:3:4)\n"
    )


def test_github_escapes_and_leaves_columns_out_where_lines_differ() -> None:
    found = Diagnostic(
        code="a,b:c%",
        span=Span(file="C:\\a,b%\n.yml", line=1, column=5, end_line=3, end_column=2),
        message="x\r\n::error::50% a,b:c %0A",
    )
    assert machine.to_github([found]) == (
        "::error file=C%3A\\a%2Cb%25%0A.yml,line=1,endLine=3,title=a%2Cb%3Ac%25::x%0D%0A::error::50%25 a,b:c %250A\n"
    )
