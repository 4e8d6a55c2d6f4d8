"""`whgen diff` on real DuckDB and Postgres, against differences that were planted and against SQL written by hand."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer
from projects import release, write_project
from whgen.cli.app import app
from whgen.cli.settings import FAILED, OK, STALE, USAGE
from whgen.diff.segments import Segment, batches, digits_for, suspicious

COLUMNS = {
    "sensor": "string",
    "part": "integer",
    "label": "string",
    "amount": "decimal(12, 3)",
    "level": "float",
    "is_good": "boolean",
    "taken_on": "date",
    "taken_at": "timestamp",
    "local_at": "datetime",
    "clock": "time",
}
KEY = ("sensor", "part")
OTHERS = tuple(c for c in COLUMNS if c not in KEY)
SPECS = {
    "specs/shop.yml": f"""\
seed: raw_reading
file: raw.csv
columns: {json.dumps({c: {"type": t} for c, t in COLUMNS.items()})}
---
model: reading
sql: select {", ".join(COLUMNS)} from raw_reading
key: [sensor, part]
columns: {json.dumps({c: {"type": t} for c, t in COLUMNS.items()})}
---
model: keyless
sql: select sensor, part from raw_reading
columns: {{sensor: {{type: string}}, part: {{type: integer}}}}
""",
    "specs/raw.csv": ",".join(COLUMNS) + "\n",
}
DUCKDB = {
    "string": "VARCHAR", "integer": "BIGINT", "decimal(12, 3)": "DECIMAL(12, 3)", "float": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE", "datetime": "TIMESTAMP", "time": "TIME",
}  # fmt: skip
POSTGRES = DUCKDB | {"string": "TEXT", "decimal(12, 3)": "NUMERIC", "float": "DOUBLE PRECISION"}
Row = tuple[Any, ...]
TEXTS = ["", " ", "a|b", "it's", "1:x", "-", "NULL", "null", "Ümläut 👍🏽", "a\nb", "%s", '"', "\\", None]


def whgen(root: Path, *arguments: str, ends: int = OK) -> Result:
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def diff(root: Path, *arguments: str, ends: int = STALE) -> dict[str, Any]:
    """The differences of each table, by its name."""
    document = json.loads(whgen(root, "diff", *arguments, "--json", ends=ends).output)
    assert document["exit_code"] == ends
    return {d["table"]: d for d in document["tables"]}


def drawn(rng: random.Random, number: int) -> Row:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=rng.randrange(10**15))
    row = (
        rng.choice(TEXTS),
        number,
        rng.choice(TEXTS),
        rng.choice([Decimal(0), Decimal("0.500"), Decimal("-100"), Decimal("999999999.999"), Decimal(rng.randrange(10**6)) / 1000]),
        rng.choice([0.0, -0.0, 0.1 + 0.2, 1e-300, -1e200, math.inf, -math.inf, rng.random() * 10**6, 1 / 3]),
        rng.choice([True, False]),
        rng.choice([date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29)]),
        moment,
        moment.replace(tzinfo=None),
        rng.choice([time(0), time(12, 30, 0, 500000), time(23, 59, 59, 999999)]),
    )
    # The key may be missing in parts, but not more than one row has it so.
    return tuple(v if n < 2 or rng.random() > 0.1 else None for n, v in enumerate(row))


@dataclass(frozen=True)
class Planted:
    """Two tables that differ in known ways."""

    left: list[Row]
    right: list[Row]


def planted(seed: int, rows: int) -> Planted:
    rng = random.Random(seed)
    common = [drawn(rng, n) for n in range(rows)] + [(None, None, *drawn(rng, 0)[2:])]
    left, right = list(common), list(common)
    for _ in range(12):
        left.append(drawn(rng, 10**6 + len(left)))
        right.append(drawn(rng, 2 * 10**6 + len(right)))
    for index in rng.sample(range(rows), 20):
        row, other = list(right[index]), drawn(rng, 0)
        for column in rng.sample(range(2, len(row)), rng.choice([1, 1, 2, 5])):
            row[column] = other[column]
        right[index] = tuple(row)
    # As sums of the same numbers in another order are.
    for index in rng.sample(range(rows), 30):
        row = list(right[index])
        row[4] = math.nextafter(row[4], math.inf) if row[4] is not None and math.isfinite(row[4]) and row[4] != 0 else row[4]
        right[index] = tuple(row)
    same_key = [r for r in left[:3] if r in right]
    left += left[:3]
    right += [*same_key, right[5], right[5], (None, None, *drawn(rng, 0)[2:])]
    rng.shuffle(left)
    rng.shuffle(right)
    return Planted(left, right)


def on_duckdb(file: Path, schema: str, rows: Sequence[Row], types: dict[str, str] | None = None, table: str = "reading") -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create schema if not exists {schema}")
        shape = ", ".join(f"{c} {(types or {}).get(c) or DUCKDB[t]}" for c, t in COLUMNS.items())
        connection.execute(f"create or replace table {schema}.{table} ({shape})")
        # Row by row, DuckDB would plan each anew.
        for some in (rows[start : start + 200] for start in range(0, len(rows), 200)):
            places = ", ".join(f"({', '.join('?' for _ in COLUMNS)})" for _ in some)
            connection.execute(f"insert into {schema}.{table} values {places}", [value for row in some for value in row])


def on_postgres(connection: psycopg.Connection[Any], schema: str, rows: Sequence[Row]) -> None:
    shape = ", ".join(f"{c} {POSTGRES[t]}" for c, t in COLUMNS.items())
    connection.execute(f"create schema if not exists {schema}".encode())
    connection.execute(f"drop table if exists {schema}.reading".encode())
    connection.execute(f"create table {schema}.reading ({shape})".encode())
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into {schema}.reading values ({', '.join('%s' for _ in COLUMNS)})".encode(), rows)


BY_HAND = {
    "rows_left": "select count(*) from {left}",
    "rows_right": "select count(*) from {right}",
    "only_left": "select count(*) from (select {key} from {left} except select {key} from {right}) x",
    "only_right": "select count(*) from (select {key} from {right} except select {key} from {left}) x",
    "repeated": "select count(*) from (select {key} from (select {key} from {left} group by {key} having count(*) > 1"
    " union select {key} from {right} group by {key} having count(*) > 1) r"
    " intersect (select {key} from {left} intersect select {key} from {right})) x",
}
CHANGED = """
select count(*)
from (select *, count(*) over (partition by {key}) as n from {left}) a
inner join (select *, count(*) over (partition by {key}) as n from {right}) b
on a.n = 1 and b.n = 1 and a.sensor is not distinct from b.sensor and a.part is not distinct from b.part
where {condition}
"""


def check_by_hand(found: dict[str, Any], ask: Callable[[str], int]) -> None:
    """Compare with queries of another kind: EXCEPT, and a join of the rows whose keys occur once."""
    names = {"left": "production.reading", "right": "old_production.reading", "key": "sensor, part"}
    for name, sql in BY_HAND.items():
        assert found[name] == ask(sql.format(**names)), name
    conditions = {
        c: f"a.{c} is distinct from b.{c}"
        if c != "level"
        else "coalesce(cast(a.level as text), '') <> coalesce(cast(b.level as text), '') and a.level is distinct from b.level "
        "and coalesce(not (abs(a.level) < 1e308 and abs(b.level) < 1e308 and abs(a.level - b.level) <= abs(a.level) / 1e12), true)"
        for c in OTHERS
    }
    expected = {c: ask(CHANGED.format(condition=condition, **names)) for c, condition in conditions.items()}
    assert {c["column"]: c["changed"] for c in found["columns"]} == {c: n for c, n in expected.items() if n}
    assert found["changed"] == ask(CHANGED.format(condition=" or ".join(f"({c})" for c in conditions.values()), **names))
    assert sum(expected.values()) > 20


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    targets = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  old: {warehouse: duckdb, path: shop.duckdb, schema_prefix: old_}
  other: {warehouse: duckdb, path: other.duckdb, schema_prefix: old_}
"""
    return write_project(tmp_path, SPECS | {"specs/warehouse.yml": targets})


