"""`whgen explain`: what an error code means, and how to mend what it reports."""

from __future__ import annotations

import json
import textwrap

import click

from whgen.cli.say import leave, say
from whgen.cli.settings import OK, USAGE, Settings, common, formatted


@click.command()
@click.argument("code")
@formatted("json")
@common
@click.pass_obj
def explain(settings: Settings, code: str) -> None:
    """Say what the error CODE means, why it matters and how to mend it."""
    from whgen.diagnostics.codes import CODES
    from whgen.diagnostics.diagnostic import candidates_help

    found = CODES.get(code)
    if found is None:
        label, help_ = candidates_help(code, CODES, kind="codes")
        say(f"there is no code `{code}`: {label or help_}", err=True)
        leave(USAGE)
    if not settings.is_text:
        parts = ("name", "title", "what", "why", "example", "fix")
        say(json.dumps({part: getattr(found, part) for part in parts}, indent=2))
        leave(OK)
    say(f"{found.name}: {found.title}")
    say()
    say(found.what)
    for heading, text in (("Why", found.why), ("Example", found.example), ("Remedy", found.fix)):
        say()
        say(f"{heading}:")
        say(textwrap.indent(text, "  "))
    leave(OK)
