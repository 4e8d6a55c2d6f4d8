"""Whatever stands in a spec, whgen answers with diagnostics at real places, never with a traceback.

And the output depends on what the specs say, not on how they are split over files.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from projects import REPOSITORY, report_text, write_project
from whgen.compilation import Compilation
from whgen.diagnostics.machine import to_github, to_json
from whgen.pipeline import compile_specs, validate
from whgen.spec.load import NOUNS

DAMAGES = 300
COMPILED = 8
"""How many of the damaged examples that have no errors are generated too: that takes ten times as long as finding errors does."""

EXAMPLE: Mapping[str, str] = {
    p.relative_to(REPOSITORY).as_posix(): p.read_text(encoding="utf-8") for p in sorted((REPOSITORY / "specs").rglob("*")) if p.is_file()
}
WAREHOUSE = "warehouse: shop\ntargets:\n  dev: {warehouse: duckdb, path: shop.duckdb}\n  prod: {warehouse: bigquery, project: acme}\n"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = (
    "\0",
    "\t",
    "{{ x }}",
    "\u202e",
    '"\\ud800"',
    "*x",
    "&x ",
    "<<: ",
    "!!set ",
    "|",
    "'",
    '"',
    "#",
    ": ",
    "- ",
    "%",
    "\x85",
    "\u2028",
    "🦆",
)
_VALUES = ("[1, two]", "3", "null", "{a: b}", "''", "true", "1e999", "-0", "[]", "{}", "[[[]]]", "2013-02-30", "0.1", "*", "all", "9" * 400)
_SQL = (
    "select",
    "(",
    ")",
    "--",
    ";",
    "'",
    "/*",
    "case",
    "null",
    "*",
    "from x",
    "as y",
    ".",
    "`",
    "[",
    "@x",
    "?",
    ":x",
    "$1",
    "over ()",
    "{",
    "+",
    ",",
)


# Each damage takes a text and a source of chance, and returns another text.


def _delete_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _swap_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)


def _misspell(text: str, chance: random.Random) -> str:
    word = chance.choice(list(_WORD.finditer(text)))
    return text[: word.start()] + misspelled(word[0], chance) + text[word.end() :]


def _other_word(text: str, chance: random.Random) -> str:
    words = list(_WORD.finditer(text))
    word = chance.choice(words)
    return text[: word.start()] + chance.choice(words)[0] + text[word.end() :]


def _other_value(text: str, chance: random.Random) -> str:
    value = chance.choice(list(re.finditer(r"(?<=: )([^\n,{}\[\]]+|\[[^\n\]]*\]|\{[^\n{}]*\})", text)))
    return text[: value.start()] + chance.choice(_VALUES) + text[value.end() :]


def _indent(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at, by = chance.randrange(len(lines)), chance.choice((-2, -1, 1, 2))
    lines[at] = " " * by + lines[at] if by > 0 else lines[at][-by:]
    return "\n".join(lines)


def _break_quote(text: str, chance: random.Random) -> str:
    quotes = [m.start() for m in re.finditer("['\"\\[\\]{}]", text)]
    at = chance.choice(quotes) if quotes else 0
    return text[:at] + text[at + 1 :]


def _duplicate(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    start = chance.randrange(len(lines))
    end = start + chance.randrange(1, 6)
    return "\n".join([*lines[:end], *lines[start:end], *lines[end:]])


def _insert_special(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(_SPECIAL) + text[at:]


def _break_sql(text: str, chance: random.Random) -> str:
    places = [m.end() for m in re.finditer(r"(expr|where|sql): *\S|\b(select|from|count|mod|div|date|if)\b", text)] or [0]
    at = chance.choice(places) + chance.randrange(12)
    return f"{text[:at]} {chance.choice(_SQL)} {text[at:]}"


def _cut_off(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text))]


DAMAGE: tuple[Callable[[str, random.Random], str], ...] = (
    _delete_line,
    _swap_lines,
    _misspell,
    _other_word,
    _other_value,
    _other_value,
    _indent,
    _break_quote,
    _duplicate,
    _insert_special,
    _break_sql,
    _cut_off,
)


def misspelled(word: str, chance: random.Random) -> str:
    """The word with two letters swapped, or one doubled, dropped or changed; never the word itself."""
    at = chance.randrange(len(word))
    tries = (
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + ("x" if word[at] != "x" else "y") + word[at + 1 :],
    )
    found = chance.choice(tries)
    return found if found not in ("", word) else word + word[-1]


def check_answer(compilation: Compilation, root: Path) -> None:
    """Every diagnostic stands at a place that exists, and can be shown in every way; every generated file can be written."""
    for diagnostic in compilation.report:
        for span in (diagnostic.span, *(r.span for r in diagnostic.related)):
            text = compilation.texts.get(span.file)
            if text is None:
                assert not (root / span.file).is_file() or diagnostic.code in ("unreadable-file", "wrong-file-name", "seed-columns"), (
                    diagnostic
                )
                continue
            lines = text.split("\n")
            assert 1 <= span.line <= len(lines), diagnostic
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1, diagnostic
            assert (span.end_line, span.end_column) >= (span.line, span.column), diagnostic
        assert diagnostic.message, diagnostic
    report_text(compilation).encode("utf-8")
    to_github(compilation.report).encode("utf-8")
    json.loads(to_json(compilation.report))
    for project in compilation.projects:
        for text in project.files.values():
            text.encode("utf-8")


def damaged(number: int) -> tuple[str, str]:
    """The file that damage `number` hits, and its text afterwards."""
    chance = random.Random(number)
    # The files count by their length, so that every line is as likely as any other.
    file = chance.choices(list(EXAMPLE), weights=[len(t) for t in EXAMPLE.values()])[0]
    text = chance.choice(DAMAGE)(EXAMPLE[file], chance)
    return file, text


@pytest.fixture(scope="module")
def example_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("damaged"), EXAMPLE)


def test_a_damaged_example_never_gives_a_traceback(example_copy: Path) -> None:
    generated = 0
    for number in range(DAMAGES):
        file, text = damaged(number)
        (example_copy / file).write_bytes(text.encode("utf-8"))
        found = validate(example_copy)
        if not found.report.has_errors and text != EXAMPLE[file] and generated < COMPILED:
            generated += 1
            found = compile_specs(example_copy)
        check_answer(found, example_copy)
        (example_copy / file).write_text(EXAMPLE[file], encoding="utf-8")
    assert generated == COMPILED


def answer(text: str, *, warehouse: str = WAREHOUSE) -> Compilation:
    """What whgen says to one file, beside a project file."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root, {"specs/warehouse.yml": warehouse})
        (root / "specs/any.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
        found = compile_specs(root)
        check_answer(found, root)
        return found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=80))