def test_one_database_and_two_files(shop: Path) -> None:
    made = planted(1, 700)
    on_duckdb(shop / "shop.duckdb", "production", made.left)
    on_duckdb(shop / "shop.duckdb", "old_production", made.right)
    on_duckdb(shop / "other.duckdb", "old_production", made.right)
    here = diff(shop, "reading", "--against-target", "old")["reading"]
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        check_by_hand(here, lambda sql: (connection.execute(sql).fetchone() or (0,))[0])
    # By segments: the same, to the last example.
    assert diff(shop, "reading", "--against-target", "other")["reading"] == here
    # Twice the same rows in the same number are no difference.
    assert here["repeated"] > here["repeated_apart"] > 0


@pytest.fixture
def server(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[tuple[Path, psycopg.Connection[Any]]]:
    place = postgres_server.target("diffs")
    targets = {
        "dev": place,
        "old": {**place, "schema_prefix": "old_"},
        "file": {"warehouse": "duckdb", "path": "shop.duckdb", "schema_prefix": "old_"},
    }
    with postgres_server.database("diffs") as connection:
        yield write_project(tmp_path, SPECS | {"specs/warehouse.yml": f"warehouse: shop\ntargets: {json.dumps(targets)}\n"}), connection


def test_postgres_and_between_warehouses(server: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = server
    # Nothing may lean on how the login shows values.
    connection.execute("alter role current_user set timezone = 'Pacific/Kiritimati'")
    connection.execute("alter role current_user set datestyle = 'German'")
    made = planted(3, 400)
    on_postgres(connection, "production", made.left)
    on_postgres(connection, "old_production", made.right)
    on_duckdb(root / "shop.duckdb", "old_production", made.right)
    try:
        here = diff(root, "reading", "--against-target", "old")["reading"]
        between = diff(root, "reading", "--against-target", "file")["reading"]
    finally:
        connection.execute("alter role current_user reset all")

    def ask(sql: str) -> int:
        row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])

    check_by_hand(here, ask)
    # A decimal without bounds there, one of 12 digits here: the same values.
    assert between == here
    on_duckdb(root / "shop.duckdb", "old_production", made.left)
    assert diff(root, "reading", "--against-target", "file", ends=OK)["reading"]["equal"]


