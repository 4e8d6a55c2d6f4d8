"""The group of commands, and what happens to an exception that nobody expected."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TextIO

import click

from whgen import __version__
from whgen.cli.alert import alert
from whgen.cli.build import build, run, test
from whgen.cli.check import validate
from whgen.cli.ci import ci
from whgen.cli.diff import diff
from whgen.cli.docs import docs
from whgen.cli.doctor import doctor
from whgen.cli.drop import drop
from whgen.cli.explain import explain
from whgen.cli.freshness import freshness
from whgen.cli.generate import generate
from whgen.cli.lineage import lineage
from whgen.cli.lock import lock
from whgen.cli.lsp import lsp
from whgen.cli.nodes import ls
from whgen.cli.plan import plan
from whgen.cli.publish import rollback
from whgen.cli.rehearse import rehearse
from whgen.cli.runs import runs
from whgen.cli.say import leave, say
from whgen.cli.schedule import schedule
from whgen.cli.schema import schema
from whgen.cli.settings import FAILED, INTERNAL, INTERRUPTED, OK, common
from whgen.cli.start import completion, init

_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE)
"""What the system refuses through no fault of ours, wherever it happens."""
_EPILOG = (
    "Exit codes: 0 done, 1 something in your project is wrong, 2 wrong usage, "
    "3 a source is stale, a breaking change is not acknowledged or tables differ, 70 a bug in whgen, 130 interrupted."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=_EPILOG)
@click.version_option(__version__, "--version", prog_name="whgen", message="%(prog)s %(version)s")
@common
def app() -> None:
    """YAML specs of a data warehouse in, a complete dbt project out, built and tested."""


for command in (
    init,
    validate,
    generate,
    plan,
    diff,
    build,
    run,
    test,
    rollback,
    rehearse,
    drop,
    doctor,
    ls,
    lock,
    freshness,
    runs,
    schedule,
    ci,
    alert,
    explain,
    lineage,
    docs,
    schema,
    lsp,
    completion,
):
    app.add_command(command)


def main() -> None:
    """Run the command that the arguments name, and end the process."""
    # A stream that the caller closed is None, which no library expects.
    output = sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        app.main(standalone_mode=False, prog_name="whgen")
    except click.exceptions.Exit as stop:
        leave(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.", err=True)
        leave(INTERRUPTED)
    except click.ClickException as usage:
        usage.show()
        leave(usage.exit_code)
    except SystemExit:
        # click puts another stream in place, and makes an error of it, when whoever reads its help has seen enough.
        if sys.stdout is not output:
            leave(OK)
        raise
    except OSError as refusal:
        if refusal.errno not in _OF_THE_MACHINE:
            _apologise(refusal)
            leave(INTERNAL)
        say(f"error[output-failed]: {refusal.strerror}{f': {refusal.filename}' if refusal.filename else ''}", err=True)
        leave(FAILED)
    except Exception as bug:  # noqa: BLE001 - the one place where a bug of ours becomes a message
        _apologise(bug)
        leave(INTERNAL)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _apologise(bug: Exception) -> None:
    import traceback

    words = [a for a in sys.argv[1:] if a in app.commands]
    say(f"internal error while running `whgen {' '.join(words[:1])}`: {type(bug).__name__}: {bug}", err=True)
    say("This is a bug in whgen, not in your project. Please report it with the lines below.", err=True)
    say("".join(traceback.format_exception(bug)), err=True)
