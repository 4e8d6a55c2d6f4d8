"""A real `whgen lsp` under random edits of the example: it never ends, never fails, and every answer lies within its text."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_client import Editor, position

HERE = Path(__file__).parents[1]
PIECES = [
    "", " ", "  ", "\n", "\r\n", "\t", ":", ": ", "- ", "{", "}", "[", "]", "'", '"', "`", "|\n", ">-\n", "#", "&a ", "*a", "<<: *a\n",
    "---\n", "...\n", "{{ x }}", "{%", "!!python/object:os ", "expr: ", "from: bts.flights", "key: [a", "select * from", "\U0001f6eb",
    "\u2028", "\x0b", "\x0c", "\x85", "\u202e", "\ufeff", "é", "e\u0301", "\x00", "0x", "1e999", "null", "on", "columns:\n  x: {", "fact: ",
    "a" * 300, "(" * 50, "[" * 120, "? ",
]  # fmt: skip
"""What is typed: all that YAML and SQL take for something, and characters that count otherwise in other encodings."""


def changed(text: str, chance: random.Random) -> tuple[int, int, str]:
    """A random edit: a piece put somewhere, a stretch removed, a stretch said twice."""
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice([0, 0, 0, 1, 3, 10, 80]))
    new = chance.choice([chance.choice(PIECES), chance.choice(PIECES) + chance.choice(PIECES), text[start:end] * 2, ""])
    return start, end, new


def lines_of(text: str) -> list[str]:
    """The lines of a text as the protocol has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def at(text: str, offset: int) -> tuple[int, int]:
    """Where an offset is, as the protocol counts."""
    while 0 < offset < len(text) and text[offset - 1 : offset + 1] == "\r\n":
        offset -= 1
    before = lines_of(text[:offset])
    return len(before) - 1, len(before[-1].encode("utf-16-le", "surrogatepass")) // 2


def assert_within(found: types.Range, text: str) -> None:
    lines = lines_of(text)
    for place in (found.start, found.end):
        assert 0 <= place.line < len(lines), (found, len(lines))
        assert 0 <= place.character <= len(lines[place.line].encode("utf-16-le")) // 2, (found, lines[place.line])
    assert (found.start.line, found.start.character) <= (found.end.line, found.end.character)


def asked(editor: Editor, path: Path, chance: random.Random) -> None:
    """Ask everything at a random place; a request that is refused says why."""
    text = editor.texts[path]
    place = types.Position(*at(text, chance.randrange(len(text) + 1)))
    document = types.TextDocumentIdentifier(uri=path.as_uri())
    common: dict[str, Any] = {"text_document": document, "position": place}
    completed = editor.request("text_document_completion_async", types.CompletionParams(**common))
    for item in completed.items if completed is not None else ():
        assert item.label
        assert_within(item.text_edit.range, text)
    told = editor.request("text_document_hover_async", types.HoverParams(**common))
    if told is not None:
        assert told.contents.value
        assert_within(told.range, text)
    found = editor.request("text_document_definition_async", types.DefinitionParams(**common))
    if found is not None and found.uri == path.as_uri():
        assert_within(found.range, text)
    may = editor.request("text_document_prepare_rename_async", types.PrepareRenameParams(**common))
    if may is not None:
        assert_within(may.range, text)
    everywhere = types.Range(types.Position(0, 0), types.Position(10_000, 0))
    params = types.CodeActionParams(text_document=document, range=everywhere, context=types.CodeActionContext(diagnostics=[]))
    for action in editor.request("text_document_code_action_async", params) or ():
        for edit in action.edit.changes.get(path.as_uri(), ()):
            assert_within(edit.range, text)


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_never_end_the_server(tmp_path: Path, seed: int) -> None:
    root, chance = tmp_path / "project", random.Random(seed)
    shutil.copytree(HERE / "specs", root / "specs")
    shutil.copy(HERE / "sources.lock", root)
    files = sorted((root / "specs").rglob("*.yml"))
    originals = {path: path.read_text() for path in files}
    with Editor(root) as editor:
        for path in files:
            editor.open(path)
        editor.until_known("fact_flight")
        for step in range(120):
            path = chance.choice(files)
            text = editor.texts[path]
            start, end, new = changed(text, chance)
            editor.texts[path] = text[:start] + new + text[end:]
            editor.put(path, (at(text, start), at(text, end), new))
            if step % 4 == 0:
                asked(editor, path, chance)
            if step % 15 == 14:
                # Nobody can work with what is left of it any more.
                broken = editor.texts[path]
                editor.texts[path] = originals[path]
                editor.put(path, ((0, 0), at(broken, len(broken)), originals[path]))
            if step % 40 == 39:
                gone = chance.choice(files)
                gone.unlink(missing_ok=True)
                editor.touched(gone)
        for path in files:
            broken = editor.texts[path]
            editor.texts[path] = originals[path]
            editor.put(path, ((0, 0), at(broken, len(broken)), originals[path]))
        # What is open counts, whatever became of the files; and after all that, it is known to be right.
        for path in files:
            editor.until_codes(path)
            assert_all_within(editor, path)
    assert editor.exit_code == 0
    assert editor.told == []


def assert_all_within(editor: Editor, path: Path) -> None:
    for found in editor.shown[path.as_uri()]:
        assert_within(found.range, editor.texts[path])


def test_the_specs_folder_may_go_and_come_back(tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(HERE / "specs", root / "specs")
    path = root / "specs" / "facts" / "flight.yml"
    with Editor(root) as editor:
        editor.open(path)
        editor.until_known("fact_flight")
        shutil.rmtree(root / "specs")
        editor.touched(root / "specs" / "warehouse.yml")
        editor.until(path.parents[1] / "warehouse.yml", lambda found: [d.code for d in found] == ["no-warehouse"])
        asked(editor, path, random.Random(0))
        editor.close(path)
        shutil.copytree(HERE / "specs", root / "specs")
        editor.touched(path)
        editor.until_codes(root / "specs" / "warehouse.yml")
    assert editor.exit_code == 0
    assert editor.told == []


def test_questions_about_strange_files_are_answered(tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(HERE / "specs", root / "specs")
    with Editor(root) as editor:
        beside = editor.open(root / "notes.txt", "fact: flight")
        empty = editor.open(root / "specs" / "empty.yml", "")
        huge = editor.open(root / "specs" / "huge.yml", "fact: x\nkey: " + "[" * 6000 + "\n")
        editor.until(huge, lambda found: [d.code for d in found] == ["yaml-syntax"])
        for path in (beside, empty, huge):
            asked(editor, path, random.Random(1))
        no_file = types.TextDocumentIdentifier(uri="untitled:Untitled-1")
        params = types.HoverParams(text_document=no_file, position=types.Position(0, 0))
        assert editor.request("text_document_hover_async", params) is None
        outside = types.Position(99, 99)
        rename = types.RenameParams(text_document=types.TextDocumentIdentifier(uri=empty.as_uri()), position=outside, new_name="x")
        with pytest.raises(JsonRpcException, match="no column is named here"):
            editor.request("text_document_rename_async", rename)
    assert editor.exit_code == 0
    assert editor.told == []
    assert position("a\U0001f6ebb\nc", 4) == (1, 0)
