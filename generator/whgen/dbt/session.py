"""The surroundings of dbt in this process: its arguments, its working folder and variables, and letting go of the warehouse."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from whgen.dbt.developer import PREFIX_VARIABLE, VARIABLE, DeveloperError, developer
from whgen.dbt.events import Invocation

_COMMANDS = {
    "freshness": ("source", "freshness"),
    # `dbt run` leaves seeds out, and then models that read them fail: a run is a build without tests.
    "run": ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
}
_BUILDING = ("build", "run", "ls")


def adapter_is_installed(warehouse: str) -> bool:
    """Whether dbt's adapter for a warehouse can be imported."""
    try:
        return importlib.util.find_spec(f"dbt.adapters.{warehouse}") is not None
    except ModuleNotFoundError:
        return False


def log_of(invocation: Invocation) -> Path:
    """Where dbt writes everything that it has to say."""
    return invocation.project / "logs" / invocation.place / "dbt.log"


def arguments(invocation: Invocation) -> list[str]:
    """What to call dbt with. It prints nothing: its events come through a callback, and all of them go to its log."""
    folder = str(invocation.project)
    found = ["--quiet", "--log-level", "none", "--no-print", "--no-version-check", "--no-use-colors", "--no-use-colors-file"]
    # The level of the file, unless it is given, is that of the terminal.
    found += ["--log-level-file", "debug", "--log-path", str(log_of(invocation).parent), "--no-send-anonymous-usage-stats"]
    places = ["--project-dir", folder, "--profiles-dir", folder, "--target", invocation.target]
    if invocation.place:
        places += ["--target-path", str(Path("target") / invocation.place)]
    threads = ["--threads", str(invocation.threads)] if invocation.threads is not None else []
    if invocation.retry:
        # What is selected, and how, dbt has from the command that failed.
        return [*found, "retry", *places, *threads]
    found += [*_COMMANDS.get(invocation.command, (invocation.command,)), *places]
    for flag, values in (("--select", invocation.select), ("--exclude", invocation.exclude)):
        found += [flag, *values] if values else []
    if invocation.command in _BUILDING:
        # dbt would also run every test that reads a selected table: those of tables behind it too, which may not exist yet.
        found += ["--indirect-selection", "buildable"]
    if invocation.state is not None:
        # What lies around here from earlier builds is not what the other target has.
        found += ["--defer", "--favor-state", "--state", str(invocation.state)]
    if invocation.full_refresh:
        found.append("--full-refresh")
    return [*found, *threads]


@contextlib.contextmanager
def session(invocation: Invocation) -> Iterator[None]:
    """dbt resolves paths against the working folder and reads settings from variables; both are as before afterwards.

    At the end the warehouse is released: dbt would keep its connections, and with them the lock of an embedded database.
    """
    wanted = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "WHGEN_ROOT": str(invocation.root), PREFIX_VARIABLE: invocation.schema_prefix}
    # Where there is no name, dbt says so if the target needs one.
    with contextlib.suppress(DeveloperError):
        wanted[VARIABLE] = developer()
    before = {name: os.environ.get(name) for name in wanted}
    folder = Path.cwd()
    os.environ.update(wanted)
    os.chdir(invocation.project)
    try:
        yield
    finally:
        release()
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def release() -> None:
    """Let go of the warehouse. Does nothing when dbt never came as far as a connection."""
    if "dbt.adapters.factory" not in sys.modules:
        return
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    # After a second Ctrl-C dbt's threads are still at work: what they hold is freed when the process ends, which is next.
    with contextlib.suppress(*refusals()):
        cleanup_connections()
    with contextlib.suppress(*refusals()):
        reset_adapters()
    if "dbt.adapters.duckdb.connections" in sys.modules:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        with contextlib.suppress(*refusals()):
            DuckDBConnectionManager.close_all_connections()


def refusals() -> tuple[type[Exception], ...]:
    """What may be raised where a warehouse, or dbt for it, refuses something: not all of it goes through dbt's hands."""
    from dbt_common.exceptions import DbtBaseException

    drivers = [getattr(sys.modules.get(driver), "Error", None) for driver in ("duckdb", "psycopg2")]
    return (DbtBaseException, RuntimeError, OSError, *(error for error in drivers if error is not None))


_ENDS_DBT, _ENDS_ALL = 2, 4
"""How often Ctrl-C is passed on to dbt: once to have it cancel its queries, once more to stop waiting for them. And how often at most."""


@dataclass(slots=True, kw_only=True)
class Interruption:
    """Whether Ctrl-C was pressed. What fails from then on was stopped, not wrong."""

    happened: bool = False
    presses: int = 0
    is_armed: bool = False

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Notice Ctrl-C. It ends what runs while armed, and spares what tidies up afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def notice(number: int, frame: FrameType | None) -> Any:
            self.happened = True
            self.presses += 1
            passed_on = self.presses >= _ENDS_ALL or (self.is_armed and self.presses <= _ENDS_DBT)
            return before(number, frame) if passed_on and callable(before) else None

        signal.signal(signal.SIGINT, notice)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextlib.contextmanager
    def armed(self) -> Iterator[None]:
        """Let Ctrl-C end what is inside, and go on behind it."""
        try:
            self.is_armed = True
            yield
        except KeyboardInterrupt:
            self.happened = True
        finally:
            self.is_armed = False