def test_types_that_differ_are_compared_by_value(shop: Path) -> None:
    rows = [drawn(random.Random(7), n) for n in range(50)]
    rows = [(*r[:3], Decimal("12.500"), 12.5, *r[5:]) for r in rows]
    on_duckdb(shop / "shop.duckdb", "production", rows)
    for target, file in (("old", "shop.duckdb"), ("other", "other.duckdb")):
        types = {"part": "INTEGER", "amount": "DOUBLE", "level": "DECIMAL(20, 4)", "taken_on": "TIMESTAMP", "is_good": "VARCHAR"}
        on_duckdb(shop / file, "old_production", rows, types)
        found = diff(shop, "reading", "--against-target", target, ends=OK)["reading"]
        assert {t["column"]: (t["left"], t["right"]) for t in found["types"]} == {
            "amount": ("DECIMAL(12,3)", "DOUBLE"),
            "level": ("DOUBLE", "DECIMAL(20,4)"),
            "taken_on": ("DATE", "TIMESTAMP"),
            "is_good": ("BOOLEAN", "VARCHAR"),
        }
        with duckdb.connect(str(shop / file)) as connection:
            connection.execute("update old_production.reading set amount = 12.6 where part = 3")
        found = diff(shop, "reading", "--against-target", target)["reading"]
        assert [(c["column"], c["changed"]) for c in found["columns"]] == [("amount", 1)]


def test_columns_rows_and_tables_of_one_side(shop: Path) -> None:
    rows = [drawn(random.Random(9), n) for n in range(30)]
    on_duckdb(shop / "shop.duckdb", "production", rows)
    on_duckdb(shop / "shop.duckdb", "old_production", [])
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute("alter table old_production.reading drop clock")
        connection.execute("alter table old_production.reading add column weight double")
        connection.execute("create table production.keyless as select * from (values ('a', 1), ('a', 1), ('b', null)) t(sensor, part)")
    found = diff(shop, "--against-target", "old")
    assert (found["reading"]["columns_left"], found["reading"]["columns_right"]) == (["clock"], ["weight"])
    assert (found["reading"]["only_left"], found["reading"]["rows_right"]) == (30, 0)
    assert found["keyless"] == {"table": "keyless", "equal": False, "missing": ["old"]}
    text = whgen(shop, "diff", "--against-target", "old", ends=STALE).output
    assert "keyless: is not in old\n" in text
    assert text.endswith("2 tables of dev compared with old: 2 of them differ.\n")
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute("create table old_production.keyless as select * from (values ('a', 1), ('b', null), ('c', 0)) t(sensor, part)")
    found = diff(shop, "keyless", "--against-target", "old")
    assert (found["keyless"]["only_right"], found["keyless"]["repeated_apart"]) == (1, 1)
    assert found["keyless"]["repeated_examples"] == [{"row": {"sensor": "a", "part": "1"}, "rows_left": 2, "rows_right": 1}]


def test_renamed_columns_and_tables_are_one(shop: Path) -> None:
    rows = [drawn(random.Random(5), n) for n in range(20)]
    on_duckdb(shop / "shop.duckdb", "production", rows)
    on_duckdb(shop / "shop.duckdb", "old_production", rows, table="measurement")
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute("alter table old_production.measurement rename column label to note")
        connection.execute("update old_production.measurement set note = 'changed' where part = 4")
    file = shop / "specs/shop.yml"
    text = file.read_text().replace("model: reading", "model: reading\nwas: measurement")
    head, tail = text.rsplit('"label": {"type": "string"}', 1)
    file.write_text(f'{head}"label": {{"type": "string", "was": "note"}}{tail}')
    found = diff(shop, "reading", "--against-target", "old", "--where", "label is null or label != ''")["reading"]
    assert [(c["column"], c["changed"], c["examples"][0]["right"]) for c in found["columns"]] == [("label", 1, "changed")]
    assert found["columns_left"] == found["columns_right"] == []


