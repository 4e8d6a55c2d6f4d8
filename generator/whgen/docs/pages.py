"""Which pages of the documentation are generated, and from what."""

from __future__ import annotations

from collections.abc import Mapping

from whgen.docs.changes import changes_page
from whgen.docs.commands import commands_page
from whgen.docs.errors import errors_page
from whgen.docs.functions import functions_page
from whgen.docs.specs import spec_page
from whgen.spec.json_schema import schema_text


def pages() -> Mapping[str, str]:
    """File name -> text of every generated page."""
    return {
        "changes.md": changes_page(),
        "commands.md": commands_page(),
        "errors.md": errors_page(),
        "functions.md": functions_page(),
        "spec.md": spec_page(),
        "whgen.schema.json": schema_text(),
    }
