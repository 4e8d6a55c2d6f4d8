"""The one door to Jinja2: an environment that is strict, prints nothing but text, and leaves dbt's `{{ }}` alone."""

from __future__ import annotations

from pathlib import Path

import jinja2

Environment = jinja2.Environment


class NotTextError(TypeError):
    """A template printed something that is not text: a bug of the template, or of the view that fills it."""


def environment(*folders: Path) -> jinja2.Environment:
    """An environment over template folders; a template in an earlier folder stands before one of the same name in a later."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(f) for f in folders]),
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=jinja2.StrictUndefined,
        finalize=_only_text,
        keep_trailing_newline=True,
        # The output is SQL and Markdown, not HTML.
        autoescape=False,
    )


def _only_text(value: object) -> str:
    if not isinstance(value, str):
        raise NotTextError(f"a template printed {value!r}, which is not text")
    return value


def shipped_templates() -> Path:
    """The folder of whgen's own templates: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent.parent / "templates"
