"""sqlglot as Python, where a compiled twin of it is installed, too (`sqlglotc`): its compiled classes cannot be derived from.

In: nothing. Out: imports of sqlglot, from then on, that read its Python files. Without a twin nothing changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType


class _PlainFinder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("sqlglot."):
            return None
        found = (FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name, target) for folder in path or ())
        return next((spec for spec in found if spec is not None), None)


def prefer_plain_sqlglot() -> None:
    """Import sqlglot from its Python files; what is imported already stays as it is."""
    if not any(isinstance(finder, _PlainFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _PlainFinder())
