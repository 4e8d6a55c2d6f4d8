"""`whgen alert`: posts a message to the address in an environment variable, for the tasks of schedulers that have failed."""

from __future__ import annotations

import json
import os

import click

from whgen.cli.say import fail, leave
from whgen.cli.settings import OK, Settings, common

_SECONDS = 20


@click.command()
@click.argument("variable")
@click.argument("message")
@common
@click.pass_obj
def alert(settings: Settings, variable: str, message: str) -> None:  # noqa: ARG001
    """Post MESSAGE, as the `text` of a JSON document, to the address that the environment variable VARIABLE holds."""
    import urllib.error
    import urllib.request

    address = os.environ.get(variable, "")
    if not address.startswith(("https://", "http://")):
        said = "is not set" if not address else "holds no address that begins with https://"
        fail("alert-failed", f"the environment variable `{variable}` {said}", help="set it to the address of the webhook")
    request = urllib.request.Request(address, data=json.dumps({"text": message}).encode(), headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):
            leave(OK)
    except (OSError, ValueError) as problem:
        # The address is a secret: whoever has it can post. Messages of urllib do not hold it.
        reason = f"status {problem.code}" if isinstance(problem, urllib.error.HTTPError) else type(problem).__name__
        fail("alert-failed", f"the address in `{variable}` did not take the message: {reason}", help="check the address and the network")
