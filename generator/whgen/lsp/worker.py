"""A process that checks whole projects, so that answers in the meantime are not held up by it.

In: a folder and texts, by a pipe. Out: `Knowledge`, or what went wrong. One thing is done at a time; who asks keeps the rest.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Answer = Callable[[Any, str], None]


class Worker:
    """The other process, as this one sees it. `answer` is called from a thread, with the result or with what went wrong."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._pipe: Connection | None = None
        self._process: Any = None
        self._is_stopped = False

    def ask(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Have a function of a module called there."""
        if self._process is None or not self._process.is_alive() or self._pipe is None:
            self._start()
        assert self._pipe is not None
        try:
            self._pipe.send((work, arguments))
        except OSError as problem:
            self._answer(None, str(problem))

    def stop(self) -> None:
        """End the other process."""
        self._is_stopped = True
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()

    def _start(self) -> None:
        # A copy of a process with threads may never wake up, so it begins anew.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True, name="whgen check")
        self._process.start()
        theirs.close()
        threading.Thread(target=self._listen, args=(self._pipe,), daemon=True).start()

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                found, problem = pipe.recv()
            except (EOFError, OSError, TypeError, ValueError):
                # A pipe that is closed while somebody waits at it fails in any of these ways.
                if not self._is_stopped:
                    self._answer(None, "the process that checks has ended")
                return
            if not self._is_stopped:
                self._answer(found, problem)


def serve(pipe: Connection) -> None:
    """What the other process does until nobody is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The streams of this process are the editor's.
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        # Who types waits for the other process.
        os.nice(5)
    while True:
        try:
            work, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = work(*arguments), ""
        except Exception:  # noqa: BLE001 - a bug of ours is told, and must not end what the editor relies on
            answer = None, traceback.format_exc()
        try:
            pipe.send(answer)
        except (OSError, BrokenPipeError):
            return


def checked(root: Path, texts: Mapping[str, str]) -> Any:
    """A whole check, for the other process."""
    from whgen.lsp.check import check_all

    return check_all(root, texts)


def renamed(root: Path, texts: Mapping[str, str], file: str, line: int, column: int, new: str) -> Any:
    """A new name for a column, for the other process."""
    from whgen.lsp.rename import rename

    return rename(root, texts, file, line, column, new)
