"""What the columns of a SELECT are made of, query by query."""

from __future__ import annotations

import pytest
import sqlglot

from whgen.sql.lineage import influences, origins

TABLES = {"t": ["a", "b", "k"], "u": ["c", "k"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select a from t", {"a": {"t.a"}}),
        ("select concat(x.a, y.c) as both from t as x join u as y on x.k = y.k", {"both": {"t.a", "u.c"}}),
        # Only what a column shows counts, not the rows that it is shown for.
        ("select b from t where a = 'x' order by a", {"b": {"t.b"}}),
        (
            "select b, count(a) as n, count(*) as rows_, max(a) as m from t group by b",
            {"b": {"t.b"}, "n": set(), "rows_": set(), "m": {"t.a"}},
        ),
        ("select count(a) over (partition by b) as n from t", {"n": {"t.a", "t.b"}}),
        ("select * from u", {"c": {"u.c"}, "k": {"u.k"}}),
        ("with q as (select a as z from t), r as (select c as z from u) select z from q", {"z": {"t.a"}}),
        ("with q as (select upper(a) as z from t) select s.z as y from (select z from q) as s", {"y": {"t.a"}}),
        ("select a as z, b from t union all select c, k from u", {"z": {"t.a", "u.c"}, "b": {"t.b", "u.k"}}),
        # What a sub-query is compared with it may give away.
        ("select b, (select max(c) from u where u.k = t.k) as c from t", {"b": {"t.b"}, "c": {"u.c", "t.k"}}),
        ("select case when a = 'x' then 1 else 2 end as flag, 1 as one from t", {"flag": {"t.a"}, "one": set()}),
    ],
)
def test_origins(query: str, expected: dict[str, set[str]]) -> None:
    found = origins(sqlglot.parse_one(query, read="bigquery"), TABLES)
    assert {name: {".".join(origin) for origin in made_of} for name, made_of in found.items()} == expected


@pytest.mark.parametrize(
    ("query", "values", "rows"),
    [
        ("select a from t where b > 1", {"a": {"t.a"}}, {"t.b"}),
        ("select x.a, count(y.c) as n from t x join u y on x.k = y.k group by x.a", {"a": {"t.a"}, "n": {"u.c"}}, {"t.a", "t.k", "u.k"}),
        ("select a from t join u using (k)", {"a": {"t.a"}}, {"t.k", "u.k"}),
        ("select upper(a) as z, count(*) as n from t group by z", {"z": {"t.a"}, "n": set()}, {"t.a"}),
        ("select upper(a) as z, count(*) as n from t group by 1", {"z": {"t.a"}, "n": set()}, {"t.a"}),
        ("select distinct a from t", {"a": {"t.a"}}, {"t.a"}),
        ("select a from t union distinct select c from u", {"a": {"t.a", "u.c"}}, {"t.a", "u.c"}),
        ("select a from t union all select c from u", {"a": {"t.a", "u.c"}}, set()),
        ("with q as (select a, k from t where b = 1) select a from q", {"a": {"t.a"}}, {"t.b"}),
        ("select a from t where exists (select 1 from u where u.k = t.k)", {"a": {"t.a"}}, {"t.k", "u.k"}),
        ("select a from t where k in (select c from u)", {"a": {"t.a"}}, {"t.k", "u.c"}),
        ("select a from t qualify row_number() over (partition by k order by b) = 1", {"a": {"t.a"}}, {"t.k", "t.b"}),
        ("select a from t order by b limit 1", {"a": {"t.a"}}, {"t.b"}),
        ("select k, sum(b) as s from t group by k having max(a) > 1", {"k": {"t.k"}, "s": {"t.b"}}, {"t.k", "t.a"}),
    ],
)
def test_what_decides_values_and_rows(query: str, values: dict[str, set[str]], rows: set[str]) -> None:
    found, deciding = influences(sqlglot.parse_one(query, read="bigquery"), TABLES)
    assert {name: {".".join(origin) for origin in made_of} for name, made_of in found.items()} == values
    assert {".".join(origin) for origin in deciding} == rows
