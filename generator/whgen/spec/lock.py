"""`sources.lock`: what the raw tables hold, one document for each source and warehouse. `whgen lock` writes it, and nobody has to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError

from whgen.diagnostics.diagnostic import Related, Report
from whgen.spec.base import ValueOf
from whgen.spec.combination import AnyOf, Combination
from whgen.spec.common import Name, SourceName, SpecModel, Text, TypeName
from whgen.spec.document import ReadDocument, read_documents
from whgen.spec.load import Located, read_text
from whgen.spec.shape import report_shape
from whgen.spec.text import SourceText
from whgen.spec.warehouse import WarehouseName

LOCK_FILE = "sources.lock"


class LockedColumn(SpecModel):
    """What a column of a raw table is."""

    short_form: ClassVar[ValueOf] = ValueOf("type")
    combinations: ClassVar[tuple[Combination, ...]] = (AnyOf(("type", "native"), "give `type`, `native` or both"),)

    type: TypeName | None = None
    """The logical type; none where no logical type holds what the column does."""
    native: Text | None = None
    """The warehouse's own name of the type, where it is not the one that the logical type has there."""


class LockedSource(SpecModel):
    """The raw tables of a source on one warehouse, as `whgen lock` found them."""

    source: Name
    """Name of the source system."""
    warehouse: WarehouseName
    """The kind of warehouse that the tables lie on."""
    tables: dict[SourceName, Annotated[dict[SourceName, LockedColumn], Field(min_length=1)]]
    """Its tables by their names there, each with its columns in their order; a logical type alone is the short form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The whole file. `is_broken`: some of it could not be read and was reported, so nothing follows from what is not in it."""

    sources: Mapping[tuple[str, str], Located[LockedSource]] = field(default_factory=dict)
    """(source, warehouse) -> what was found there."""
    is_broken: bool = False


def load_lock(root: Path, texts: dict[str, str], report: Report) -> Lock:
    """The lock of a project, empty when it has none. Its text joins the others, so that places in it can be shown."""
    path = root / LOCK_FILE
    if not path.exists():
        return Lock()
    before = report.mistakes
    text = read_text(path, LOCK_FILE, report)
    found: dict[tuple[str, str], Located[LockedSource]] = {}
    if text is not None:
        texts[LOCK_FILE] = text
        for read in read_documents(SourceText.of(LOCK_FILE, text), report):
            if (at := _located(read, report)) is not None:
                _add(at, found, report)
    return Lock(sources=found, is_broken=report.mistakes > before)


def _located(read: ReadDocument, report: Report) -> Located[LockedSource] | None:
    try:
        return Located(spec=LockedSource.model_validate(read.value), document=read.document)
    except ValidationError as error:
        report_shape(error, LockedSource, read.document, report)
        return None


def _add(at: Located[LockedSource], found: dict[tuple[str, str], Located[LockedSource]], report: Report) -> None:
    first = found.setdefault((at.spec.source, at.spec.warehouse), at)
    if first is not at:
        report.error(
            "duplicate-name",
            at.at("source"),
            f"the source `{at.spec.source}` on {at.spec.warehouse} stands in `{LOCK_FILE}` twice",
            help="remove one of them, then run `whgen lock`",
            related=[Related(span=first.at("source"), message="first here")],
        )