@pytest.mark.parametrize("target", ["old", "other"])
def test_conditions_and_examples(target: str, shop: Path) -> None:
    made = planted(11, 300)
    on_duckdb(shop / "shop.duckdb", "production", made.left)
    on_duckdb(shop / "shop.duckdb", "old_production", made.right)
    on_duckdb(shop / "other.duckdb", "old_production", made.right)
    found = diff(shop, "reading", "--against-target", target, "--where", "part >= 1000000 and part < 2000000", "--limit", "5")["reading"]
    assert (found["only_left"], found["only_right"], found["changed"]) == (12, 0, 0)
    assert found["rows_left"] == 12
    assert len(found["only_left_examples"]) == 5
    every = diff(shop, "reading", "--against-target", target, "--limit", "0")["reading"]
    assert every["only_left_examples"] == every["repeated_examples"] == []
    assert all(c["changed"] and not c["examples"] for c in every["columns"])


def test_text_and_markdown(shop: Path) -> None:
    rows = [("a", n, f"label {n}", None, 1.0, True, None, None, None, None) for n in range(4)]
    on_duckdb(shop / "shop.duckdb", "production", rows)
    for schema in ("old_production", "pr_1_production"):
        on_duckdb(shop / "shop.duckdb", schema, [*rows[1:3], ("a", 3, None, None, 1.5, True, None, None, None, None)])
    lines = whgen(shop, "diff", "reading", "--against-target", "old", ends=STALE).output.splitlines()
    assert lines == [
        "reading: 1 key only in dev, 1 key changed",
        "  rows: 4 in dev, 3 in old; by sensor, part",
        "  only in dev: 1",
        "    sensor=a, part=0",
        "  label: changed in 1",
        "    sensor=a, part=3: label 3 in dev, NULL in old",
        "  level: changed in 1",
        "    sensor=a, part=3: 1 in dev, 1.5 in old",
        "1 table of dev compared with old: it differs.",
    ]
    text = whgen(shop, "diff", "reading", "--against-target", "old", "--format", "markdown", ends=STALE).output
    assert "| `reading` | 4 | 3 | 1 | 0 | 1 | 1 key only in dev, 1 key changed |" in text
    assert text.count("<details>") == text.count("</details>") == 1
    # A throw-away environment, with the target that it is of.
    words = ["reading", "--schema-prefix", "pr_1_", "--against-target", "dev"]
    lines = whgen(shop, "diff", *words, ends=STALE).output.splitlines()
    assert lines[:2] == ["reading: 1 key only in dev, 1 key changed", "  rows: 3 in pr_1_dev, 4 in dev; by sensor, part"]


@pytest.mark.parametrize(
    ("words", "ends", "said"),
    [
        (["--against-target", "dev"], USAGE, "both `dev`"),
        ([], USAGE, "--against-target"),
        (["--against-target", "nope"], FAILED, "error[unknown-target]: there is no target `nope`"),
        (["readin", "--against-target", "old"], FAILED, "did you mean `reading`?"),
        (["--against-target", "old"], FAILED, "error[nothing-to-compare]: there is nothing of the tables on `dev`, and nothing on `old`"),
        (["reading", "--against-target", "old", "--where", "lable = 'a'"], FAILED, "--where:1:1"),
        (["reading", "--against-target", "old", "--where", "part +"], FAILED, "error[sql-syntax]"),
        (["reading", "--against-target", "old", "--where", "part + 1"], FAILED, "error[type-mismatch]: this is an integer"),
        (["reading", "--against-target", "old", "--where", "1 = 1); drop table x; --"], FAILED, "error[sql-syntax]"),
    ],
)
def test_what_cannot_be_compared(words: list[str], ends: int, said: str, shop: Path) -> None:
    assert said in whgen(shop, "diff", *words, ends=ends).stderr
    # Asking made no database.
    assert not (shop / "shop.duckdb").exists()


def test_segments() -> None:
    assert [digits_for(n) for n in (0, 3200, 3201, 10**6, 10**9)] == [1, 1, 2, 4, 4]
    left = {"0": Segment(2, 2, "17"), "1": Segment(3, 2, "4"), "2": Segment(1, 1, "9")}
    right = {"0": Segment(2, 2, "17"), "1": Segment(3, 2, "4"), "2": Segment(1, 1, "8"), "3": Segment(1, 1, "5")}
    # One has a key twice, one differs, one is only here.
    assert suspicious(left, right) == ("1", "2", "3")
    many = {f"{n:04x}": Segment(15_000, 15_000, "1") for n in range(3)}
    assert [*batches([*many, "ffff"], many)] == [("0000",), ("0001",), ("0002",)]
