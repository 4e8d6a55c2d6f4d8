"""The bytes of a generated folder: names that are refused, the manifest's form and damages, newlines that git turned, diffs."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whgen.output import compare, diff, write
from whgen.output_manifest import MANIFEST_NAME, OutputError, digest_of, digests_of, encode, finished, parse, unfinished, unified

PLACE = Path("generated/duckdb", MANIFEST_NAME)
A, B = PurePosixPath("models/a.sql"), PurePosixPath("b.sql")
DIGEST = "0" * 64


def listing(**changes: object) -> bytes:
    return json.dumps({"format": 1, "files": {"a.sql": DIGEST}} | changes).encode()


def test_the_manifest_lists_the_digest_of_every_file_sorted_and_nothing_else() -> None:
    text = finished({A: b"one\n", B: b""})
    assert text == finished({B: b"", A: b"one\n"})
    assert text.decode() == (
        '{\n  "files": {\n'
        '    "b.sql": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",\n'
        '    "models/a.sql": "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"\n'
        '  },\n  "format": 1\n}\n'
    )


@given(st.dictionaries(st.sampled_from([A, B, PurePosixPath("é.sql")]), st.binary()), st.dictionaries(st.sampled_from([A, B]), st.binary()))
def test_a_journal_knows_the_old_and_the_new_version_of_every_file(
    old: dict[PurePosixPath, bytes], new: dict[PurePosixPath, bytes]
) -> None:
    known = parse(PLACE, finished(old))
    assert known == {path: {digest_of(data)} for path, data in old.items()}
    both = parse(PLACE, unfinished(known, new))
    assert both == {p: {digest_of(files[p]) for files in (old, new) if p in files} for p in (*old, *new)}
    assert parse(PLACE, unfinished(both, {})) == both


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 99999,
        finished({A: b""})[:-20],
        listing(format=2),
        listing(files=[]),
        listing(files={"a.sql": "0"}),
        listing(files={"a.sql": [1]}),
        listing(files={"a.sql": None}),
        listing(files={"../a.sql": DIGEST}),
        listing(files={"/etc/passwd": DIGEST}),
        listing(files={"a//b": DIGEST}),
        listing(files={"": DIGEST}),
        listing(files={MANIFEST_NAME: DIGEST}),
        b'{"metadata": {"dbt_version": "1.11"}, "nodes": {}}',
    ],
    ids=range(17),
)
def test_a_damaged_or_foreign_manifest_is_refused_with_what_to_do(raw: bytes) -> None:
    with pytest.raises(
        OutputError, match=r"whgen-manifest\.json is damaged, or .*; restore it from version control, or delete it"
    ) as caught:
        parse(PLACE, raw)
    assert caught.value.path == PLACE


def test_a_manifest_in_the_middle_of_a_merge_says_so() -> None:
    raw = finished({A: b""}).replace(b'  "files"', b'<<<<<<< HEAD\n  "files"').replace(b"}\n", b"}\n>>>>>>> other\n", 1)
    with pytest.raises(OutputError, match=f"conflict markers of a git merge; take either side .git checkout --ours -- {PLACE}"):
        parse(PLACE, raw)


@pytest.mark.parametrize(
    "name", ["../x", "/x", ".", "a/../../x", "a\nb", "a\\b", "c:x", "x\ud800", "a\u202eb", MANIFEST_NAME, ".whgen/lock"]
)
def test_names_that_leave_the_folder_or_not_every_system_holds_are_refused(name: str) -> None:
    with pytest.raises(OutputError, match="cannot generate a file named"):
        encode({PurePosixPath(name): ""})


@pytest.mark.parametrize("names", [("a.sql", "A.sql"), ("m/a.sql", "M/b.sql"), ("a", "a/b"), ("é.sql", "e\u0301.sql")])
def test_names_that_some_disks_take_for_one_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(OutputError, match="some disks take them for one"):
        encode({PurePosixPath(name): "" for name in names})


def test_half_a_character_is_refused_and_a_whole_one_is_utf8() -> None:
    assert encode({A: "é 🛫"}) == {A: "é 🛫".encode()}
    with pytest.raises(OutputError, match=r"cannot generate models/a\.sql: it holds half a character at offset 2"):
        encode({A: "ab\ud83d"})


@given(st.text(alphabet="ab\r\n"))
def test_generated_bytes_survive_git_turning_newlines_and_back(text: str) -> None:
    data = encode({A: text})[A]
    assert b"\r\n" not in data
    assert digest_of(data) in digests_of(data.replace(b"\n", b"\r\n"))


def test_only_a_file_with_all_newlines_turned_counts_as_turned() -> None:
    assert digest_of(b"a\nb\n") in digests_of(b"a\r\nb\r\n")
    assert digest_of(b"a\nb\n") not in digests_of(b"a\r\nb\n")


def test_a_checkout_with_crlf_is_no_edit_but_a_partial_one_is(tmp_path: Path) -> None:
    wanted = {B: "1\n2\n"}
    write(tmp_path, wanted)
    for path in (tmp_path / B, tmp_path / MANIFEST_NAME):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert compare(tmp_path, wanted).is_current
    assert compare(tmp_path, {B: "3\n"}).changed == (B,)
    (tmp_path / B).write_bytes(b"1\r\n2\n")
    assert compare(tmp_path, wanted).edited == (B,)


def test_a_damaged_manifest_stops_even_a_forced_write_and_can_be_deleted(tmp_path: Path) -> None:
    write(tmp_path, {A: "a"})
    (tmp_path / MANIFEST_NAME).write_text("{")
    with pytest.raises(OutputError, match="is damaged"):
        write(tmp_path, {A: "b"}, force=True)
    assert (tmp_path / A).read_text() == "a"
    (tmp_path / MANIFEST_NAME).unlink()
    assert diff(tmp_path, {A: "a"}).startswith(f"--- /dev/null\n+++ b/{MANIFEST_NAME}\n")
    assert write(tmp_path, {A: "a"}).unchanged == (A,)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, b"new\n", "--- /dev/null\n+++ b/b.sql\n@@ -0,0 +1 @@\n+new\n"),
        (None, b"", "--- /dev/null\n+++ b/b.sql\n"),
        (b"", None, "--- a/b.sql\n+++ /dev/null\n"),
        (b"same", b"same", ""),
        (b"same\r\n", b"same\n", ""),
        (b"x\x0cy\nz", b"x\x0cy\nz\n", "--- a/b.sql\n+++ b/b.sql\n@@ -1,2 +1,2 @@\n x\x0cy\n-z\n\\ No newline at end of file\n+z\n"),
        (b"\xff\n", b"ok\n", "--- a/b.sql\n+++ b/b.sql\n@@ -1 +1 @@\n-\\xff\n+ok\n"),
    ],
    ids=["created", "created empty", "removed empty", "same", "turned", "unterminated", "not utf-8"],
)
def test_diffs(before: bytes | None, after: bytes | None, expected: str) -> None:
    assert unified(B, before, after) == expected
