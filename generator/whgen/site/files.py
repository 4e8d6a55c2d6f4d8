"""The data of the site -> its files: a page, its style, its scripts, and the data as a script, which a page from a file may load."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from whgen.render.environment import environment, shipped_templates

_FOLDER = "docs"
_PAGE = "index.html.j2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageView:
    """What templates/docs/index.html.j2 shows, safe to stand in HTML."""

    title: str
    description: str


def site_files(data: Mapping[str, Any]) -> dict[str, str]:
    """The text of each file by its name."""
    rest = {k: v for k, v in data.items() if k != "lineage"}
    view = _PageView(title=html.escape(data["project"]), description=html.escape(data["description"]))
    return {
        "index.html": environment(_folder()).get_template(_PAGE).render(model=view),
        # A browser reads a long text faster as JSON than as a program; lineage it reads when it is first shown.
        "data.js": f"window.WHGEN = JSON.parse({_text(rest)});\nwindow.WHGEN_LINEAGE = {_text(data['lineage'])};\n",
        **_static(),
    }


def _text(data: Mapping[str, Any]) -> str:
    """Data as JSON in a text of JavaScript."""
    return json.dumps(json.dumps(data, separators=(",", ":")))


def _folder() -> Path:
    return shipped_templates() / _FOLDER


@cache
def _static() -> Mapping[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(_folder().iterdir()) if p.suffix in (".css", ".js")}