@example('description: "\\ud800"')
@example("a: &a [*a]")
@example("\ud800")
@example("{{ x }}: 1")
def test_any_text_is_answered(text: str) -> None:
    answer(text)


_WORDS = st.sampled_from(
    [
        *("all", "x", "shop.t", "id", "dim_a", "string", "integer", "decimal(10, 2)", "array<string>", "2013-01-01", "not_null", "infer"),
        *(
            "id + 1",
            "sum(id)",
            "select id from stg_shop__t",
            "count(*)",
            "(",
            "x y",
            "case",
            "",
            " ",
            "duckdb",
            "bigquery",
            "view",
            "additive",
        ),
    ]
)
_SCALARS = st.one_of(_WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
_KEYS = st.sampled_from(
    [
        *sorted({f.alias or n for noun in NOUNS.values() for n, f in noun.model_fields.items()}),
        *("as", "on", "files", "schema", "dataset", "latest", "null_if", "expr", "type", "default", "between", "expression", "t", "id"),
    ]
)
_VALUES_OF_YAML = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(_KEYS, _WORDS), inner, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(NOUNS)), st.one_of(_WORDS, _SCALARS), st.dictionaries(_KEYS, _VALUES_OF_YAML, max_size=7))
def test_any_values_under_any_noun_are_answered(noun: str, name: object, values: dict[str, object]) -> None:
    # JSON is YAML; what it cannot write, such as half characters, it escapes.
    answer(json.dumps({noun: name} | {k: v for k, v in values.items() if k != noun}))


_FULL: Mapping[str, Mapping[str, object]] = {
    "source": {
        "source": "shop",
        "location": {"duckdb": {"schema": "raw"}, "bigquery": {"dataset": "raw"}},
        "tables": {"t": {"key": "id", "columns": {"id": "integer", "at": "date"}, "derive": {"d": {"expr": "id + 1"}}}},
    },
    "dimension": {"dimension": "a", "from": "shop.t", "key": "id", "columns": ["at"], "unknown": {"at": "2013-01-01"}},
    "fact": {"fact": "f", "grain": "x", "from": "shop.t", "key": "id", "dimensions": {"a": "id"}, "measures": {"id": {"default": 0}}},
    "model": {"model": "m", "sql": "select id from fact_f", "columns": {"id": "integer"}, "key": "id"},
    "exposure": {"exposure": "e", "type": "ml", "owner": {"name": "x"}, "depends_on": ["m"]},
}


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, child in children for p in _paths(child, (*path, key)))]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_any_value_in_a_good_spec_is_answered(data: st.DataObject) -> None:
    documents = json.loads(json.dumps(_FULL))
    path = data.draw(st.sampled_from([p for p in _paths(documents) if len(p) > 1]))
    around = documents
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = data.draw(_VALUES_OF_YAML)
    answer("\n---\n".join(json.dumps(d) for d in documents.values()))


