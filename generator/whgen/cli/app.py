"""The group of commands, and what happens to an exception that nobody expected."""

from __future__ import annotations

import sys

import click

from whgen import __version__
from whgen.cli.build import build, run, test
from whgen.cli.check import validate
from whgen.cli.explain import explain
from whgen.cli.generate import generate
from whgen.cli.nodes import ls
from whgen.cli.say import leave
from whgen.cli.settings import INTERNAL, INTERRUPTED, common
from whgen.cli.start import completion, init

_EPILOG = "Exit codes: 0 done, 1 something in your project is wrong, 2 wrong usage, 70 a bug in whgen, 130 interrupted."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=_EPILOG)
@click.version_option(__version__, "--version", prog_name="whgen", message="%(prog)s %(version)s")
@common
def app() -> None:
    """YAML specs of a data warehouse in, a complete dbt project out, built and tested."""


for command in (init, validate, generate, build, run, test, ls, explain, completion):
    app.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    try:
        app.main(standalone_mode=False, prog_name="whgen")
    except click.exceptions.Exit as stop:
        leave(stop.exit_code)
    except click.Abort:
        leave(INTERRUPTED)
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except click.ClickException as usage:
        usage.show()
        leave(usage.exit_code)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        sys.stdout = sys.stderr
        leave(0)
    except Exception as bug:  # noqa: BLE001 - the one place where a bug of ours becomes a message
        _apologise(bug)
        leave(INTERNAL)


def _apologise(bug: Exception) -> None:
    import traceback

    words = [a for a in sys.argv[1:] if not a.startswith("-")]
    click.echo(f"internal error while running `whgen {' '.join(words[:1])}`: {type(bug).__name__}: {bug}", err=True)
    click.echo("This is a bug in whgen, not in your project. Please report it with the lines below.", err=True)
    click.echo("".join(traceback.format_exception(bug)), err=True)
