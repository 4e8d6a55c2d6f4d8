"""Golden files: what stands on disk is compared with what comes out; `--golden` writes it anew, and then fails."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import pytest


def check_golden(wanted: Mapping[Path, str], *, refresh: bool, stale: frozenset[Path] = frozenset()) -> None:
    """Compare files with their texts. `stale` are files that may be there from before: those not wanted are a difference, too."""
    changed = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    removed = [path for path in stale if path.is_file() and path not in wanted]
    if not changed and not removed:
        return
    if refresh:
        for path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8", newline="\n")
        for path in removed:
            path.unlink()
        pytest.fail("written anew, read them: " + ", ".join(str(p) for p in [*changed, *removed]))
    shown = "".join(_diff(path, wanted.get(path, "")) for path in [*changed, *removed])
    pytest.fail(f"golden files differ (`make golden` writes them anew):\n{shown}")


def _diff(path: Path, text: str) -> str:
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    return "".join(difflib.unified_diff(old.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "now"))
