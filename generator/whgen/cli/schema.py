"""`whgen schema`: the spec language as JSON Schema, for editors and other programs."""

from __future__ import annotations

import click

from whgen.cli.say import fail, leave, say
from whgen.cli.settings import OK, Settings, common


@click.command()
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write it to FILE instead of printing it.")
@common
@click.pass_obj
def schema(settings: Settings, output: str | None) -> None:
    """Print the JSON Schema of the specs, which lets editors check and complete them. `whgen init` puts it into new projects."""
    from whgen.spec.json_schema import schema_text

    if output is None:
        say(schema_text().rstrip("\n"))
        leave(OK)

    from whgen.output_file import write_file
    from whgen.output_manifest import OutputError

    if not output:
        raise click.BadOptionUsage("output", "the name of the file is empty")
    path = settings.folder / output
    try:
        write_file(path, [schema_text()])
    except OutputError as problem:
        fail("output-failed", problem.message)
    if not settings.quiet:
        say(f"  written  {path}")
    leave(OK)
