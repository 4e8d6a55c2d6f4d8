"""The command line: `whgen COMMAND`. Everything heavy is imported by the command that needs it, so that help is instant."""

from __future__ import annotations

import os

_INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script. Ctrl-C ends it quietly from the first moment on, while modules are still imported."""
    try:
        from whgen.cli.app import main as run

        run()
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
