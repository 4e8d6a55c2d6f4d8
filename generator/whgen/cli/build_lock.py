"""One build at a time on a target whose server can say so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from whgen.cli.environment import require_environment, said_of
from whgen.cli.say import fail

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.events import Invocation


@contextlib.contextmanager
def alone(project: Generated, invocation: Invocation, group: str | None) -> Iterator[None]:
    """Keep other builds of the target away; the command ends when one is at work. Tests change nothing, and wait for nobody."""
    from whgen.dbt.build_lock import HeldError, locked
    from whgen.dbt.run import DbtError
    from whgen.warehouses import DIALECTS

    lock = DIALECTS[project.warehouse].build_lock
    if lock is None or invocation.command == "test":
        yield
        return
    schemas = require_environment(project, invocation.target, invocation.schema_prefix)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(invocation, lock, schemas, group or ""))
        except HeldError as problem:
            fail("build-running", f"another build works on `{invocation.target}`: {problem}", help="wait until it is done")
        except DbtError as problem:
            code, message, help_ = said_of(str(problem), project)
            fail(code, f"no build was begun, since it could not be seen whether another one is at work: {message}", help=help_)
        yield
