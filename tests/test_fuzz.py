"""Any text, any YAML, any SQL: an answer every time, the same every time, and every name pointed at where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from answers import answer, answer_to_bytes, text_at
from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.types import parse_type
from whgen.spec.document import read_documents
from whgen.spec.load import NOUNS
from whgen.spec.text import SourceText
from whgen.sql.catalogue.dates import DATE_PARTS
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression, parse_select

# A SQL text is made of words, so that each can be looked for, with anything between them.
_NAMES = ("name", "ctiy", "weight_kg", "x1", "größe")
_BETWEEN = (
    " ",
    "  ",
    "\n",
    "\n\n",
    " + ",
    "(",
    ")",
    ", ",
    "\t",
    "'it''s'",
    '"q"',
    "'🦆é'",
    "\\",
    " #x",
    ": ",
    "-- c\n",
    "/* é */",
    "\n   ",
)
_TEXTS = st.lists(st.one_of(st.sampled_from(_NAMES), st.sampled_from(_BETWEEN)), min_size=1, max_size=14).map("".join)
_STYLES: dict[str, Callable[[str], str]] = {
    "plain": lambda t: re.sub(r"\s*\n\s*", "\n      ", t.strip()),
    "single": lambda t: "'" + t.replace("'", "''").replace("\n", "\n\n      ") + "'",
    "double": lambda t: '"' + _escaped(t).replace("\n", "\\n") + '"',
    "double, escapes": lambda t: '"' + "".join(c if (c.isascii() and c.isalnum()) or c == "_" else f"\\U{ord(c):08x}" for c in t) + '"',
    "double, lines": lambda t: '"' + _escaped(t).replace("\n", "\\n\\\n      \\\n      ") + '"',
    "literal": lambda t: "|\n" + _block(t),
    "literal, kept": lambda t: "|2+\n" + _block(t).replace("      ", "    "),
    "literal, comment": lambda t: "|- # why: 'x'\n" + _block(t),
    "folded": lambda t: ">\n" + _block(t),
    "folded, stripped": lambda t: ">-\n" + _block(t),
}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


def _block(text: str) -> str:
    return "\n".join("      " + line for line in text.split("\n"))


def _spec(written: str) -> str:
    return f"# 🦆 é\nsource: s\ntables:\n  'é🦆':\n    expr: {written}\n    after: x\n"


@settings(max_examples=600)
@given(_TEXTS, st.sampled_from(sorted(_STYLES)))
@example("name\n\n   ctiy", "folded")
@example("  name\nctiy", "literal")
@example("name\\ctiy\nx1", "double, lines")
def test_names_are_found_in_every_style(text: str, style: str) -> None:
    source = SourceText.of("specs/any.yml", _spec(_STYLES[style](text)))
    report = Report()
    documents = read_documents(source, report)
    assume(not report.has_errors)
    read = documents[0].value["tables"]["é🦆"]["expr"]
    assume(isinstance(read, str))
    for name in re.finditer(r"\w+", read):
        span = documents[0].document.inside(("tables", "é🦆", "expr"), name.start(), name.end())
        assert text_at(source.text, span) in (name[0], *_written_with_escapes(name[0])), (style, read)


def _written_with_escapes(name: str) -> tuple[str, ...]:
    return ("".join(c if (c.isascii() and c.isalnum()) or c == "_" else f"\\U{ord(c):08x}" for c in name),)


@settings(max_examples=100)
@given(st.text(max_size=60), st.sampled_from(sorted(_STYLES)), _TEXTS)
def test_the_same_bytes_have_the_same_answer(junk: str, style: str, text: str) -> None:
    written = f"{_spec(_STYLES[style](text))}\n---\nmodel: m\nsql: {_STYLES[style](text)}\ncolumns: {{x1: integer}}\n{junk}"
    first, second = answer(written), answer(written)
    assert list(first.report) == list(second.report)


@settings(max_examples=60)
@given(_TEXTS, st.sampled_from(sorted(_STYLES)))
def test_line_ends_and_marks_of_the_encoding_change_nothing(text: str, style: str) -> None:
    written = f"model: m\nsql: {_STYLES[style](text)}\ncolumns: {{x1: integer}}\n".encode()
    expected = list(answer_to_bytes(written).report)
    assert list(answer_to_bytes(b"\xef\xbb\xbf" + written).report) == expected
    assert list(answer_to_bytes(written.replace(b"\n", b"\r\n")).report) == expected


# YAML: any text, any values made of the keys of the schema, and any value in a spec that is right otherwise.


@settings(max_examples=150)
@given(st.text(max_size=80))
@example('description: "\\ud800"')
@example("a: &a [*a]")
@example("\ud800")
@example("{{ x }}: 1")
def test_any_text_is_answered(text: str) -> None:
    answer(text)


_WORDS = st.sampled_from(
    [
        *("all", "x", "shop.t", "id", "dim_a", "string", "integer", "decimal(10, 2)", "array<string>", "2013-01-01", "not_null", "infer"),
        *(
            "id + 1",
            "sum(id)",
            "select id from stg_shop__t",
            "count(*)",
            "(",
            "x y",
            "case",
            "",
            " ",
            "duckdb",
            "bigquery",
            "view",
            "additive",
        ),
    ]
)
_SCALARS = st.one_of(_WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
_KEYS = st.sampled_from(
    [
        *sorted({f.alias or n for noun in NOUNS.values() for n, f in noun.model_fields.items()}),
        *("as", "on", "files", "schema", "dataset", "latest", "null_if", "expr", "type", "default", "between", "expression", "t", "id"),
    ]
)
_VALUES_OF_YAML = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(_KEYS, _WORDS), inner, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=250)
@given(st.sampled_from(sorted(NOUNS)), st.one_of(_WORDS, _SCALARS), st.dictionaries(_KEYS, _VALUES_OF_YAML, max_size=7))
def test_any_values_under_any_noun_are_answered(noun: str, name: object, values: dict[str, object]) -> None:
    # JSON is YAML; what it cannot write, such as half characters, it escapes.
    answer(json.dumps({noun: name} | {k: v for k, v in values.items() if k != noun}))


_FULL: Mapping[str, Mapping[str, object]] = {
    "source": {
        "source": "shop",
        "location": {"duckdb": {"schema": "raw"}, "bigquery": {"dataset": "raw"}},
        "tables": {"t": {"key": "id", "columns": {"id": "integer", "at": "date"}, "derive": {"d": {"expr": "id + 1"}}}},
    },
    "dimension": {"dimension": "a", "from": "shop.t", "key": "id", "columns": ["at"], "unknown": {"at": "2013-01-01"}},
    "fact": {"fact": "f", "grain": "x", "from": "shop.t", "key": "id", "dimensions": {"a": "id"}, "measures": {"id": {"default": 0}}},
    "model": {"model": "m", "sql": "select id from fact_f", "columns": {"id": "integer"}, "key": "id"},
    "exposure": {"exposure": "e", "type": "ml", "owner": {"name": "x"}, "depends_on": ["m"]},
    "schedule": {
        "schedule": "s",
        "target": "dev",
        "cron": "0 5 * * 1-5",
        "time_zone": "UTC",
        "retries": {"count": 1, "wait": "5 minutes"},
        "groups": {"first": {"sources": "shop"}, "second": {"layers": ["production"]}},
        "alerts": {"webhook": "ALERTS"},
    },
}


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, child in children for p in _paths(child, (*path, key)))]


@settings(max_examples=150)
@given(st.data())
def test_any_value_in_a_good_spec_is_answered(data: st.DataObject) -> None:
    documents = json.loads(json.dumps(_FULL))
    path = data.draw(st.sampled_from([p for p in _paths(documents) if len(p) > 1]))
    around = documents
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = data.draw(_VALUES_OF_YAML)
    answer("\n---\n".join(json.dumps(d) for d in documents.values()))


# SQL: what is nearly right finds more than what is wholly wrong.

_COLUMNS = {
    "i": "integer", "s": "string", "d": "date", "ts": "timestamp", "dt": "datetime", "t": "time", "f": "float", "n": "decimal(10, 2)",
    "b": "boolean", "j": "json", "y": "bytes", "a": "array<string>", "größe": "integer", "order": "string",
}  # fmt: skip
_SCOPE = {name: parse_type(type_) for name, type_ in _COLUMNS.items()}
_ODD_LEAVES = "nope|`order`|x.y|null|true|*|@p|?|current_date|date '2020-02-30'|r'\\d'|b'x'"
_OPERATORS = "+ - * / || = <> < >= and or like in is << ^ % :: ->"
_MARKS = "( ) ' \" , ; -- /* ` [ { . 🦆"
_FUNCTIONS = """
upper lower trim length substr concat coalesce nullif if greatest least round floor ceil abs mod div sum count avg min max row_number lag
date date_add date_sub date_diff date_trunc timestamp_trunc datetime_diff extract format_date parse_date safe_cast cast safe_divide
regexp_contains regexp_extract split array_length json_value struct array unnest nosuch md5 to_hex time datetime timestamp string ifnull
countif any_value string_agg approx_count_distinct starts_with replace lpad left right instr strpos sign power sqrt ln log exp
"""


def _one_of(words: str, by: str | None = None) -> st.SearchStrategy[str]:
    return st.sampled_from(words.split(by))


_LEAVES = st.one_of(
    st.sampled_from(list(_COLUMNS)),
    _one_of(_ODD_LEAVES, "|"),
    st.integers(-(10**30), 10**30).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.text(max_size=6).map(lambda t: "'" + t.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"),
)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda f, args: f"{f}({', '.join(args)})", _one_of(_FUNCTIONS), st.lists(inner, max_size=4)),
        st.builds(lambda a, o, b: f"{a} {o} {b}", inner, _one_of(_OPERATORS), inner),
        st.builds(lambda a, b, c: f"case when {a} then {b} else {c} end", inner, inner, inner),
        st.builds(lambda a, t: f"cast({a} as {t})", inner, _one_of("int64|string|date|numeric(50, 2)|nosuch|", "|")),
        st.builds(lambda a, p: f"extract({p} from {a})", inner, st.sampled_from([*sorted(DATE_PARTS), "nosuch", ""])),
        st.builds(lambda f, a, p: f"{f}({a}, {p})", _one_of("date_trunc date_add"), inner, _one_of("month|interval 1 day|x", "|")),
        st.builds(lambda a, b: f"{a} over (partition by {b} order by {b})", inner, inner),
        st.builds(lambda a, b: f"({a}) {b}", inner, _one_of("|is not null|between 1 and 2|in ()|[offset(0)]|.x|as z", "|")),
        st.builds(lambda a: f"(select {a} from unnest([{a}]))", inner),
        inner.map(lambda a: f"not {a}"),
    )


_EXPRESSIONS = st.recursive(_LEAVES, _around, max_leaves=10)
_MESSY = st.one_of(
    _EXPRESSIONS,
    st.builds(lambda text, at, mark: text[:at] + mark + text[at:], _EXPRESSIONS, st.integers(0, 60), _one_of(_MARKS)),
)


@settings(max_examples=500)
@given(_MESSY, st.sampled_from(["bigquery", "duckdb"]))
def test_any_sql_is_answered(text: str, dialect: str) -> None:
    report = Report()
    sql = SqlText(text=text, dialect=dialect, locate=lambda start, end: Span(file="x", column=start + 1, end_column=end + 1))
    tree = parse_expression(sql, report)
    warehouses = ("bigquery", "duckdb") if dialect == "bigquery" else ()
    typed = infer(tree, _SCOPE, sql, report, where="x", warehouses=warehouses) if tree is not None else None
    assert (typed is None) == report.has_errors, text
    parse_select(sql, report)
    for diagnostic in report:
        start, end = diagnostic.span.column - 1, diagnostic.span.end_column - 1
        assert 0 <= start <= end <= max(len(text), 1), (text, diagnostic)
        if diagnostic.code == "unknown-column" and (named := re.search(r"has no column `([^`]*)`", diagnostic.message)):
            assert text[start:end].strip("`") == named[1], (text, diagnostic)


@settings(max_examples=120)
@given(_MESSY, st.sampled_from(sorted(_STYLES)))
def test_any_sql_in_any_place_is_answered(text: str, style: str) -> None:
    written = _STYLES[style](text)
    answer(
        "source: shop\nlocation: {duckdb: {schema: raw}, bigquery: {dataset: raw}}\ntables:\n  t:\n    key: i\n"
        "    columns: {i: integer, s: string, d: date, f: float, b: boolean, dt: datetime, n: 'decimal(10, 2)'}\n"
        f"    derive:\n     z:\n      type: string\n      expr: {written}\n"
    )
