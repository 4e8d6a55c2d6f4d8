"""What YAML's reader says about a mistake of syntax -> the same in words that a spec author understands.

In: the reader's problem and the text around it. Out: message, help, what to call the place where it began. Neighbour: `document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A mistake of syntax. `began` names the place where the reader was led astray; with `at_beginning`, that is the place to show.

    `unclosed` is the message for one that shows only at the end of the file.
    """

    message: str
    help: str = ""
    began: str = ""
    at_beginning: bool = False
    unclosed: str = ""


_INDENT = "look at the indentation of this line and of those above it"
_TAB = Problem(message="a tab cannot indent", help="use spaces")
# By a part of what libyaml says; its pure Python twin says the same.
_PROBLEMS: Mapping[str, Problem] = {
    "expected ',' or ']'": Problem(
        message="a `,` or `]` is missing before this", began="the list begins here", unclosed="this list is never closed"
    ),
    "expected ',' or '}'": Problem(
        message="a `,` or `}` is missing before this", began="the mapping begins here", unclosed="this mapping is never closed"
    ),
    "unexpected end of stream": Problem(message="this quote is never closed", at_beginning=True),
    "unexpected document indicator": Problem(message="this quote is never closed", at_beginning=True),
    "expected key": Problem(
        message="this does not belong to the mapping that stands around it", help=_INDENT, began="the mapping begins here"
    ),
    "expected '-' indicator": Problem(
        message="this does not belong to the list that stands around it", help=_INDENT, began="the list begins here"
    ),
    "expected <document start>": Problem(message="this belongs to nothing above it", help=_INDENT),
    "expected <block end>": Problem(message="this does not belong to what stands around it", help=_INDENT, began="that begins here"),
    "mapping values are not allowed": Problem(
        message="no value can begin behind this `:`", help="a text that holds `: ` must be quoted; else look at the indentation"
    ),
    "block sequence entries are not allowed": Problem(message="no list item can stand here", help=_INDENT),
    "expected ':'": Problem(message="this is no `key: value`", help="a `:` and a space stand behind a key", at_beginning=True),
    "undefined alias": Problem(message="this alias names nothing", help="a text that starts with `*` must be quoted"),
    "unknown escape": Problem(message="this escape does not exist", help="write `\\\\` for a backslash, or use single quotes"),
    "invalid Unicode character escape": Problem(message="this escape stands for no character"),
    "did not find expected hexdecimal number": Problem(message="this escape lacks hexadecimal digits"),
    "tab character": _TAB,
}


def problem_of(problem: str, character: str) -> Problem:
    """The mistake that a reader's text speaks of; `character` is the one at which it stopped.

    >>> problem_of("found character that cannot start any token", "@").message
    'a text cannot start with `@`'
    """
    if "cannot start any token" in problem:
        return _TAB if character == "\t" else Problem(message=f"a text cannot start with `{character}`", help="quote it")
    return next((known for part, known in _PROBLEMS.items() if part in problem), Problem(message=problem or "this is not YAML"))


def start_of_uneven_block(text: str, offset: int) -> int | None:
    """For a line that fits no block around it: where the first line begins that stands beside it, and is indented deeper.

    >>> start_of_uneven_block("tables:\\n   a: 1\\n   b: 2\\n  c: 3\\n", 25)
    11
    >>> start_of_uneven_block("a: [1\\nb: 2\\n", 6)
    """
    line_start = text.rfind("\n", 0, offset) + 1
    indent = offset - line_start
    if text[line_start:offset].strip(" ") or indent == 0:
        return None
    found = None
    while line_start > 0:
        line_end, line_start = line_start - 1, text.rfind("\n", 0, line_start - 1) + 1
        line = text[line_start:line_end]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth < indent:
            return found
        found = line_start + depth if depth > indent else None
    return found
