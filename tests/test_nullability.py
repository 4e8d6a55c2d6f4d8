"""A column that is said never to be NULL never is: expressions, conditions and queries, run on DuckDB."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest
from sqlglot import exp

from engines import COLUMNS, ERRORS, ROWS
from engines import DuckDb as Difficult
from test_catalogue import EXAMPLES, MORE
from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.types import INTEGER, Type
from whgen.sql.infer import infer
from whgen.sql.nullable import present
from whgen.sql.parse import SqlText, parse_expression, parse_select
from whgen.sql.query import ResolvedQuery, resolve_query
from whgen.sql.types import full_type
from whgen.warehouses import DIALECTS

REQUIRED = replace(INTEGER, nullable=False)


def _text(text: str) -> SqlText:
    return SqlText(text=text, dialect="bigquery", locate=lambda start, end: Span(file="x", column=start + 1, end_column=end + 1))


def _inferred(text: str, scope: dict[str, Type]) -> exp.Expr | None:
    report = Report()
    tree = parse_expression(_text(text), report)
    return infer(tree, scope, _text(text), report, where="`x`") if tree is not None else None


@pytest.fixture(scope="module")
def difficult() -> Difficult:
    return Difficult()


@pytest.mark.parametrize("text", [*EXAMPLES, *MORE])
def test_expression_that_is_never_null_has_a_value_in_each_row_that_has_its_columns(text: str, difficult: Difficult) -> None:
    names = {c.name for c in (_inferred(text, COLUMNS) or exp.Null()).find_all(exp.Column)}
    # Columns that are said never to be NULL, each alone and all at once, in the rows where that is so.
    for required in [set(), *({n} for n in sorted(names)), names]:
        tree = _inferred(text, {n: replace(t, nullable=n not in required) for n, t in COLUMNS.items()})
        if tree is None or full_type(tree).nullable:
            continue
        sql = DIALECTS["duckdb"].line(DIALECTS["duckdb"].settle(tree, full_type(tree)))
        for row in ROWS:
            has = dict(zip(COLUMNS, row, strict=True))
            if any(has[n] is None for n in required):
                continue
            try:
                value = difficult.values(sql, int(str(row[0])))[0]
            except ERRORS:
                continue
            assert value is not None, (required, row[0], sql)


CONDITIONS = [
    "a is not null", "a is null", "a = b", "a != 1", "not (a = b)", "a > b and c is not null", "a is not null or b is not null",
    "a = 1 or a > b", "a between b and c", "not (a between b and c)", "a in (1, b)", "a not in (1, 2)", "not (a > 1 or b is null)",
    "(a = 1) is true", "(a = 1) is not true", "a is distinct from b", "coalesce(a, b) = 1", "not (not (a is null))",
]  # fmt: skip


@pytest.mark.parametrize("text", CONDITIONS)
def test_condition_rules_out_what_it_says(text: str) -> None:
    tree = _inferred(text, dict.fromkeys("abc", INTEGER))
    assert tree is not None
    there = {name for _, name in present(tree)}
    values = ", ".join(str(row).replace("None", "NULL") for row in itertools.product((0, 1, 2, None), repeat=3))
    rows = duckdb.sql(f"SELECT * FROM (VALUES {values}) AS t (a, b, c) WHERE {tree.sql('duckdb')}").fetchall()
    assert rows
    for place, name in enumerate("abc"):
        assert name not in there or all(row[place] is not None for row in rows), name


def _resolved(text: str) -> ResolvedQuery:
    report = Report()
    tree = parse_select(_text(text), report)
    assert tree is not None
    tables = {n: {"k": REQUIRED, "r": REQUIRED, "o": INTEGER} for n in ("one", "two", "three")}
    where = Span(file="x", column=1, end_column=1)
    names = dict.fromkeys(tree.named_selects, INTEGER)
    found = resolve_query(
        tree, tables, names, _text(text), report, columns_at=where, is_lost=lambda _: False, declared=lambda _: None, warehouses=("duckdb",)
    )
    assert found is not None, [d.message for d in report]
    return found


def _queries(seed: int) -> Iterator[str]:
    pick = random.Random(seed)
    for _ in range(60):
        sides = [pick.choice(("inner", "left", "right", "full", "cross")) for _ in range(pick.randint(0, 2))]
        aliases = ["x", "y", "z"][: len(sides) + 1]
        tables = [pick.choice(("one", "two", "three", "(select k, r, o from two where o is not null)")) for _ in aliases]
        joined = f"{tables[0]} as x"
        for side, table, alias in zip(sides, tables[1:], aliases[1:], strict=True):
            joined += f" {side} join {table} as {alias}" + ("" if side == "cross" else f" on x.k = {alias}.k")

        def column(aliases: list[str] = aliases) -> str:
            return f"{pick.choice(aliases)}.{pick.choice('kro')}"

        items = [
            pick.choice((column(), f"{column()} + {column()}", f"coalesce({column()}, {column()})", f"coalesce({column()}, 0)",
                         f"case when {column()} > 1 then {column()} else {column()} end",
                         f"(select max(three.r) from three where three.k = {column()})",
                         f"first_value({column()}) over (order by {column()})", f"count({column()}) over (partition by {column()})"))
            for _ in range(2)
        ]  # fmt: skip
        where = pick.choice(("", f" where {column()} is not null", f" where {column()} > 0 or {column()} = 1"))
        select = f"select {items[0]} as p, {items[1]} as q from {joined}{where}"
        if pick.random() < 0.2:
            select = f"select count({column()}) as p, max({column()}) as q from {joined}{where}"
        if pick.random() < 0.3:
            select += " union all select k as p, o as q from one"
        yield f"with c as ({select}) select p, q from c" if pick.random() < 0.3 else select


@pytest.mark.parametrize("seed", range(8))
def test_column_of_a_query_that_is_never_null_holds_none(seed: int) -> None:
    pick = random.Random(seed)
    claims = 0
    with duckdb.connect() as connection:
        for name in ("one", "two", "three"):
            rows = [(pick.randint(0, 4), pick.randint(0, 2), pick.choice((None, 0, 1, 2))) for _ in range(pick.randint(0, 6))]
            connection.execute(f"CREATE TABLE {name} (k BIGINT NOT NULL, r BIGINT NOT NULL, o BIGINT)")
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", rows or [(1, 1, None)])
        for text in _queries(seed):
            found = _resolved(text)
            rows = connection.execute(DIALECTS["duckdb"].sql(found.tree)).fetchall()
            for place, name in enumerate("pq"):
                if name in found.present:
                    claims += 1
                    assert all(row[place] is not None for row in rows), (text, name)
    # Had it nothing to say, it would be right, too.
    assert claims > 20


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select x.r, y.r as p from one as x left join two as y on x.k = y.k", {"r"}),
        ("select x.r, y.r as p from one as x right join two as y on x.k = y.k", {"p"}),
        ("select x.r, y.r as p from one as x full join two as y on x.k = y.k", set()),
        ("select x.r, y.r as p from one as x left join two as y on x.k = y.k where y.r is not null", {"r", "p"}),
        ("select x.r, y.r as p from one as x left join two as y on x.k = y.k where y.k is not null", {"r"}),
        ("select k from one union all select o as k from two", set()),
        ("select k from one union all select r as k from two", {"k"}),
        ("select max(r) as p, count(o) as q from one", {"q"}),
        ("with c as (select r from one) select r from c", {"r"}),
        ("select k, (select max(r) from two) as p from one", {"k"}),
        ("select k from one where exists (select 1 from two left join three on two.k = three.k)", {"k"}),
        ("select o as k from one where o in (1, 2)", {"k"}),
    ],
)
def test_columns_of_a_query_that_are_never_null(text: str, wanted: set[str]) -> None:
    assert _resolved(text).present == wanted
