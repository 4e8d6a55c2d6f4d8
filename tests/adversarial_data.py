"""The raw tables of `tests/adversarial/`: values that warehouses disagree about, and how they get into each of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import duckdb
import psycopg
from psycopg import sql

from whgen.ir.types import UNKNOWN, Type, parse_type
from whgen.warehouses import DIALECTS

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table; its values are texts that every warehouse reads as the type of their column."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    rows: tuple[Row, ...]


_LONG = "a\u0301ß漢🙂'\"\\\n" * 3_000
TEXTS: tuple[str | None, ...] = (
    None, "", " ", "NA", "na", "n/a", "it's", 'say "so"', "back\\slash", "`tick`", "100%", "a_b", "{{ jinja }}", "{% x %}", "-- no comment",
    "/* nor this */", "; drop", "$$", "E'\\n'", "line\nbreak", "cr\r\nlf", "tab\there", "\u00a0nbsp\u00a0", "\u2003em space\u2003",
    "\u3000ideographic\u3000", "\u200bzero width\u200b", "\ufeffbom", "Crème", "Cre\u0300me", "ÅNGSTRÖM", "\u212bngström", "İstanbul",
    "ıspanak", "straße", "ΣΊΣΥΦΟΣ", "ǆungla", "żółć", "漢字", "العربية", "👩‍👩‍👧‍👦", "🏳️‍🌈", "\U0010fffd", "|", "1:a|1:b", "-", "-1", "-2", "NULL", "null",
    "true", "x" * 5_000, _LONG,
)  # fmt: skip
"""Texts, without NUL, which Postgres has no way to hold. Letters whose other case differs, as docs/functions.md says, are taken out below."""

CASTS: dict[str, tuple[str, ...]] = {
    "an_integer": (
        "0", "-0", "+7", "007", " 42 ", "42\n", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "12.0", "1e3", "0x1F",
        "1_000", "1,000", "٣", "", "NA", "--1", "+ 1", "\u00a01",
    ),
    "a_decimal": (
        "0", "-0.000000000", "99999999999999999999999999999.999999999", "-99999999999999999999999999999.999999999",
        "100000000000000000000000000000", "0.0000000004", "0.0000000005", "-0.0000000005", "0.0000000015", "1e5", "1E-9", ".5", "5.", "+1.5",
        " 1.5 ", "1.5.5", "NaN", "inf", "", "1,5", "00012.340",
    ),
    "an_amount": (
        "1.005", "2.675", "-1.005", "0.004", "0.005", "-0.005", "99999999.994", "99999999.995", "100000000", "-99999999.99", "1e7", "abc", "12.", "",
    ),
    "a_count": ("0.5", "1.5", "2.5", "-0.5", "999999999999", "999999999999.4", "1000000000000", "1e11", ""),
    "a_float": (
        "0", "-0.0", "0.1", "1e308", "1.7976931348623157e308", "4.9e-324", "NaN", "nan", "inf", "-Infinity", "+inf", "infinity",
        ".5", "5.", " 2.5 ", "1e", "1d", "0x1p3", "1_0", "", "9007199254740993",
    ),
    "a_boolean": ("true", "TRUE", "True", "false", "FALSE", "t", "f", "1", "0", "yes", "no", "on", "off", " true ", "", "NULL"),
    "a_date": (
        "2016-12-31", "2016-02-29", "2015-02-29", "0001-01-01", "9999-12-31", "10000-01-01", "0000-01-01", "-0001-01-01", "2016-2-9", "20160209",
        "2016-02-09 00:00:00", "2016-02-09T10:00:00", " 2016-02-09", "09.02.2016", "2016-13-01", "2016-00-10", "today", "infinity", "epoch", "", "1582-10-10",
    ),
    "a_timestamp": (
        "2016-12-31T23:59:60Z", "2016-12-31 23:59:60+00", "2016-12-31 23:59:59.999999Z", "2016-12-31 23:59:59.9999999Z", "2016-12-31T23:59:59",
        "2016-12-31 23:59:59+05:45", "2016-12-31 23:59:59-09:30", "2016-12-31 23:59:59 UTC", "2016-12-31 23:59:59 Europe/Berlin",
        "2016-03-27 02:30:00 Europe/Berlin", "2016-10-30 02:30:00 America/New_York", "2016-12-31 23:59:59 Mars/Base", "0001-01-01 00:00:00Z",
        "9999-12-31 23:59:59.999999Z", "2016-12-31", "2016-12-31 24:00:00", "2016-12-31 23:59",
        "2016-12-31T23:59:59.5Z", "2016-12-31T23:59:59,5Z", "1483228799", "now", "infinity", "", "2016-12-31t23:59:59z", "2016-1-2 3:4:5",
    ),
    "a_datetime": (
        "2016-12-31 23:59:60", "2016-12-31T23:59:60", "2016-12-31 23:59:59.999999", "2016-12-31 23:59:59.9999999", "2016-12-31T23:59:59",
        "2016-12-31 24:00:00", "2016-12-31", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2016-12-31 23:59", "2016-12-31 23:59:59Z",
        "2016-12-31 23:59:59+02", "2016-02-30 00:00:00", "", "2016-1-2 3:4:5", "tomorrow",
    ),
    "a_time": (
        "23:59:60", "24:00:00", "23:59:59.999999", "23:59:59.9999999", "00:00:00", "1:2:3", "12:30", "12:30:00 PM", "12:30:00+02", " 12:30:00",
        "12:30:00.", "-01:00:00", "noon", "",
    ),
}  # fmt: skip
"""For each type, texts that are, are nearly, or look like a value of it."""


def raw_tables() -> tuple[RawTable, ...]:
    """All of them; the same in every run."""
    return (_casts(), _people(), _places(), _events("events_north", 1), _events("events_south", 2), _typed())


def _casts() -> RawTable:
    length = max(len(values) for values in CASTS.values())
    rows = [(str(n), *(values[n] if n < len(values) else None for values in CASTS.values())) for n in range(length)]
    return _table("casts", {"row_number": "integer", **dict.fromkeys(CASTS, "string")}, rows)


def _people() -> RawTable:
    names = ("id", "name", "upper_name", "lower_name", "note", "balance", "is_member", "born_on", "changed_at", "deleted")
    chance = random.Random(7)
    born = ("0001-01-01", "9999-12-31", "1900-02-28", "2000-02-29", "0000-00-00", "1970-01-01", "2024-02-30", None, "1582-10-10")
    balances = ("99999999999999999999999999999.999999999", "-0.000000001", " 12.5 ", "NA", "", None, "1000.000000001", "0.1", "1e3")
    rows: list[Row] = []
    for number, text in enumerate(TEXTS):
        # Each person in one to three versions, some of them at the same moment and some at none.
        for version in range(1 + number % 3):
            rows.append(
                (
                    text if number % 2 else f"p{number}",
                    text,
                    None if text is None else text[:200].replace("ß", "s"),
                    None if text is None else text.replace("Σ", "σ").replace("İ", "I"),
                    None if text is None else f"a {text[:100]} {version}",
                    balances[(number + version) % len(balances)],
                    ("true", "?", "FALSE", None, "false")[(number + version) % 5],
                    born[number % len(born)],
                    (None, "2016-12-31T23:59:59Z", f"2020-01-0{1 + chance.randrange(3)} 12:00:00+02:00")[chance.randrange(3)],
                    ("true", "false", None)[0 if number % 11 == 10 else 1 + number % 2],
                )
            )
    # Rows that are the same in every column, and versions that differ in one alone.
    rows += [rows[5], rows[5], (*rows[5][:4], "another note", *rows[5][5:])]
    return _table("people", dict.fromkeys(names, "string"), rows)


_PARTS: tuple[str | None, ...] = (None, "", "a", "a|b", "b", "|", "1:a", "-", "é", "e\u0301", "far")


def _places() -> RawTable:
    rows: list[Row] = []
    for number, (zone, code) in enumerate(product(_PARTS, _PARTS)):
        if number % 7 == 3:
            continue
        name = None if number % 5 == 0 else f"{zone} / {code}"
        rows += [(zone, code, name, str(v)) for v in range(1 + number % 2)]
    rows += [
        ("tie", "x", "Zebra", "1"),
        ("tie", "x", "apple", "1"),
        ("tie", "x", None, "1"),
        ("tie", "y", "ä", None),
        ("tie", "y", "z", None),
    ]
    return _table("places", dict.fromkeys(("zone", "place_code", "place_name", "version"), "string"), rows)


def _events(name: str, seed: int) -> RawTable:
    columns = ("event_id", "person_id", "zone", "place_code", "happened_on", "happened_at", "local_time", "clock", "amount", "price", "weight",
               "quantity", "is_paid", "comment")  # fmt: skip
    chance = random.Random(seed)
    # Texts that no person bears, and the members' own.
    people = [t for t in TEXTS if t is None or len(t) < 1_000] + ["nobody", "p0", "p2", "ghost 👻"]

    def any_of(*values: str | None) -> str | None:
        return chance.choice(values)

    rows = [
        (
            str(number),
            people[number % len(people)],
            chance.choice(_PARTS),
            chance.choice(_PARTS),
            any_of(None, "2016-12-31", "2015-12-27", "2015-12-28", "2017-01-03", "2017-01-04", "0001-01-01", "9999-12-31", "2016-02-29"),
            any_of(None, "2016-12-31 23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "0001-01-01 00:00:00Z", "9999-12-31 23:59:59Z", "2016-12-31T23:59:60Z"),
            any_of(None, "2016-03-27 02:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
            any_of(None, "00:00:00", "23:59:59.999999", "12:30:00"),
            any_of(None, "12345678901234567890.123456789", "-0.000000001", "0", "99999999999999999999999999999.999999999"),
            any_of(None, "0.01", "99999999.99", "-99999999.99", "19.995", "0"),
            any_of(None, "0.1", "-0.0", "1e15", "2.5", "NaN") if number % 9 == 0 else any_of(None, "0.5", "2.25", "-8"),
            any_of(None, "0", "1", "3", "-2"),
            any_of(None, "true", "false"),
            chance.choice(people),
        )
        for number in range(120)
    ]  # fmt: skip
    return _table(name, dict.fromkeys(columns, "string"), rows)


def _typed() -> RawTable:
    columns = {
        "row_number": "integer", "i": "integer", "n": "decimal(38, 9)", "m": "decimal(10, 2)", "f": "float", "b": "boolean", "d": "date",
        "ts": "timestamp", "dt": "datetime", "tm": "time", "s": "string",
    }  # fmt: skip
    values: dict[str, Sequence[str | None]] = {
        "i": (None, "0", "-1", "7", "-8", "9223372036854775807", "-9223372036854775808", "86400"),
        "n": (
            None, "0", "-0.000000001", "0.005", "-0.005", "2.675", "1.5", "-1.5", "99999999999999999999999999999.999999999",
            "-99999999999999999999999999999.999999999", "12345678901234567890.123456789",
        ),
        "m": (None, "0.00", "-99999999.99", "99999999.99", "0.05"),
        "f": (None, "0", "-0.0", "0.1", "NaN", "1e300", "-2.5", "4.9e-324", "Infinity", "-Infinity"),
        "b": (None, "true", "false"),
        "d": (None, "0001-01-01", "9999-12-31", "2016-02-29", "2016-12-31", "1582-10-10", "1970-01-01", "2016-01-31"),
        "ts": (
            None, "0001-01-02 00:00:00+00", "9999-12-30 23:59:59.999999+00", "2016-03-27 00:59:59.999999+00", "2016-03-27 01:00:00+00",
            "2016-10-30 00:30:00+00", "2016-10-30 01:30:00+00", "1969-12-31 23:59:59.5+00", "1883-11-18 17:00:00+00", "2016-11-06 05:30:00+00",
        ),
        "dt": (None, "0001-01-02 00:00:00", "9999-12-30 23:59:59.999999", "2016-03-27 02:30:00", "2016-10-30 02:30:00", "2016-02-29 12:00:00"),
        "tm": (None, "00:00:00", "23:59:59.999999", "12:30:00.5"),
        "s": TEXTS,
    }  # fmt: skip
    length = max(len(v) for v in values.values())
    rows = [(str(n), *(v[n % len(v)] for v in values.values())) for n in range(length)]
    return _table("typed_values", columns, rows)


def _table(name: str, columns: dict[str, str], rows: Sequence[Row]) -> RawTable:
    return RawTable(name=name, columns=tuple((c, parse_type(t) or UNKNOWN) for c, t in columns.items()), rows=tuple(rows))


def load_duckdb(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Put the tables into a schema of DuckDB's."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE SCHEMA {schema}")
    for table in raw_tables():
        types = _types(table, "duckdb")
        connection.execute(f"CREATE TABLE {schema}.{table.name} ({', '.join(f'{c} {t}' for c, t in types)})")
        places = ", ".join(f"CAST(? AS {t})" for _, t in types)
        connection.executemany(f"INSERT INTO {schema}.{table.name} VALUES ({places})", [list(row) for row in table.rows])


def load_postgres(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> None:
    """Put the tables into a schema of Postgres'."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in raw_tables():
        types = _types(table, "postgres")
        connection.execute(f"CREATE TABLE {schema}.{table.name} ({', '.join(f'{c} {t}' for c, t in types)})".encode())
        places = ", ".join(f"CAST(CAST(%s AS TEXT) AS {t})" for _, t in types)
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {schema}.{table.name} VALUES ({places})".encode(), table.rows)


def bigquery_queries() -> Iterator[tuple[str, str]]:
    """For each table its name and a query of BigQuery's that yields its rows."""
    for table in raw_tables():
        types = [(c, t.partition("(")[0]) for c, t in _types(table, "bigquery")]
        rows = [", ".join(f"CAST({_literal(v)} AS {t}) AS {c}" for v, (c, t) in zip(row, types, strict=True)) for row in table.rows]
        yield table.name, " UNION ALL ".join(f"SELECT {row}" for row in rows)


def _types(table: RawTable, warehouse: str) -> list[tuple[str, str]]:
    return [(name, DIALECTS[warehouse].type_name(type_) or "") for name, type_ in table.columns]


def _literal(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in value) + '"'
