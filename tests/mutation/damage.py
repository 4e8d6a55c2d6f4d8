"""Damages: each takes a valid spec and a source of chance, and says what to write where. Grouped in classes, so that figures can be."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mutation.corpus import EXAMPLE, projects
from mutation.places import Place, column_types, places
from whgen.ir.types import TYPE_NAMES


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text become `new`."""

    start: int
    end: int
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A project of which one file was damaged. `lines` are those that the damage touches, in the new text."""

    number: int
    kind: str
    project: str
    file: str
    text: str
    edits: tuple[Edit, ...]
    lines: frozenset[int]

    @property
    def shown(self) -> str:
        """What was damaged, as `before -> after`."""
        original = projects()[self.project][self.file]
        return "; ".join(f"{_short(original[e.start : e.end])} -> {_short(e.new)}" for e in self.edits)


Damage = Callable[[str, random.Random], Sequence[Edit]]
_TYPES = (
    "string",
    "integer",
    "float",
    "boolean",
    "date",
    "timestamp",
    "datetime",
    "time",
    "json",
    "bytes",
    "decimal(10, 2)",
    "array<string>",
)
_SPECIAL = ("\0", "\t", "{{ x }}", "\u202e", '"\\ud800"', "*x", "&x ", "<<: ", "!!set ", "|", "'", '"', "#", ": ", "- ", "%", "\x85", "🦆")
_ODD = ("[1, two]", "3", "null", "{a: b}", "''", "true", "1e999", "-0", "[]", "{}", "[[[]]]", "2013-02-30", "0.1", "'*'", "all", "9" * 400)
_JUNK = "select|(|)|--|;|'|/*|case|null|*|from x|as y|.|`|[|@x|?|:x|$1|over ()|{|+|,"
_OPERATORS = ("=", "<>", "<", ">=", "+", "-", "*", "/", "||", "and", "or", "is", "in", "like")
_LITERALS = ("'text'", "7", "2.5", "true", "null", "date '2020-01-31'", "''")


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


def _some(text: str, chance: random.Random, *kinds: str) -> Place | None:
    found = [p for p in places(text) if p.kind in kinds]
    return chance.choice(found) if found else None


def _lines(text: str) -> list[tuple[int, int]]:
    """Offsets of each line that says something, its end included."""
    return [(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*(\n|$)", text)]


def _misspell(*kinds: str) -> Damage:
    def damage(text: str, chance: random.Random) -> Sequence[Edit]:
        place = _some(text, chance, *kinds)
        words = list(re.finditer(r"\w+", place.text)) if place else []
        if place is None or not words:
            return ()
        word = chance.choice(words)
        return (Edit(place.start + word.start(), place.start + word.end(), misspelled(word[0], chance)),)

    return damage


def _replace(others: Sequence[str], *kinds: str) -> Damage:
    def damage(text: str, chance: random.Random) -> Sequence[Edit]:
        place = _some(text, chance, *kinds)
        return (Edit(place.start, place.end, chance.choice([o for o in others if o != place.text])),) if place else ()

    return damage


def _delete(*kinds: str) -> Damage:
    def damage(text: str, chance: random.Random) -> Sequence[Edit]:
        place = _some(text, chance, *kinds)
        return (Edit(place.start, place.end),) if place else ()

    return damage


def _delete_line(text: str, chance: random.Random) -> Sequence[Edit]:
    return (Edit(*chance.choice(_lines(text))),)


def _delete_character(text: str, chance: random.Random) -> Sequence[Edit]:
    at = chance.choice([m.start() for m in re.finditer(r"\S", text)])
    return (Edit(at, at + 1),)


def _delete_entry(text: str, chance: random.Random) -> Sequence[Edit]:
    """A key with all that stands under it, in either style."""
    key = chance.choice([p for p in places(text) if text[p.end : p.end + 1] == ":"])
    start, end = _extent(text, key)
    return (Edit(start, end),)


def _extent(text: str, key: Place) -> tuple[int, int]:
    line_start = text.rfind("\n", 0, key.start) + 1
    if text[line_start : key.start].strip(" -") == "":
        indent = key.start - line_start
        end = text.find("\n", key.start) + 1 or len(text)
        while end < len(text) and re.match(rf"\n|[ ]{{{indent + 1}}}", text[end:]):
            end = text.find("\n", end) + 1 or len(text)
        return (line_start if "-" not in text[line_start : key.start] else key.start), end
    depth, at = 0, key.start
    while at < len(text) and text[at] != "\n" and not (depth == 0 and text[at] in ",}]"):
        depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(text[at], 0)
        at += 1
    return key.start, at + (2 if text[at : at + 2] == ", " else 0)


def _other_reference(text: str, chance: random.Random) -> Sequence[Edit]:
    """Another name of the same sort: of the names that stand under the same key, or else of any in the file."""
    place = _some(text, chance, "reference", "sql-column", "sql-table")
    if place is None:
        return ()
    alike = {p.text for p in places(text) if p.kind == place.kind and p.path[-1:] == place.path[-1:]} - {place.text}
    alike = alike or {p.text for p in places(text) if p.kind in ("reference", "name", "source-column")} - {place.text}
    return (Edit(place.start, place.end, chance.choice(sorted(alike))),) if alike else ()


def _other_column_type(text: str, chance: random.Random) -> Sequence[Edit]:
    types = {n: t for files in projects().values() if text in files.values() for f in files.values() if f[:1] for n, t in _types(f).items()}
    found = [p for p in places(text) if p.kind == "sql-column" and p.text in types]
    if not found:
        return ()
    place = chance.choice(found)
    here = {n for n in types if n != place.text and re.search(rf"\b{n}\b", text) and types[n] != types[place.text]}
    return (Edit(place.start, place.end, chance.choice(sorted(here))),) if here else ()


@cache
def _types(text: str) -> Mapping[str, str]:
    return column_types(text) if ":" in text else {}


def _indent(text: str, chance: random.Random) -> Sequence[Edit]:
    start, _ = chance.choice(_lines(text))
    by = chance.choice((-2, -1, 1, 2))
    return (Edit(start, start, " " * by) if by > 0 else Edit(start, start + len(re.match(rf" {{0,{-by}}}", text[start:])[0])),)


def _drop_one_of(marks: str) -> Damage:
    def damage(text: str, chance: random.Random) -> Sequence[Edit]:
        found = [m.start() for m in re.finditer(f"[{re.escape(marks)}]", text)]
        at = chance.choice(found) if found else None
        return () if at is None else (Edit(at, at + 1),) if chance.random() < 0.7 else (Edit(at, at, text[at]),)

    return damage


def _tab(text: str, chance: random.Random) -> Sequence[Edit]:
    start, _ = chance.choice([line for line in _lines(text) if text[line[0]] == " "] or _lines(text))
    return (Edit(start, start + len(re.match(" *", text[start:])[0]), "\t"),)


def _duplicate_key(text: str, chance: random.Random) -> Sequence[Edit]:
    keys = [p for p in places(text) if text[p.end : p.end + 2] == ": " and p.kind in ("key", "name", "reference", "source-column")]
    start, end = _extent(text, chance.choice(keys))
    entry = text[start:end]
    return (Edit(end, end, entry if entry.endswith(("\n", ", ")) else f", {entry}"),)


def _anchor(text: str, chance: random.Random) -> Sequence[Edit]:
    place = _some(text, chance, "value", "type", "reference", "text", "sql")
    return () if place is None else (Edit(place.start, place.start, chance.choice(("&a ", "*a ", "!!int ", "!x ", "? ", "<<: "))),)


def _parentheses(text: str, chance: random.Random) -> Sequence[Edit]:
    place = _some(text, chance, "sql-mark", "sql-column")
    if place is None:
        return ()
    if place.text in "()":
        return (Edit(place.start, place.end),)
    return (Edit(place.start, place.start, "("),) if chance.random() < 0.5 else (Edit(place.end, place.end, ")"),)


def _swap_operator(text: str, chance: random.Random) -> Sequence[Edit]:
    found = [p for p in places(text) if p.kind == "sql-operator" or (p.kind == "sql-keyword" and p.text in _OPERATORS)]
    place = chance.choice(found) if found else None
    return () if place is None else (Edit(place.start, place.end, chance.choice([o for o in _OPERATORS if o != place.text])),)


def _swap_arguments(text: str, chance: random.Random) -> Sequence[Edit]:
    """Two neighbours around a comma in a SQL text."""
    tokens = [p for p in places(text) if p.kind.startswith("sql-")]
    found = [
        (before, after)
        for before, comma, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if comma.text == "," and before.kind != "sql-mark" and after.kind != "sql-mark" and before.text != after.text
    ]
    if not found:
        return ()
    before, after = chance.choice(found)
    return (Edit(before.start, before.end, after.text), Edit(after.start, after.end, before.text))


def _insert_sql(text: str, chance: random.Random) -> Sequence[Edit]:
    token = _some(text, chance, "sql-column", "sql-function", "sql-operator", "sql-mark", "sql-keyword", "sql-number", "sql-string")
    return () if token is None else (Edit(token.end, token.end, f" {chance.choice(_JUNK.split('|'))} "),)


def _swap_lines(text: str, chance: random.Random) -> Sequence[Edit]:
    lines = _lines(text)
    if len(lines) < 2:
        return ()
    (a, b), (c, d) = sorted(chance.sample(lines, 2))
    return (Edit(a, b, text[c:d].rstrip("\n") + "\n"), Edit(c, d, text[a:b]))


def _duplicate_block(text: str, chance: random.Random) -> Sequence[Edit]:
    lines = _lines(text)
    first = chance.randrange(len(lines))
    last = min(first + chance.randrange(6), len(lines) - 1)
    end = lines[last][1]
    return (Edit(end, end, ("" if text[end - 1] == "\n" else "\n") + text[lines[first][0] : end]),)


def _special(text: str, chance: random.Random) -> Sequence[Edit]:
    at = chance.randrange(len(text))
    return (Edit(at, at, chance.choice(_SPECIAL)),)


def _cut_off(text: str, chance: random.Random) -> Sequence[Edit]:
    return (Edit(chance.randrange(len(text)), len(text)),)


def _dialect(text: str, chance: random.Random) -> Sequence[Edit]:
    """The warehouse of a target, or the language of expressions. Only a project file has them."""
    if not re.search("^warehouse:", text, re.MULTILINE):
        return ()
    if (written := re.search(r"^dialect: (\w+)", text, re.MULTILINE)) and chance.random() < 0.5:
        return (Edit(written.start(1), written.end(1), chance.choice(("duckdb", "postgres", "snowflake"))),)
    if not written and chance.random() < 0.5:
        return (Edit(len(text), len(text), "dialect: duckdb\n"),)
    target = chance.choice(list(re.finditer(r"\{warehouse: (\w+)", text)))
    return (Edit(target.start(1), target.end(1), chance.choice([w for w in ("duckdb", "bigquery", "postgres") if w != target[1]])),)


DAMAGES: Mapping[str, Damage] = {
    "delete a line": _delete_line,
    "delete an entry": _delete_entry,
    "delete a value": _delete("value", "type", "reference", "name"),
    "delete a character": _delete_character,
    "misspell a key": _misspell("key"),
    "misspell a definition": _misspell("name"),
    "misspell a source name": _misspell("source-column"),
    "misspell a reference": _misspell("reference"),
    "misspell a type": _misspell("type"),
    "misspell a value": _misspell("value"),
    "misspell a text": _misspell("text"),
    "swap a type": _replace(_TYPES, "type"),
    "another reference": _other_reference,
    "an odd value": _replace(_ODD, "value", "type", "reference", "name", "text"),
    "YAML: indentation": _indent,
    "YAML: quote": _drop_one_of("'\""),
    "YAML: bracket": _drop_one_of("[]{}"),
    "YAML: tab": _tab,
    "YAML: duplicate key": _duplicate_key,
    "YAML: anchor or tag": _anchor,
    "YAML: special character": _special,
    "cut off": _cut_off,
    "swap two lines": _swap_lines,
    "duplicate a block": _duplicate_block,
    "SQL: misspell a column": _misspell("sql-column"),
    "SQL: misspell a table": _misspell("sql-table", "sql-alias"),
    "SQL: misspell a function": _misspell("sql-function"),
    "SQL: misspell a keyword": _misspell("sql-keyword"),
    "SQL: delete a token": _delete("sql-column", "sql-function", "sql-operator", "sql-mark", "sql-keyword", "sql-number", "sql-string"),
    "SQL: parentheses": _parentheses,
    "SQL: swap an operator": _swap_operator,
    "SQL: drop an operand": _delete("sql-column", "sql-number", "sql-string"),
    "SQL: swap two arguments": _swap_arguments,
    "SQL: column of another type": _other_column_type,
    "SQL: literal of another type": _replace(_LITERALS, "sql-string", "sql-number"),
    "SQL: insert": _insert_sql,
    "change the dialect": _dialect,
}


def mutant(number: int, seed: int = 0) -> Mutant:
    """Mutant `number`; the classes take turns, so that each has its share."""
    kind = list(DAMAGES)[number % len(DAMAGES)]
    chance = random.Random(f"{seed}/{number}")
    cases = [name for name in projects() if name != EXAMPLE]
    while True:
        project = EXAMPLE if chance.random() < 0.6 else chance.choice(cases)
        specs = {file: text for file, text in projects()[project].items() if file.endswith(".yml")}
        # The files count by their length, so that every line is as likely as any other.
        weights = [len(t) if kind != "change the dialect" else "warehouse" in f for f, t in specs.items()]
        file = chance.choices(list(specs), weights=weights)[0]
        edits = tuple(DAMAGES[kind](specs[file], chance))
        text, lines = apply(specs[file], edits)
        if text != specs[file]:
            return Mutant(number=number, kind=kind, project=project, file=file, text=text, edits=edits, lines=lines)


def apply(text: str, edits: Sequence[Edit]) -> tuple[str, frozenset[int]]:
    """The text after the edits, which stand in order, and the lines there that they touch."""
    parts, lines, at = "", set(), 0
    for edit in edits:
        parts += text[at : edit.start]
        first = parts.count("\n") + 1
        parts += edit.new
        lines |= set(range(first, parts.count("\n") + 2))
        at = edit.end
    return parts + text[at:], frozenset(lines)


def _short(text: str) -> str:
    shown = ascii(text) if len(text) < 60 else f"{text[:40]!a}...({len(text)})"
    return shown.replace("|", "\\|")


assert set(_TYPES) >= set(TYPE_NAMES) - {"decimal(p, s)", "array<type>"}
