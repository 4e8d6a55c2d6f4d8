"""`whgen lsp` as an editor has it: a real client over stdio, which edits by increments."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from lsp_client import Editor

HERE = Path(__file__).parents[1]
LATE = """\
model: late
grain: one row per airport
key: airport_code
columns: {airport_code: string}
sql: select airport_cod from dim_airport
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the example's specs."""
    folder = tmp_path / "project"
    shutil.copytree(HERE / "specs", folder / "specs")
    shutil.copy(HERE / "sources.lock", folder)
    return folder


@pytest.fixture
def editor(root: Path) -> Iterator[Editor]:
    with Editor(root) as found:
        yield found
    assert found.exit_code == 0
    assert found.told == []


def fact(root: Path) -> Path:
    return root / "specs" / "facts" / "flight.yml"


def opened(editor: Editor, path: Path, text: str | None = None) -> Path:
    """A file that is open, in a project that was checked as a whole."""
    editor.open(path, text)
    editor.until_codes(path)
    editor.until_known("fact_flight")
    return path


def test_mistakes_of_unsaved_text_are_shown_where_they_stand_and_go_away(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    editor.write(path, "distance_miles: {add", "distance_milez: {add")
    (found,) = editor.until_codes(path, "unknown-column")
    assert found.message == "`int_fact_flight` has no column `distance_milez`\ndid you mean `distance_miles`?"
    line = editor.texts[path].splitlines()[found.range.start.line]
    assert line[found.range.start.character : found.range.end.character] == "distance_milez"
    assert (found.severity, found.source) == (types.DiagnosticSeverity.Error, "whgen")
    editor.write(path, "distance_milez", "distance_miles")
    editor.until_codes(path)
    assert "distance_milez" not in path.read_text()


def test_lines_end_where_the_protocol_says(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    # Elsewhere in Python, a line ends here.
    editor.write(path, "Departures scheduled", "Departures\u2028 scheduled")
    editor.until_codes(path, "unusable-character")
    editor.write(path, "flown or cancelled", "flown")
    editor.write(path, "\u2028", "")
    editor.until_codes(path)


def test_a_change_is_seen_in_other_files(editor: Editor, root: Path) -> None:
    path = opened(editor, root / "specs" / "sources" / "faa.yml")
    other = root / "specs" / "dimensions" / "airport.yml"
    editor.write(path, "altitude_feet", "altitude_in_feet")
    found = editor.until(other, lambda found: bool(found))
    assert [(d.code, d.message.split("\n")[0]) for d in found] == [("unknown-column", "`stg_faa__airports` has no column `altitude_feet`")]
    editor.close(path)
    editor.until_codes(other)


def test_broken_yaml_is_reported_and_mended(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    editor.write(path, "key: [flight_date,", "key: [flight_date: {,")
    editor.until(path, lambda found: [d.code for d in found] == ["yaml-syntax"])
    editor.write(path, "key: [flight_date: {,", "key: [flight_date,")
    editor.until_codes(path)


def test_files_that_come_and_go(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    other = root / "specs" / "dimensions" / "carrier.yml"
    kept = other.read_text()
    other.unlink()
    editor.touched(other)
    editor.until_codes(path, "unknown-dimension")
    other.write_text(kept)
    editor.touched(other)
    editor.until_codes(path)


def test_a_file_that_is_not_on_disk_yet_counts(editor: Editor, root: Path) -> None:
    opened(editor, fact(root))
    new = editor.open(root / "specs" / "models" / "late.yml", LATE)
    found = editor.until(new, lambda found: any(d.code == "unknown-column" for d in found))
    assert any("did you mean `airport_code`?" in d.message for d in found)


def test_two_projects_and_a_folder_without_specs(root: Path, tmp_path: Path) -> None:
    empty, second = tmp_path / "empty", tmp_path / "second"
    empty.mkdir()
    shutil.copytree(root, second)
    with Editor(root, second, empty) as editor:
        stray = editor.open(empty / "notes.yml", "fact: [\n")
        for folder in (root, second):
            opened(editor, fact(folder))
        editor.write(fact(second), "grain: one", "grian: one")
        editor.until(fact(second), lambda found: "unknown-key" in [d.code for d in found])
        assert editor.codes(fact(root)) == []
        assert editor.labels(stray, "fact") == []
        assert editor.hover(stray, "fact") == ""


def test_places_are_counted_in_the_units_of_the_editor(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    editor.write(path, "'1 for a cancelled flight, else 0, so that a sum counts them.'", "'1 \U0001f6eb\U0001f6eb else 0'")
    editor.write(path, "description: '1 \U0001f6eb\U0001f6eb else 0'}", "description: '\U0001f6eb\U0001f6eb', additivitee: x}")
    found = editor.until(path, lambda found: any("additivitee" in d.message for d in found))
    shown = next(d.range for d in found if "additivitee" in d.message)
    line = editor.texts[path].splitlines()[shown.start.line]
    units = line.encode("utf-16-le")
    assert units[2 * shown.start.character : 2 * shown.end.character].decode("utf-16-le") == "additivitee"
    assert shown.start.character == line.index("additivitee") + 2


def test_an_editor_may_count_in_characters(root: Path) -> None:
    with Editor(root, encodings=["utf-32", "utf-16"]) as editor:
        assert editor.can.position_encoding == "utf-32"
        path = opened(editor, fact(root))
        line = editor.texts[path].splitlines().index("  route: {on: [origin_code, destination_code], missing: fail}")
        editor.put(
            path, ((line, 0), (line + 1, 0), "  route: {description: '\U0001f6eb', on: [origin_cod, destination_code], missing: fail}\n")
        )
        (found,) = editor.until_codes(path, "unknown-column")
        assert found.range.start.character == len("  route: {description: 'X', on: [")


@pytest.mark.parametrize(
    ("after", "wanted", "unwanted"),
    [
        ("from: ", {"bts.flights", "faa.airports", "dim_airport", "carrier_month"}, {"flight_date", "from"}),
        ("missing: ", {"infer", "fail", "unknown"}, {"true"}),
        ("additivity: ", {"additive", "semi_additive", "non_additive"}, {"infer"}),
        ("cancelled_flights: {type: ", {"integer", "timestamp", "boolean"}, {"is_cancelled"}),
        ("expr: 'if(", {"is_cancelled", "if", "date_trunc", "distance_miles"}, {"departure_hhmm", "dim_airport"}),
        ("degenerate: [", {"flight_number", "tail_number"}, {"fail"}),
        ("key: [", {"flight_date", "carrier_code"}, {"dim_airport"}),
        ("origin: {dimension: ", {"airport", "carrier", "date"}, {"dim_airport", "bts.flights"}),
        ("  distance_miles: {", {"type", "default", "expr", "description"}, {"additivity", "tests", "from"}),
        ("\ndimensions:\n  ", {"airport"}, {"measures", "aircraft"}),
    ],
)
def test_completion(editor: Editor, root: Path, after: str, wanted: set[str], unwanted: set[str]) -> None:
    path = opened(editor, fact(root))
    labels = set(editor.labels(path, after))
    assert wanted <= labels
    assert not unwanted & labels


def test_completion_while_the_yaml_is_half_typed(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    editor.write(path, "  is_cancelled: {additivity: non_additive}", "  is_cancelled: {addi")
    items = {i.label: i for i in editor.complete(path, "is_cancelled: {addi")}
    assert items["additivity"].text_edit.new_text == "additivity: "
    edit = items["additivity"].text_edit.range
    assert edit.end.character - edit.start.character == len("addi")
    editor.write(path, "is_cancelled: {addi", "is_cancelled: {additivity: non_additive}")
    editor.write(path, "degenerate: [", "der\ndegenerate: [")
    assert "derive" in editor.labels(path, "\nder")
    assert "measures" not in editor.labels(path, "\nder")


def test_completion_of_a_select_knows_its_tables(editor: Editor, root: Path) -> None:
    text = LATE.replace("select airport_cod from", "|\n  select a\n  from")
    path = editor.open(root / "specs" / "models" / "late.yml", text)
    editor.until_known("late")
    assert {"airport_code", "airport_name", "latitude"} <= set(editor.labels(path, "select a"))
    assert {"dim_carrier", "fact_flight"} <= set(editor.labels(path, "from "))


def test_hover_tells_type_description_and_lineage(editor: Editor, root: Path) -> None:
    path = opened(editor, fact(root))
    told = editor.hover(path, "if(is_cancel")
    assert "**stg_bts__flights.is_cancelled**" in told
    assert "`boolean`, never missing" in told
    assert "Whether the flight never departed." in told
    assert "`stg_bts__flights.departure_hhmm`" in told
    assert "in minute" in editor.hover(path, "\n  departure_delay")
    assert "**stg_bts__flights**, a staging, in specs `bts.flights`" in editor.hover(path, "from: bts.fli")
    assert editor.hover(path, "\nmeas") == "`measures:` What is measured."
    assert "`if(" in editor.hover(path, "expr: 'i")
    assert editor.hover(path, "Departures sched") == ""


def test_without_pygls_it_says_what_to_install(root: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['pygls'] = None; import importlib.util as u; f = u.find_spec; "
    code += (
        "u.find_spec = lambda n, *a: None if n == 'pygls' else f(n, *a); sys.argv = ['whgen', 'lsp']; from whgen.cli import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert result.returncode == 1
    assert result.stderr == "error[lsp-not-installed]: the language server needs pygls\n  = help: pip install 'whgen[lsp]'\n"
    assert result.stdout == ""