def generated(root: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Every generated file of a project, by path, with the comments left out that name the spec a file was made from."""
    found = compile_specs(write_project(root, files))
    assert not found.report.has_errors, report_text(found)
    texts = {f"{p.folder}/{path}": text for p in found.projects for path, text in p.files.items()}
    return {path: re.sub(r"specs/[a-z_/0-9]+\.yml", "SPEC", text) for path, text in texts.items()}


def test_files_and_their_order_do_not_matter(tmp_path: Path) -> None:
    documents = [d for text in EXAMPLE.values() for d in re.split(r"^---\n", text, flags=re.MULTILINE)]
    apart = {f"specs/part_{len(documents) - i}.yml": d for i, d in enumerate(documents)}
    together = {"specs/all.yml": "\n---\n".join(reversed(documents))}
    expected = generated(tmp_path / "a", EXAMPLE)
    assert generated(tmp_path / "b", apart) == expected
    assert generated(tmp_path / "c", together) == expected


def test_the_same_specs_give_the_same_bytes(example_copy: Path) -> None:
    first, second = compile_specs(example_copy), compile_specs(example_copy)
    assert [dict(p.files) for p in first.projects] == [dict(p.files) for p in second.projects]


_REFERRING = {"from", "key", "on", "latest", "depends_on", "exclude", "columns", "degenerate", "type", "dimension", "warehouse"}
_SQL_KEYS = {"expr", "where", "sql"}
_NO_NAMES = re.compile(r"'[^']*'|\b(select|from|as \w+|inner|join|on|group|by|is|not|null|in|interval|minute|as)\b", re.IGNORECASE)


def references() -> list[tuple[str, int, str]]:
    """Every word in the example that refers to something, by its file and offset."""
    found = []
    for file, text in EXAMPLE.items():
        for document in yaml.compose_all(text):
            for offset, value, is_sql in _referring(document, ()):
                blanked = _NO_NAMES.sub(lambda m: " " * len(m[0]), value) if is_sql else value
                start = text.index(value.strip().split("\n")[0], offset) if is_sql else text.index(value, offset)
                stretch = text[start : start + len(blanked) + 40 * blanked.count("\n")] if is_sql else value
                blanked = _NO_NAMES.sub(lambda m: " " * len(m[0]), stretch.split("\ncolumns:")[0]) if is_sql else value
                found += [(file, start + w.start(), w[0]) for w in _WORD.finditer(blanked)]
    return found


def _referring(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[int, str, bool]]:
    """(offset, text, is it SQL) of every scalar that refers to something."""
    last = path[-1] if path else ""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value
            if last == "measures" and not any(k.value == "expr" for k, _ in value.value):
                yield key.start_mark.index, name, False
            if last == "dimensions" and not any(k.value == "dimension" for k, _ in value.value):
                yield key.start_mark.index, name, False
            is_definition = len(path) == 0 and name in NOUNS
            if not is_definition:
                yield from _referring(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _referring(item, path)
    elif last in _SQL_KEYS:
        yield node.start_mark.index, node.value, True
    elif last in _REFERRING or path[-2:-1] == ("columns",):
        # Of a type as `decimal(10, 2)` or a table as `faa.planes` every word is one.
        yield node.start_mark.index, node.value, False


def test_a_misspelled_name_is_reported_where_it_stands(example_copy: Path) -> None:
    missed = []
    # Every second one, for the sake of time. Of all, one is missed: `iif` for `if`, which is the same function.
    for number, (file, offset, word) in list(enumerate(references()))[::2]:
        text = EXAMPLE[file][:offset] + misspelled(word, random.Random(number)) + EXAMPLE[file][offset + len(word) :]
        (example_copy / file).write_text(text, encoding="utf-8")
        line = text.count("\n", 0, offset) + 1
        found = validate(example_copy).report
        if not any(d.span.file == file and abs(d.span.line - line) <= 2 for d in found if d.severity == "error"):
            missed.append(f"{file}:{line} {word}")
        (example_copy / file).write_text(EXAMPLE[file], encoding="utf-8")
    assert missed == []
