"""CSV files: of sources every row arrives as it is written, or the build stops; of seeds, what is no table is found offline."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from projects import write_project
from whgen.diagnostics.codes import EXAMPLE_PROJECT
from whgen.diagnostics.diagnostic import Report
from whgen.pipeline import validate
from whgen.warehouses import DIALECTS

READ = {
    "rows that look like comments": (b"id,city\n#1,a\n2,b\n#3,c\n" + b"4,d\n" * 50, 53, ("#1", "a")),
    "apostrophes": (b"id,city\n1,'Rome'\n", 1, ("1", "'Rome'")),
    "quotes": (b'id,city\n1,"O""K, x"\n', 1, ("1", 'O"K, x')),
    "a line break in a value": (b'id,city\n1,"a\nb"\n', 1, ("1", "a\nb")),
    "semicolons in values": (b"id,city\n1;2,a;b\n", 1, ("1;2", "a;b")),
    "Windows line ends": (b"id,city\r\n1,a\r\n2,b\r\n", 2, ("1", "a")),
    "a byte order mark": (b"\xef\xbb\xbfid,city\n1,a\n", 1, ("1", "a")),
    "no rows": (b"id,city\n", 0, None),
}
REFUSED = {
    "two exports in one file": b"id,city\n1,a\n2,b\nid,city,country\n1,a,x\n2,b,x\n3,c,x\n",
    "a quote that is never closed": b'id,city\n1,"Berlin\n2,Rome\n',
    "a row with too few values": b"id,city\n1\n2,b\n",
    "another encoding": b"id,city\n1,M\xfcnchen\n",
}


def rows(file: Path, **location: str) -> list[tuple[str, ...]]:
    """What the reader that a source gets finds in a file."""
    source = DIALECTS["duckdb"].source({"files": str(file), **location})
    return duckdb.sql(f"SELECT * FROM {source['config']['meta']['external_location']}").fetchall()


@pytest.mark.parametrize("case", READ)
def test_every_row_arrives(case: str, tmp_path: Path) -> None:
    content, count, first = READ[case]
    (tmp_path / "x.csv").write_bytes(content)
    found = rows(tmp_path / "x.csv")
    assert len(found) == count
    assert not found or found[0] == first


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_file_stops_the_build(case: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(REFUSED[case])
    with pytest.raises(duckdb.Error):
        rows(tmp_path / "x.csv")


def test_other_delimiters(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id;city\n1;a,b\n", encoding="utf-8")
    assert rows(tmp_path / "x.csv", delimiter=";") == [("1", "a,b")]
    (tmp_path / "x.tsv").write_text("id\tcity\n1\ta,b\n", encoding="utf-8")
    assert rows(tmp_path / "x.tsv") == [("1", "a,b")]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"code,name\rDE,Germany\rUS,America\r", 1, "a CR stands in this line"),
        (b"code,name\r\nDE,Germany\nUS,Ame\rrica\n", 3, "a CR stands in this line"),
        (b'code,name\nDE,"' + b"x" * 140_000, 2, "longer than any can be"),
        (b"code\tname\nDE\tGermany\n", 1, "separated by tabs"),
        (b"", 1, "it has not even a line of names"),
    ],
)
def test_a_seed_that_no_reader_takes(content: bytes, line: int, message: str, tmp_path: Path) -> None:
    found = list(_seed(tmp_path, content))
    assert [(d.code, d.span.line) for d in found] == [("seed-rows", line)]
    assert message in found[0].message


@pytest.mark.parametrize(
    "content",
    [
        b"code,name\r\nDE,Germany\nUS,America\r\n",
        b'code,name\nDE,"Ger\r\nmany"\n\nUS,"Ame\rrica"',
        b"\xef\xbb\xbfcode,name\n",
        b'code,name\nDE,\nUS,6" pipe\n',
    ],
)
def test_a_seed_that_is_a_table(content: bytes, tmp_path: Path) -> None:
    assert list(_seed(tmp_path, content)) == []


def _seed(root: Path, content: bytes) -> Report:
    spec = "seed: country\nfile: country.csv\ncolumns: {code: string, name: string}\n"
    write_project(root, {**EXAMPLE_PROJECT, "specs/country.yml": spec})
    (root / "specs/country.csv").write_bytes(content)
    return validate(root).report
