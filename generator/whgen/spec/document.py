"""YAML text -> plain values, with the place of every key and value kept.

With `events`, the only module that reads YAML. Scalars follow the YAML 1.2 core schema (`on`, `yes`, `08` and `12:30` are strings), mapping
keys are always strings. Positions reach into scalars, so that a mistake in a SQL text is reported where it was typed.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import yaml

from whgen.diagnostics.diagnostic import Fix, Related, Report, Span, rewritten
from whgen.spec.events import LOADER, long_quote, too_deep
from whgen.spec.mending import quotable, removal
from whgen.spec.offsets import offsets
from whgen.spec.place import Place
from whgen.spec.syntax import problem_of, start_of_uneven_block
from whgen.spec.text import SourceText

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]

_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_JINJA = re.compile(r"\{[{%#]")
# Controls but tab and line feed, half characters, and marks that turn the direction in which the text behind them is shown.
_UNUSABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2028\\u2029\\u2066-\\u2069\\ud800-\\udfff\\ufeff\\ufffe\\uffff]"
)
_CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True}
_CONSTANTS |= {"false": False, "False": False, "FALSE": False}
# What YAML 1.1 reads as a boolean, an octal number, a number with separators or one of base 60.
_OLDER = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?0[0-7_]+|[-+]?[1-9][0-9]*_[0-9_]*|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+")
# Python's own limit on the digits of an integer is far above what a number in a spec can mean.
_LONGEST_NUMBER = 300
# Aliases may repeat a subtree; when they repeat this many characters, a file is an attack or an accident, not a spec.
_MOST_REPEATED = 1_000_000
# What a value costs besides its characters.
_REPEATED_VALUE = 20
# No spec needs a tenth of this, and Python's stack bears ten times as much.
_DEEPEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document: where each part of it stands."""

    source: SourceText
    _place: Place = field(repr=False)

    def has(self, path: Path) -> bool:
        """Whether the document has a value at `path`; the items of a list that stands for a mapping count as its keys."""
        return self._place.at(path) is not None

    def span(self, *path: str | int) -> Span:
        """Where the value at `path` stands; the nearest value around it when the document has none there."""
        while (place := self._place.at(path)) is None:
            path = path[:-1]
        start, end = place.start, place.end
        if place.text is None:
            # A mapping or list is pointed at by its first line: its whole extent says nothing.
            newline = self.source.text.find("\n", start)
            end = min(end, newline if newline >= 0 else end)
        return self.source.span(start, end)

    def key_span(self, *path: str | int) -> Span:
        """Where the key that leads to `path` stands; for a list item, the item."""
        while path and (place := self._place.at(path)) is None:
            path = path[:-1]
        return self.source.span(*place.key) if path and place is not None and place.key is not None else self.span(*path)

    def without(self, *path: str | int) -> Fix | None:
        """The fix that removes an item of a list that has others; None where comments or layout would suffer."""
        around, item, text = self._place.at(path[:-1]), self._place.at(path), self.source.text
        if around is None or item is None or not isinstance(around.inner, list) or len(around.inner) < 2:
            return None
        if item is around.inner[0] and around.is_flow:
            following = around.inner[1].start
            extent = (item.start, following) if text[item.end : following].strip(" ") == "," else None
        else:
            extent = removal(text, item.start, item.end, is_flow=around.is_flow)
        return self.source.fix(extent, "", "remove it") if extent is not None else None

    def inside(self, path: Path, start: int, end: int) -> Span:
        """Where characters `start` to `end` of the text at `path` stand in the file."""
        place = self._place.at(path)
        if place is None or place.text is None:
            return self.span(*path)
        if not (places := offsets(self.source.text[place.start : place.end], place.text, place.style)):
            return self.span(*path)
        first, _ = places[min(start, len(places) - 1)]
        _, last = places[min(max(end - 1, start), len(places) - 1)]
        return self.source.span(place.start + first, place.start + last)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document with its value, which can be let go of when its shape is known: the places are asked for much longer."""

    value: dict[str, Value]
    document: Document


def read_documents(source: SourceText, report: Report) -> list[ReadDocument]:
    """The YAML documents of one file. Mistakes of syntax are reported; what follows them in the file is not read."""
    found: list[ReadDocument] = []
    if (deep := too_deep(source.text, _DEEPEST)) is not None:
        _report_depth(deep, source, report)
        return found
    loader = LOADER(source.text)
    # A look at the whole spares one at each of its words.
    may_be_unusable = "\\" in source.text or any(pattern.search(source.text) for pattern in (_JINJA, _UNUSABLE))
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None or _is_empty(node):
                continue
            builder = _Builder(source=source, report=report, has_aliases="*" in source.text, may_be_unusable=may_be_unusable)
            value, place = builder.build(node, 0)
            if builder.is_broken:
                continue
            if isinstance(value, dict):
                found.append(ReadDocument(value=value, document=Document(source=source, _place=place)))
            else:
                report.error(
                    "not-a-mapping",
                    source.span(node.start_mark.index, node.start_mark.index + 1),
                    "a spec is a mapping such as `dimension: airport`",
                    help="the first key of a document says what it describes: warehouse, source, dimension, fact, ...",
                )
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, source, report)
    except yaml.reader.ReaderError as error:
        report.error("yaml-syntax", source.span(error.position, error.position + 1), "this character is not allowed in YAML")
    finally:
        loader.dispose()
    return found


def _report_depth(start: int, source: SourceText, report: Report) -> None:
    report.error(
        "yaml-syntax", source.span(start, start + 1), "the file is nested too deeply", help=f"at most {_DEEPEST} levels can mean something"
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    source: SourceText
    report: Report
    is_broken: bool = False
    """Whether a value was reported that nothing further can be said about."""
    has_aliases: bool = True
    """Whether something can stand in the file more than once."""
    may_be_unusable: bool = True
    """Whether a text can hold what no spec may: as it is in the file, or written with an escape."""
    _open: set[int] = field(default_factory=set)
    _built: set[int] = field(default_factory=set)
    _repeated: int = 0

    def build(self, node: yaml.Node, depth: int) -> tuple[Value, Place]:
        """The plain value of a node, and where everything in it stands."""
        if isinstance(node, yaml.ScalarNode):
            # Names of types, columns and tables stand in a thousand places.
            node.value = sys.intern(node.value)
        place = Place(node)
        if self.has_aliases and not self._is_affordable(node):
            return None, place
        if isinstance(node, yaml.ScalarNode):
            if self.may_be_unusable:
                self._check_text(node)
            plain = _scalar(node)
            if not node.style and isinstance(plain, str) and _OLDER.fullmatch(plain):
                self._ambiguous(node, plain)
            return plain, place
        if id(node) in self._open:
            self._error("recursive-alias", node, "this alias contains itself")
            return None, place
        if depth >= _DEEPEST:
            self.is_broken = True
            _report_depth(node.start_mark.index, self.source, self.report)
            return None, place
        self._open.add(id(node))
        value: Value
        if isinstance(node, yaml.MappingNode):
            value, place.inner = self._mapping(node, depth)
        else:
            items = [self.build(child, depth + 1) for child in node.value]
            value, place.inner = [v for v, _ in items], [p for _, p in items]
        self._open.remove(id(node))
        return value, place

    def _is_affordable(self, node: yaml.Node) -> bool:
        """Whether aliases have not repeated too much yet; that is reported once, and no more is read then."""
        was_affordable = self._repeated <= _MOST_REPEATED
        if id(node) in self._built:
            self._repeated += _REPEATED_VALUE + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        self._built.add(id(node))
        if was_affordable and self._repeated > _MOST_REPEATED:
            self._error("recursive-alias", node, "aliases repeat more than a spec can mean")
        return self._repeated <= _MOST_REPEATED

    def _mapping(self, node: yaml.MappingNode, depth: int) -> tuple[dict[str, Value], dict[str, Place]]:
        result: dict[str, Value] = {}
        places: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                # Without quotes, `{{ x }}` is a mapping whose only key is a mapping.
                start = key_node.start_mark.index
                if self.source.text[max(start - 1, 0) : start + 1] == "{{":
                    self._jinja(start - 1, start + 1, "{{")
                else:
                    self._error("key-not-text", key_node, "a key must be a single word or a quoted text")
                continue
            if self.may_be_unusable:
                self._check_text(key_node)
            key = sys.intern(key_node.value)
            if key == "<<" and not key_node.style:
                self._error(
                    "merge-key",
                    key_node,
                    "merge keys (`<<`) are not part of YAML 1.2",
                    help="write the keys out, or put shared columns into `columns:` of the warehouse file",
                )
            elif key in result:
                first = self.source.span(*(places[key].key or (0, 0)))
                self.report.error(
                    "duplicate-key",
                    self.source.span(key_node.start_mark.index, key_node.end_mark.index),
                    f"the key `{key}` stands twice in this mapping",
                    help="remove one of them",
                    related=[Related(span=first, message="first here")],
                    fix=self._without(key_node, value_node, places[key], is_flow=node.flow_style),
                )
            else:
                result[key], places[key] = self.build(value_node, depth + 1)
                places[key].follows(key_node)
        return result, places

    def _check_text(self, node: yaml.ScalarNode) -> None:
        """Report what no text of a spec may hold, since all of it goes into files that dbt, editors and terminals read."""
        for found in [m for m in (_JINJA.search(node.value), _UNUSABLE.search(node.value)) if m]:
            offset = node.start_mark.index
            places = offsets(self.source.text[offset : node.end_mark.index], node.value, node.style) or ((0, 1),)
            start, end = offset + places[min(found.start(), len(places) - 1)][0], offset + places[min(found.end(), len(places)) - 1][1]
            if found.re is _JINJA:
                self._jinja(start, end, found[0])
            else:
                self.is_broken = True
                self.report.error(
                    "unusable-character",
                    self.source.span(start, end),
                    f"the character U+{ord(found[0]):04X} cannot stand in a spec: it is invisible, or no file can hold it",
                    help="remove it",
                )

    def _without(self, key: yaml.Node, value: yaml.Node, first: Place, *, is_flow: bool) -> Fix | None:
        """The fix that removes a key that says the same as the first one."""
        text = self.source.text
        written, before = text[value.start_mark.index : value.end_mark.index], text[first.start : first.end]
        if not written or written != before or "\n" in written:
            return None
        extent = removal(text, key.start_mark.index, value.end_mark.index, is_flow=is_flow)
        return self.source.fix(extent, "", "remove it: it says the same") if extent is not None else None

    def _ambiguous(self, node: yaml.ScalarNode, word: str) -> None:
        span = self.source.span(node.start_mark.index, node.end_mark.index)
        self.report.warning(
            "ambiguous-word",
            span,
            f"`{word}` is a text here, and another value for programs that read older YAML",
            fix=rewritten(span, word, f"'{word}'"),
        )

    def _jinja(self, start: int, end: int, opening: str) -> None:
        self.is_broken = True
        self.report.error(
            "jinja-in-spec",
            self.source.span(start, end),
            f"`{opening}` begins dbt's Jinja, which a spec cannot hold: dbt would run it",
            help="name models and columns as they are; a SELECT that needs Jinja goes into a file of its own (`file:` of a `model:`)",
        )

    def _error(self, code: str, node: yaml.Node, message: str, *, help: str = "") -> None:
        start = node.start_mark.index
        self.is_broken = True
        self.report.error(code, self.source.span(start, max(start + 1, min(node.end_mark.index, start + 20))), message, help=help)


def _scalar(node: yaml.ScalarNode) -> Value:
    text = str(node.value)
    if node.style or len(text) > _LONGEST_NUMBER:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    # What overflows is no number that any warehouse has.
    return float(text) if _FLOAT.fullmatch(text) and math.isfinite(float(text)) else text


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "" and not node.style


def _report_syntax(error: yaml.MarkedYAMLError, source: SourceText, report: Report) -> None:
    places = [mark.index for mark in (error.problem_mark, error.context_mark) if mark is not None] or [0]
    problem = problem_of(error.problem or "", source.text[places[0] : places[0] + 1])
    if problem.unclosed and not source.text[places[0] :].strip():
        # The file ends, and nothing is wrong with its end.
        problem = replace(problem, message=problem.unclosed, at_beginning=True)
    start, began = places[-1] if problem.at_beginning else places[0], places[-1]
    related = [Related(span=source.span(began, began + 1), message=problem.began)] if problem.began and began != start else []
    # Where YAML's reader stumbles is often not where it was led astray.
    if (uneven := start_of_uneven_block(source.text, start)) is not None:
        related.append(Related(span=source.span(uneven, uneven + 1), message="what stands before it is indented like this"))
    if (quote := long_quote(source.text, places[0])) is not None:
        related.append(Related(span=source.span(quote, quote + 1), message="a quote opens here and closes on another line"))
    # Quotes are certain to be what is missing where prose holds a colon, or begins with a character that YAML keeps for itself.
    quoted = None
    if "mapping values" in (error.problem or "") or "cannot start" in (error.problem or ""):
        quoted = quotable(source.text, start, after_blank="mapping values" in (error.problem or ""))
    fix = source.fix(*quoted, "quote it") if quoted is not None else None
    report.error("yaml-syntax", source.span(start, start + 1), problem.message, help=problem.help, related=related, fix=fix)


def is_usable(text: str) -> bool:
    """Whether a spec can hold a text."""
    return not (_JINJA.search(text) or _UNUSABLE.search(text))
