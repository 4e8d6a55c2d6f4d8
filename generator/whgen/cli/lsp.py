"""`whgen lsp`: a language server for editors."""

from __future__ import annotations

import importlib.util

import click

from whgen.cli.say import fail
from whgen.cli.settings import common


@click.command()
@click.option(
    "--stdio", is_flag=True, expose_value=False, help="Speak over standard input and output, as it does anyway: some editors say so."
)
@common
def lsp() -> None:
    """Serve an editor by the Language Server Protocol: what is wrong while it is typed, completion, hover, renaming.

    An editor starts it, and speaks with it over standard input and output; the README shows how. Install it with whgen[lsp].
    """
    if importlib.util.find_spec("pygls") is None:
        fail("lsp-not-installed", "the language server needs pygls", help="pip install 'whgen[lsp]'")
    from whgen.lsp.server import serve

    serve()
