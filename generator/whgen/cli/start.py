"""`whgen init` and `whgen completion`: the first minutes."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from whgen.cli.say import fail, leave, say, say_for_programs
from whgen.cli.settings import OK, Settings, common, formatted


@click.command()
@click.argument("folder", required=False, type=click.Path())
@click.option("--name", help="Name of the warehouse; the folder's when not given.")
@formatted("json")
@common
@click.pass_obj
def init(settings: Settings, folder: str | None, name: str | None) -> None:
    """Create a small project that builds, in FOLDER or here."""
    from whgen.scaffold import ScaffoldError, create, is_name

    if folder == "":
        raise click.BadArgumentUsage("the name of the folder is empty")
    if name is not None and not is_name(name):
        raise click.BadOptionUsage("name", f"`{name}` cannot be a name: it has lower-case letters, digits and underscores")
    place = settings.folder / folder if folder else settings.folder
    try:
        files = create(place, name)
    except ScaffoldError as problem:
        fail("no-project", str(problem))
    if not settings.is_text:
        created = [path.as_posix() for path in files]
        say_for_programs(settings, {"ok": True, "exit_code": OK, "folder": place.as_posix(), "created": created}, [])
        leave(OK)
    if not settings.quiet:
        for path in files:
            say(f"  created  {place / path}")
        say(f"Now: {'' if place == Path() else f'cd {shlex.quote(str(place))} && '}whgen build")
    leave(OK)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def completion(shell: str) -> None:
    """Print the completion script of a shell, as in: eval "$(whgen completion bash)"."""
    from click.shell_completion import get_completion_class

    from whgen.cli.app import app

    found = get_completion_class(shell)
    assert found is not None, "click knows the shells that the argument accepts"
    say(found(app, {}, "whgen", "_WHGEN_COMPLETE").source())
    leave(OK)
