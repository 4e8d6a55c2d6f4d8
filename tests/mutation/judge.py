"""What became of a mutant: refused, and how near to the damage; or accepted, and whether dbt or DuckDB refuse what was generated."""

from __future__ import annotations

import re
import shutil
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

import sqlglot

from answers import check_answer
from mutation.corpus import projects
from mutation.damage import Mutant
from mutation.parsing import Parser
from mutation.warehouse import later_errors, source_columns
from projects import write_project
from test_cases import without_jinja
from whgen.compilation import Compilation, Generated
from whgen.diagnostics.diagnostic import Severity, Span
from whgen.pipeline import compile_specs, validate

NEAR = 2
"""How many lines from the damage a diagnostic may stand to be found at once."""


class Verdict(StrEnum):
    """What became of a mutant, in the order of the columns of the summary."""

    NEAR = "refused within two lines"
    POINTED = "refused elsewhere, with the damage shown as related"
    FAR = "refused elsewhere"
    SAME = "accepted, same output"
    OTHER = "accepted, another valid meaning"
    SOURCE = "accepted, reads what the source lacks"
    LATE = "accepted, fails later"
    TRACEBACK = "traceback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One mutant, judged; all of it plain data, so that it can be kept in a file."""

    number: int
    kind: str
    project: str
    file: str
    shown: str
    lines: tuple[int, int]
    verdict: Verdict
    distance: int | None = None
    seconds: float = 0.0
    said: tuple[str, ...] = field(default=())

    def as_json(self) -> Mapping[str, object]:
        """The judgement as JSON holds it."""
        return asdict(self)


class Judge:
    """A copy of every project, in which one mutant at a time is compiled, and the output of the undamaged ones."""

    def __init__(self, folder: Path, *, with_dbt: bool) -> None:
        self.folder = folder
        self.with_dbt = with_dbt
        self.parsers: dict[str, Parser] = {}
        self.undamaged: dict[str, Compilation] = {}

    def judge(self, mutant: Mutant) -> Judgement:
        """What becomes of a mutant."""
        if mutant.project not in self.undamaged:
            self._prepare(mutant.project)
        root = self.folder / mutant.project
        place = root / mutant.file
        place.write_bytes(mutant.text.encode("utf-8"))
        start = time.perf_counter()
        try:
            # Finding no errors takes a tenth of the time that generating takes.
            found = validate(root)
            seconds = time.perf_counter() - start
            found = found if found.report.has_errors else compile_specs(root)
            check_answer(found, root)
        except Exception:  # noqa: BLE001 - that there is none is what is to be shown
            return _judgement(mutant, Verdict.TRACEBACK, said=(traceback.format_exc(limit=-3),))
        finally:
            place.write_text(projects()[mutant.project][mutant.file], encoding="utf-8")
        judged = _refused(mutant, found) if found.report.has_errors else self._accepted(mutant, found)
        return _judgement(mutant, judged.verdict, distance=judged.distance, said=judged.said, seconds=seconds)

    def _prepare(self, project: str) -> None:
        root = self.folder / project
        shutil.rmtree(root, ignore_errors=True)
        undamaged = compile_specs(write_project(root, projects()[project]))
        assert not undamaged.report.has_errors, project
        late = self._later(project, undamaged.projects)
        assert late == [], (project, late)
        self.undamaged[project] = undamaged

    def _accepted(self, mutant: Mutant, found: Compilation) -> Judgement:
        before = self.undamaged[mutant.project].projects
        if _texts(found.projects) == _texts(before):
            return _judgement(mutant, Verdict.SAME)
        if late := self._later(mutant.project, found.projects):
            return _judgement(mutant, Verdict.LATE, said=tuple(late))
        warnings = tuple(f"warning: {d.code} at {d.span}" for d in found.report)
        if missing := sorted(
            {m for p in found.projects for m in source_columns(p.files)} - {m for p in before for m in source_columns(p.files)}
        ):
            return _judgement(mutant, Verdict.SOURCE, said=(*(".".join(m) for m in missing[:5]), *warnings))
        return _judgement(mutant, Verdict.OTHER, said=warnings)

    def _later(self, project: str, found: Iterable[Generated]) -> list[str]:
        late = []
        for generated in found:
            late += [f"{generated.warehouse}: {e}" for e in _sql_errors(generated)]
            if self.with_dbt:
                parser = self.parsers.setdefault(project, Parser(self.folder / f"{project}.dbt"))
                late += [f"dbt parse for {generated.warehouse}: {e}" for e in [parser.error(generated)] if e]
        return late


def _sql_errors(generated: Generated) -> list[str]:
    if generated.warehouse == "duckdb":
        return later_errors(generated.files)
    found = []
    for path, text in generated.files.items():
        if path.suffix == ".sql" and path.parts[0] == "models":
            try:
                sqlglot.parse_one(without_jinja(text), read=generated.warehouse)
            except sqlglot.errors.SqlglotError as error:
                found.append(f"{path}: {str(error)[:200]}")
    return found


def _refused(mutant: Mutant, found: Compilation) -> Judgement:
    errors = [d for d in found.report if d.severity is Severity.ERROR]
    said = tuple(f"{d.code} at {d.span}: {d.message}" for d in errors[:4])
    distance = _distance(mutant, [d.span for d in errors])
    if distance is not None and distance <= NEAR:
        return _judgement(mutant, Verdict.NEAR, distance=distance, said=said)
    related = _distance(mutant, [r.span for d in errors for r in d.related])
    pointed = related is not None and related <= NEAR
    return _judgement(mutant, Verdict.POINTED if pointed else Verdict.FAR, distance=distance, said=said)


def _distance(mutant: Mutant, spans: Iterable[Span]) -> int | None:
    """The lines between the damage and the nearest of the places; None when all are in other files."""
    inside = [s for s in spans if s.file == mutant.file]
    return min((max(line - s.end_line, s.line - line, 0) for s in inside for line in mutant.lines), default=None)


def _texts(found: Iterable[Generated]) -> Mapping[tuple[str, PurePosixPath], str]:
    """All generated texts, without the comments that a damaged comment of a spec cannot change."""
    return {(p.warehouse, path): re.sub(r"(?m)^(#|--) Generated by .*$", "", text) for p in found for path, text in p.files.items()}


def _judgement(
    mutant: Mutant, verdict: Verdict, *, distance: int | None = None, said: tuple[str, ...] = (), seconds: float = 0.0
) -> Judgement:
    return Judgement(
        number=mutant.number,
        kind=mutant.kind,
        project=mutant.project,
        file=mutant.file,
        shown=mutant.shown,
        lines=(min(mutant.lines), max(mutant.lines)),
        verdict=verdict,
        distance=distance,
        said=said,
        seconds=seconds,
    )
