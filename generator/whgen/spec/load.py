"""A folder of YAML files -> `Specs`: every document as the model of its noun, with its place.

Reads everything and reports everything: one broken file hides no mistake in another. Pydantic's errors become diagnostics in `shape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.spec.breaking import BreakingSpec
from whgen.spec.common import SpecModel
from whgen.spec.dimension import DimensionSpec
from whgen.spec.document import Document, ReadDocument, read_documents
from whgen.spec.exposure import ExposureSpec
from whgen.spec.fact import FactSpec
from whgen.spec.model import ModelSpec
from whgen.spec.schedule import ScheduleSpec
from whgen.spec.secrets import report_passwords, report_secrets
from whgen.spec.seed import SeedSpec
from whgen.spec.shape import report_shape
from whgen.spec.source import SourceSpec
from whgen.spec.text import SourceText
from whgen.spec.warehouse import WarehouseSpec

NOUNS: dict[str, type[SpecModel]] = {
    "warehouse": WarehouseSpec,
    "source": SourceSpec,
    "dimension": DimensionSpec,
    "fact": FactSpec,
    "seed": SeedSpec,
    "model": ModelSpec,
    "exposure": ExposureSpec,
    "schedule": ScheduleSpec,
    "breaking": BreakingSpec,
}
_NOUN = re.compile(rf"^(?P<noun>{'|'.join(NOUNS)}):[ \t]+['\"]?(?P<name>\w+)", re.MULTILINE)
_LARGEST_FILE = 20_000_000

S = TypeVar("S", bound=SpecModel, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located(Generic[S]):
    """A spec and the document that it was read from."""

    spec: S
    document: Document

    @property
    def file(self) -> str:
        """The file, relative to the project folder."""
        return self.document.source.file

    def at(self, *path: str | int) -> Span:
        """Where the value at `path` stands."""
        return self.document.span(*path)

    def key(self, *path: str | int) -> Span:
        """Where the key that leads to `path` stands."""
        return self.document.key_span(*path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specs:
    """All that the user wrote, sorted by name, so that neither files nor their order matter."""

    root: Path
    warehouse: Located[WarehouseSpec] | None
    sources: tuple[Located[SourceSpec], ...] = ()
    dimensions: tuple[Located[DimensionSpec], ...] = ()
    facts: tuple[Located[FactSpec], ...] = ()
    seeds: tuple[Located[SeedSpec], ...] = ()
    models: tuple[Located[ModelSpec], ...] = ()
    exposures: tuple[Located[ExposureSpec], ...] = ()
    schedules: tuple[Located[ScheduleSpec], ...] = ()
    breaking: tuple[Located[BreakingSpec], ...] = ()
    texts: dict[str, str]
    lost: frozenset[str] = frozenset()
    """Names of documents that were reported and left out; `` stands for one whose name is not known."""


def load_specs(root: Path, report: Report, given: Mapping[str, str] | None = None, *, alone: bool = False) -> Specs:
    """Read `root`/specs. Files that cannot be read and documents of the wrong shape are reported and left out.

    `given` texts stand in for files of these names; `alone`: no others are read.
    """
    texts: dict[str, str] = dict(given or {})
    found: dict[str, list[Located[SpecModel]]] = {noun: [] for noun in NOUNS}
    documents: list[ReadDocument] = []
    lost: set[str] = set()
    own = {root / file for file in texts if alone or (file.startswith("specs/") and file.endswith(".yml"))}
    for path in sorted(own if alone else own.union(_spec_files(root / "specs", root, report))):
        file = path.relative_to(root).as_posix()
        if (text := texts.get(file) or read_text(path, file, report)) is not None:
            texts[file] = text
            errors, read = report.errors, read_documents(SourceText.of(file, text), report)
            documents += read
            lost |= _lost_in(text, read) if report.errors > errors else set()
        else:
            lost.add("")
    if any(d.code == "wrong-file-name" for d in report):
        lost.add("")
    for file, text in texts.items():
        report_secrets(SourceText.of(file, text), report)
    documents.reverse()
    while documents:
        # One after the other they are let go of, since what a spec is takes the memory of what was read.
        read_document = documents.pop()
        report_passwords(read_document, report)
        located, noun = _located(read_document, report), _noun(read_document.value) or ""
        if located is not None:
            found[noun].append(located)
        else:
            name = read_document.value.get(noun)
            lost.add(name if isinstance(name, str) else "")
    named = {noun: _unique(noun, items, report) for noun, items in found.items()}
    return Specs(
        root=root,
        warehouse=_the_warehouse(found["warehouse"], report),
        sources=_of(named["source"], SourceSpec),
        dimensions=_of(named["dimension"], DimensionSpec),
        facts=_of(named["fact"], FactSpec),
        seeds=_of(named["seed"], SeedSpec),
        models=_of(named["model"], ModelSpec),
        exposures=_of(named["exposure"], ExposureSpec),
        schedules=_of(named["schedule"], ScheduleSpec),
        breaking=_of(named["breaking"], BreakingSpec),
        texts=texts,
        lost=frozenset(lost),
    )


def _lost_in(text: str, read: list[ReadDocument]) -> set[str]:
    """What a file seems to describe that was not read to its end: the names behind nouns, or `` when nothing can be told."""
    named = {(m["noun"], m["name"]) for m in _NOUN.finditer(text)}
    known = {(noun, document.value[noun]) for document in read if (noun := _noun(document.value)) is not None}
    return {name for _, name in named - known} or ({""} if not named else set())


def read_text(path: Path, file: str, report: Report) -> str | None:
    """The text of a UTF-8 file with `\\n` line ends, or None and a diagnostic."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            report.error("unreadable-file", Span(file=file), f"`{file}` is larger than {_LARGEST_FILE // 1_000_000} MB")
            return None
        return as_read(path.read_bytes())
    except UnicodeDecodeError as error:
        report.error("unreadable-file", Span(file=file), f"`{file}` is not UTF-8 text (byte {error.start})", help="save it as UTF-8")
    except OSError as error:
        report.error("unreadable-file", Span(file=file), f"`{file}` cannot be read: {error.strerror}")
    return None


def as_read(content: bytes) -> str:
    """The text of a file as spans count in it: without a byte order mark, and with `\\n` at the ends of lines."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def _spec_files(folder: Path, root: Path, report: Report) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".yml", ".yaml") or path.is_dir():
            continue
        file = path.relative_to(root).as_posix()
        if not file.isprintable() or "{" in file:
            # The path stands in a comment of every file made from it, where a line break would end the comment and dbt reads Jinja.
            shown = ascii(file)[1:-1]
            report.error(
                "wrong-file-name", Span(file=shown), f"`{shown}` holds characters that cannot stand in a comment", help="rename it"
            )
        elif path.suffix == ".yml":
            yield path
        else:
            report.error("wrong-file-name", Span(file=file), f"`{file}` would not be read: specs end in .yml", help="rename it to .yml")


def _noun(value: Mapping[str, object]) -> str | None:
    """The noun of a document is its first key; a noun further down is accepted too, so that order never matters."""
    keys = list(value)
    return keys[0] if keys and keys[0] in NOUNS else next((k for k in keys if k in NOUNS), None)


def _located(read: ReadDocument, report: Report) -> Located[SpecModel] | None:
    noun, document = _noun(read.value), read.document
    if noun is None:
        first = next(iter(read.value), "")
        report.unknown(
            "unknown-noun",
            document.key_span(first) if first else document.span(),
            f"`{first}` is nothing that a spec can describe",
            name=first,
            known=NOUNS,
            kind="nouns",
        )
        return None
    try:
        spec = NOUNS[noun].model_validate(read.value)
    except ValidationError as error:
        report_shape(error, NOUNS[noun], document, report)
        return None
    return Located(spec=spec, document=document)


def _unique(noun: str, items: list[Located[SpecModel]], report: Report) -> list[Located[SpecModel]]:
    by_name: dict[str, Located[SpecModel]] = {}
    for item in items:
        name = str(getattr(item.spec, noun))
        if name in by_name:
            report.error(
                "duplicate-name",
                item.at(noun),
                f"there are two specs of the {noun} `{name}`",
                help="rename or remove one of them",
                related=[Related(span=by_name[name].at(noun), message="first here")],
            )
        else:
            by_name[name] = item
    return [by_name[name] for name in sorted(by_name)]


def _the_warehouse(items: list[Located[SpecModel]], report: Report) -> Located[WarehouseSpec] | None:
    for extra in items[1:]:
        report.error(
            "duplicate-name",
            extra.at("warehouse"),
            "a project has one `warehouse:`",
            related=[Related(span=items[0].at("warehouse"), message="first here")],
        )
    if items:
        return _of(items[:1], WarehouseSpec)[0]
    if not report.has_errors:
        report.error(
            "no-warehouse",
            Span(file="specs/warehouse.yml"),
            "the project has no `warehouse:` document",
            help="create specs/warehouse.yml with `warehouse: NAME` and `targets:`, or start with `whgen init`",
        )
    return None


def _of(items: list[Located[SpecModel]], model: type[S]) -> tuple[Located[S], ...]:
    return tuple(Located(spec=item.spec, document=item.document) for item in items if isinstance(item.spec, model))
