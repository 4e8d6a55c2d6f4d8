"""docs/functions.md: the catalogue of functions, and what each example becomes on every warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from whgen.diagnostics.diagnostic import Report, Span
from whgen.dialects.base import Dialect
from whgen.ir.types import UNKNOWN, parse_type
from whgen.sql.catalogue.entry import Function, Parameter, Signature
from whgen.sql.catalogue.lookup import CATALOGUE, GROUPS, entry_of
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.reference import REFERENCE
from whgen.sql.types import logical_type
from whgen.warehouses import DIALECTS, PARTS

COLUMNS = {
    "row": "integer", "i": "integer", "j": "integer", "f": "float", "g": "float", "m": "decimal(10, 2)", "n": "decimal(20, 6)",
    "s": "string", "t": "string", "digits": "string", "day": "string", "b": "boolean", "c": "boolean", "d": "date", "e": "date",
    "dt": "datetime",
    "dt2": "datetime", "ts": "timestamp", "ts2": "timestamp", "tm": "time", "js": "json",
}  # fmt: skip
"""The columns that the examples are over: name -> logical type."""
_TRIED = [name for name, dialect in DIALECTS.items() if dialect.is_tried]

_HEAD = """# Functions and operators

Expressions are written in BigQuery's SQL. These {count} functions and operators mean the same on DuckDB, Postgres and BigQuery: each row
is run on DuckDB, on a real Postgres and by Google's own evaluator of BigQuery's SQL, over rows with NULL, empty texts, the largest numbers,
Unicode, month ends, leap days, changes of daylight saving and the year 1, and the results must be equal (`tests/test_catalogue.py`).

What is not here is refused with a way out: an expression for each warehouse, `expr: {{duckdb: ..., bigquery: ...}}`, with a declared
`type`. A project whose targets are all on one warehouse may name that as its `dialect` and use all of its functions. Some functions have
limits; a use that differs between the warehouses of the targets is refused, too, and the message says what to write instead.

The same holds nowhere for these, which is known and tested: capitals that are two letters (`ß`), the small letters of `İ` and of a Σ at the
end of a word, years before 1000 in FORMAT_DATE, the digits of a float behind the fifteenth, and texts of floats beyond 1.8e308 or of
instants that an offset takes out of the years 1 to 9999. Where BigQuery stops at a value (an overflow, a logarithm of 0), another
warehouse may go on. Postgres must sort texts by their bytes (`LOCALE_PROVIDER builtin`, `C.UTF-8`), as the others do.

In the examples {columns}.
"""

_UNTRIED = """## {title}: written by its documentation

Nothing was ever run on {title}: what is generated for it is parsed, and no more. Of the {count} functions and operators {taken} are taken,
which mean the same by its documentation, or are written there by others that do; some of them only as the example uses them.
The rest is refused there, with the same way out:
"""


def functions_page() -> str:
    """The whole page."""
    by_type: dict[str, list[str]] = {}
    for name, type_ in COLUMNS.items():
        by_type.setdefault(type_, []).append(f"`{name}`")
    columns = "; ".join(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {type_}" for type_, names in by_type.items())
    parts = [_HEAD.format(count=len(CATALOGUE), columns=columns)]
    for title, functions in GROUPS.items():
        names = [PARTS[name].title for name in _TRIED]
        parts += [f"## {title}", "", f"| function | takes | gives | NULL | {' | '.join(names)} |", "|---" * (4 + len(names)) + "|"]
        parts += [_row(f) for f in functions]
        parts.append("")
    parts += [line for dialect in DIALECTS.values() if not dialect.is_tried for line in _untried(dialect)]
    return "\n".join(parts)


def _untried(dialect: Dialect) -> Iterator[str]:
    """What is said of a warehouse on which nothing was run."""
    refused = [f for f in CATALOGUE if any(entry_of(node) is not None and not dialect.offers(node) for node in _example(f).walk())]
    yield _UNTRIED.format(title=PARTS[dialect.name].title, count=len(CATALOGUE), taken=len(CATALOGUE) - len(refused))
    yield ", ".join(f"`{_escaped(f.usage)}`" for f in refused) + "."
    yield ""


def _row(function: Function) -> str:
    takes = "; ".join(dict.fromkeys(", ".join(_taken(s)) or "nothing" for s in function.signatures))
    gives = " or ".join(dict.fromkeys(str(s.result or "the type in common") for s in function.signatures))
    cells = [f"`{_escaped(function.usage)}`", takes, gives, function.nulls.value, *(f"`{_escaped(c)}`" for c in _written(function))]
    return f"| {' | '.join(cells)} |"


def _taken(signature: Signature) -> Iterator[str]:
    for parameter in signature.parameters:
        kinds = _kinds(parameter)
        yield f"{kinds}..." if parameter.many else f"[{kinds}]" if parameter.optional else kinds


def _kinds(parameter: Parameter) -> str:
    names = [k.value for k in parameter.kinds if k.value != "unknown"]
    if len(names) > 8:
        return "any"
    return "number" if names == ["integer", "decimal", "float"] else "/".join(names)


def _written(function: Function) -> Iterator[str]:
    tree = _example(function)
    for name in _TRIED:
        dialect = DIALECTS[name]
        yield dialect.line(dialect.settle(tree.copy(), logical_type(tree)))


@cache
def _example(function: Function) -> Any:
    """The example of an entry, with its types."""
    sql = SqlText(text=function.example, dialect=REFERENCE, locate=lambda _start, _end: Span(file=""))
    report = Report()
    tree = parse_expression(sql, report)
    scope = {name: parse_type(type_) or UNKNOWN for name, type_ in COLUMNS.items()}
    typed = infer(tree, scope, sql, report, where="the row", aggregates=True) if tree is not None else None
    if typed is None:
        raise ValueError(f"the example of {function.usage} is wrong: {[d.message for d in report]}")
    return typed


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
