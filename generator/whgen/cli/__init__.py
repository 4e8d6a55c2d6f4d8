"""The command line: `whgen COMMAND`. Everything heavy is imported by the command that needs it, so that help is instant."""

from whgen.cli.app import main

__all__ = ["main"]
