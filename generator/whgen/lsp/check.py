"""Texts of specs -> what is wrong with them and what is known of them. In: the folder and the texts of open files. Out: `Knowledge`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from whgen.diagnostics.diagnostic import Diagnostic
from whgen.ir.warehouse import Warehouse
from whgen.lsp.knowledge import Knowledge, Use, known_tables, packed
from whgen.pipeline import understand_texts
from whgen.resolve.outline import outline_of


def check_all(root: Path, texts: Mapping[str, str]) -> Knowledge:
    """The whole project, with these texts in the place of their files."""
    compilation, warehouse = understand_texts(root, texts, uses=True)
    outline = outline_of(warehouse) if warehouse is not None else None
    return Knowledge(
        diagnostics=tuple(compilation.report),
        texts=dict(compilation.texts),
        tables=known_tables(warehouse) if warehouse is not None else {},
        reads=outline.reads if outline is not None else {},
        project_file=outline.file if outline is not None else "",
        dialect=warehouse.warehouses[0] if warehouse is not None else "",
        packed_uses=packed(compilation.report.uses or ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some files, checked as if there were no others."""

    diagnostics: tuple[Diagnostic, ...] = ()
    warehouse: Warehouse | None = None
    uses: tuple[Use, ...] = ()


def check_part(root: Path, texts: Mapping[str, str]) -> Part:
    """These texts, as if there were no other files."""
    compilation, warehouse = understand_texts(root, texts, alone=True, uses=True)
    return Part(diagnostics=tuple(compilation.report), warehouse=warehouse, uses=tuple(compilation.report.uses or ()))
