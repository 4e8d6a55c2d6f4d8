"""docs/commands.md: the reference of the command line, made from the commands' own help."""

from __future__ import annotations

import importlib
from typing import Any


def commands_page() -> str:
    """The help of the group and of each command."""
    # Looked up by name: the command line stands above the documentation, which only shows it.
    app: Any = importlib.import_module("whgen.cli.app").app
    parts = ["# Commands", "", "What `whgen COMMAND --help` prints.", "", *_block("whgen", app)]
    for name in app.commands:
        parts += [f"## whgen {name}", "", *_block(f"whgen {name}", app.commands[name])]
    return "\n".join(parts).rstrip() + "\n"


def _block(name: str, command: Any) -> list[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    context.terminal_width = context.max_content_width = 100
    return ["```text", command.get_help(context).rstrip(), "```", ""]
