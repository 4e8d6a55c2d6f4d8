"""The cache never changes a result: the same output, files and exit code with it and without, whatever happens to specs and cache."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from projects import REPOSITORY
from whgen import cache
from whgen.cli.app import app
from whgen.pipeline import compile_specs, validate

EXAMPLE = REPOSITORY / "specs"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "specs")
    shutil.copy(REPOSITORY / "sources.lock", tmp_path)
    return tmp_path


def run(root: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    return result.exit_code, result.output


def digest(root: Path) -> str:
    inputs = cache.inputs_of(root)
    assert inputs is not None
    return inputs.digest


def entry(root: Path, name: str = "validate") -> Path:
    return root / cache.FOLDER / f"{name}.json"


def generated(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted((root / "generated").rglob("*")) if p.is_file()}


def test_it_is_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(project, "validate"), run(project, "generate", "-q")
    monkeypatch.setattr("whgen.pipeline._compile", None)
    assert run(project, "validate") == first[0]
    assert run(project, "generate", "-q") == first[1]
    assert (entry(project).parent / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("seed", range(4))
def test_edits_give_the_same_with_and_without_it(seed: int, project: Path) -> None:
    """A line of a spec is taken out, doubled or changed, several times in a row."""
    chance = random.Random(seed)
    run(project, "generate", "-q")
    for _ in range(4):
        file = chance.choice(sorted((project / "specs").rglob("*.yml")))
        lines = file.read_text(encoding="utf-8").split("\n")
        at = chance.randrange(len(lines))
        lines[at : at + 1] = chance.choice(([], [lines[at]] * 2, [lines[at].replace("a", "e", 1)], [lines[at] + " "]))
        file.write_text("\n".join(lines), encoding="utf-8")
        for command in (("validate",), ("validate", "--format", "json"), ("generate", "--diff"), ("generate", "--check")):
            assert run(project, *command) == run(project, *command, "--no-cache")
        with_it, without = compile_specs(project, cached=True), compile_specs(project)
        assert with_it.projects == without.projects
        assert list(with_it.report) == list(without.report)
        assert dict(with_it.texts) == dict(without.texts)
        assert with_it.default_target == without.default_target


@pytest.mark.parametrize("change", ["specs/facts/flight.yml", "sources.lock", "specs/new.yml", "specs/notes.txt"])
def test_every_input_counts(change: str, project: Path) -> None:
    before = digest(project)
    path = project / change
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"# changed\n")
    assert digest(project) != before
    path.unlink()
    assert digest(project) != before or "new" in change or "notes" in change


def test_whgens_own_code_counts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(project)
    monkeypatch.setattr(cache, "_digest_of_code", lambda: "another version")
    assert digest(project) != before


def test_names_and_contents_are_kept_apart(tmp_path: Path) -> None:
    digests = set()
    for n, files in enumerate(({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"", "b": b"c"})):
        folder = tmp_path / str(n) / "specs"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        digests.add(digest(folder.parent))
    assert len(digests) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "foreign", "another digest", "flipped", "binary", "folder", "null"])
def test_a_damaged_entry_is_as_if_it_were_not_there(damage: str, project: Path) -> None:
    expected = run(project, "validate")
    place = entry(project)
    raw = place.read_text(encoding="utf-8")
    line, _, text = raw.partition("\n")
    changed = {
        "empty": "", "cut": raw[: len(raw) // 2], "foreign": "{}", "another digest": raw.replace(line, "0" * 64 + line[64:]),
        "flipped": raw.replace("flight", "fright"), "null": f"{line}\nnull",
    }  # fmt: skip
    place.unlink()
    if damage == "folder":
        place.mkdir()
    elif damage == "binary":
        place.write_bytes(os.urandom(1000))
    else:
        place.write_text(changed[damage], encoding="utf-8")
    assert run(project, "validate") == expected
    assert text


def test_values_of_another_shape_are_not_taken(project: Path) -> None:
    now = digest(project)
    for values in ([], {}, {"texts": 1}, {"texts": {}, "default_target": None, "projects": [{}]}, None, "x"):
        cache.remember(project, "validate", now, values)
        assert validate(project, cached=True).texts == validate(project).texts


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_project_is_compiled_all_the_same(project: Path) -> None:
    project.chmod(0o555)
    assert run(project, "validate")[0] == 0
    project.chmod(0o755)


def test_a_file_in_the_way_does_no_harm(project: Path) -> None:
    (project / ".whgen").write_text("in the way", encoding="utf-8")
    assert run(project, "validate")[0] == 0


def test_warnings_and_errors_are_told_each_time(project: Path) -> None:
    spec = project / "specs" / "facts" / "flight.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("grain:", "grian:", 1), encoding="utf-8")
    assert run(project, "validate") == run(project, "validate")
    assert run(project, "validate")[0] == 1


def test_files_from_elsewhere_keep_it_out(project: Path) -> None:
    (project / "sql").mkdir()
    (project / "sql" / "x.sql").write_text("select count(*) as one from fact_flight", encoding="utf-8")
    (project / "specs" / "x.yml").write_text(
        "model: one\ndescription: x\nfile: ../sql/x.sql\ncolumns: {one: {type: integer, description: x}}\n", encoding="utf-8"
    )
    assert run(project, "validate")[0] == 0
    (project / "sql" / "x.sql").write_text("select count(*) as two from fact_flight", encoding="utf-8")
    assert run(project, "validate")[0] == 1


def test_it_is_json(project: Path) -> None:
    run(project, "generate", "-q")
    lines = entry(project, "generate").read_text(encoding="utf-8").split("\n")
    assert all(json.loads(line) is not None for line in lines[1:-1])
    assert set(json.loads(lines[1])) == {
        "besides",
        "default_target",
        "outline",
        "projects",
        "texts",
        "workflow",
    }


@pytest.mark.parametrize("cores", [2, 7])
def test_several_processes_give_the_same_as_one(cores: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a process for each warehouse, and with several."""
    alone = compile_specs(project)
    monkeypatch.setattr("whgen.pipeline.MANY_TABLES", 0)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert compile_specs(project).projects == alone.projects


def test_what_was_generated_counts_as_validated(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(project, "generate", "-q")[0] == 0
    monkeypatch.setattr("whgen.pipeline._compile", None)
    assert run(project, "validate")[0] == 0
