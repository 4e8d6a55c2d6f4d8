"""Functions of text."""

from __future__ import annotations

import re

from sqlglot import exp

from whgen.sql.catalogue.entry import Function, Limit, Nulls, function, is_literal, needs_literal
from whgen.sql.catalogue.patterns import postgres_pattern

ONE = "this: string -> string"


def _is_count(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()


def _is_never_negative(node: exp.Expr | None) -> bool:
    if isinstance(node, exp.Greatest):
        return any(_is_count(n) for n in (node.this, *node.expressions))
    return node is None or _is_count(node)


def _starts_anywhere(node: exp.Expr) -> bool:
    start = node.args.get("start")
    return not isinstance(start, exp.Literal) or not _is_count(start) or int(start.name) == 0


def _side(name: str | None) -> object:
    return lambda node: (node.args.get("position") or None) == name


def _re2(node: exp.Expr) -> str:
    return str(node.expression.name)


def _has_several_groups(node: exp.Expr) -> bool:
    return len(re.findall(r"(?<!\\)\((?!\?)", _re2(node))) > 1


def _only_postgres(differs: object, what: str) -> Limit:
    return Limit(differs=differs, what=what, on=("postgres",))  # type: ignore[arg-type]


_START = Limit(differs=_starts_anywhere, what="SUBSTR that does not start at a fixed place, counted from 1,")
_LENGTH = Limit(
    differs=lambda node: not _is_never_negative(node.args.get("length")),
    what="SUBSTR of a length that may be negative",
    instead="write greatest(length, 0), or use split(text, '-')[safe_offset(0)] or regexp_extract",
)
_FIXED = Limit(differs=lambda node: not _is_count(node.expression), what="a length that is not written down")
_TIMES = Limit(differs=lambda node: not _is_count(node.args.get("times")), what="a count that is not written down")
_FILLED = Limit(
    differs=lambda node: node.args.get("fill_pattern") is not None and node.args["fill_pattern"].name == "",
    what="padding with what is not written down",
)
_FINDS = Limit(
    differs=lambda node: bool(node.args.get("position") or node.args.get("occurrence")),
    what="a search that does not begin at the first character",
)
_PATTERN = needs_literal("expression", "a pattern that is not written down")
_POSTGRES_PATTERN = _only_postgres(
    lambda node: is_literal(node.expression) and postgres_pattern(_re2(node)) is None,
    "this regular expression, which Postgres reads otherwise,",
)
_ALTERNATIVES = _only_postgres(
    lambda node: "|" in _re2(node), "a regular expression with alternatives, of which Postgres takes the longest,"
)
_GROUPS = Limit(differs=_has_several_groups, what="a regular expression with several groups", instead="write `(?:...)` for all but one")
_PLACES = Limit(
    differs=lambda node: bool(node.args.get("position") or node.args.get("occurrence")), what="REGEXP_EXTRACT from a place of its own"
)
_REPLACEMENT = Limit(
    differs=lambda node: (
        not is_literal(node.args.get("replacement")) or "\\0" in node.args["replacement"].name or "&" in node.args["replacement"].name
    ),
    what="a replacement that is not written down, or that has `\\0` or `&` in it,",
)

TEXT: tuple[Function, ...] = (
    function("lower(text)", exp.Lower, ONE, "lower(s)"),
    function("upper(text)", exp.Upper, ONE, "upper(s)"),
    function("trim(text[, characters])", exp.Trim, "this: string, expression?: string -> string", "trim(s)", when=_side(None)),
    function("ltrim(text[, characters])", exp.Trim, "this: string, expression?: string -> string", "ltrim(s)", when=_side("LEADING")),
    function("rtrim(text[, characters])", exp.Trim, "this: string, expression?: string -> string", "rtrim(s)", when=_side("TRAILING")),
    function("concat(text, ...)", exp.Concat, "expressions*: string -> string", "concat(s, '-', t)"),
    function("length(text)", exp.Length, "this: string -> integer", "length(s)"),
    function("byte_length(text)", exp.ByteLength, "this: string -> integer", "byte_length(s)"),
    function(
        "substr(text, start[, length])",
        exp.Substring,
        "this: string, start: integer, length?: integer -> string",
        "substr(s, 2, 3)",
        limits=(_START, _LENGTH),
    ),
    function("left(text, length)", exp.Left, "this: string, expression: integer -> string", "left(s, 3)", limits=(_FIXED,)),
    function("right(text, length)", exp.Right, "this: string, expression: integer -> string", "right(s, 3)", limits=(_FIXED,)),
    function(
        "replace(text, from, to)", exp.Replace, "this: string, expression: string, replacement: string -> string", "replace(s, 'a', 'xy')"
    ),
    function("starts_with(text, start)", exp.StartsWith, "this: string, expression: string -> boolean", "starts_with(s, 'Cr')"),
    function("ends_with(text, end)", exp.EndsWith, "this: string, expression: string -> boolean", "ends_with(s, 'e')"),
    function("strpos(text, part)", exp.StrPosition, "this: string, substr: string -> integer", "strpos(s, 'e')", limits=(_FINDS,)),
    function(
        "lpad(text, length[, with])",
        exp.Pad,
        "this: string, expression: integer, fill_pattern?: string -> string",
        "lpad(s, 8, '0')",
        when=lambda node: bool(node.args.get("is_left")),
        limits=(_FIXED, _FILLED),
    ),
    function(
        "rpad(text, length[, with])",
        exp.Pad,
        "this: string, expression: integer, fill_pattern?: string -> string",
        "rpad(s, 8)",
        when=lambda node: not node.args.get("is_left"),
        limits=(_FIXED, _FILLED),
    ),
    function("repeat(text, times)", exp.Repeat, "this: string, times: integer -> string", "repeat(s, 2)", limits=(_TIMES,)),
    function("reverse(text)", exp.Reverse, ONE, "reverse(s)"),
    function(
        "normalize(text)",
        exp.Normalize,
        ONE,
        "normalize(s)",
        limits=(Limit(differs=lambda n: bool(n.args.get("form")), what="NORMALIZE to another form than NFC"),),
    ),
    function("unicode(text)", exp.Unicode, "this: string -> integer", "unicode(s)"),
    function(
        "chr(number)",
        exp.Chr,
        "expressions*: integer -> string",
        "chr(65)",
        limits=(
            Limit(
                differs=lambda n: not all(_is_count(e) and int(e.name) > 0 for e in n.expressions),
                what="CHR of a number that is not written down",
            ),
        ),
    ),
    function("to_hex(md5(text))", exp.MD5, ONE, "to_hex(md5(s))"),
    function(
        "regexp_contains(text, pattern)",
        exp.RegexpLike,
        "this: string, expression: string -> boolean",
        "regexp_contains(s, r'^[A-Z]\\w+')",
        limits=(_PATTERN, _POSTGRES_PATTERN),
    ),
    function(
        "regexp_extract(text, pattern)",
        exp.RegexpExtract,
        "this: string, expression: string -> string",
        "regexp_extract(s, r'([a-z]+)')",
        nulls=Nulls.MAYBE,
        limits=(_PATTERN, _GROUPS, _PLACES, _POSTGRES_PATTERN, _ALTERNATIVES),
    ),
    function(
        "regexp_replace(text, pattern, with)",
        exp.RegexpReplace,
        "this: string, expression: string, replacement: string -> string",
        "regexp_replace(s, r'[0-9]+', '#')",
        limits=(_PATTERN, _REPLACEMENT, _POSTGRES_PATTERN, _ALTERNATIVES),
    ),
)
