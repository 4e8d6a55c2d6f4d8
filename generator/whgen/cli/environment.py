"""Which schemas a command works on: the prefix of a throw-away environment, the target's own, the name of who builds."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from whgen.cli.say import fail
from whgen.dbt.developer import PREFIX_VARIABLE, VARIABLE, DeveloperError, developer
from whgen.output import OutputError, write

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.events import Invocation
    from whgen.plan.project import Environment

Connect: TypeAlias = "Callable[[Invocation], contextlib.AbstractContextManager[Any]]"
_PREFIX = re.compile(r"[a-z][a-z0-9_]*")

with_prefix = click.option(
    "--schema-prefix",
    envvar=PREFIX_VARIABLE,
    metavar="PREFIX",
    help="Put before all schemas, as `pr_123_`: an environment of its own, which `whgen drop` removes.",
)


def environment_of(project: Generated, target: str) -> Environment:
    """The environment of a target, which is one of the project's."""
    return next(e for e in project.environments if e.target == target)


class UnusableSchemaError(Exception):
    """A schema that a build could not make; with a code, and what to do."""

    def __init__(self, code: str, message: str, help_: str) -> None:
        super().__init__(message)
        self.code = code
        self.help = help_


def require_environment(project: Generated, target: str, schema_prefix: str) -> tuple[str, ...]:
    """The schemas that a build makes; the command ends when the warehouse has no such schemas, or another target has them."""
    try:
        return schemas_of(project, target, schema_prefix)
    except UnusableSchemaError as problem:
        fail(problem.code, str(problem), help=problem.help)


def schemas_of(project: Generated, target: str, schema_prefix: str = "") -> tuple[str, ...]:
    """The same. Raises UnusableSchemaError."""
    from whgen.warehouses import DIALECTS

    if schema_prefix and not _PREFIX.fullmatch(schema_prefix):
        _refuse(f"{schema_prefix!r} is no prefix for schemas", "begin with one of a-z, and go on with a-z, 0-9 and _, as in `pr_123_`")
    environment, who = environment_of(project, target), ""
    if environment.per_developer:
        try:
            who = developer()
        except DeveloperError as problem:
            message = f"the schemas of `{target}` begin with the name of who builds, and {problem}"
            help_ = f"set {VARIABLE} to a name of a-z, 0-9 and _ that is yours alone"
            raise UnusableSchemaError("unknown-developer", message, help_) from problem
    schemas = environment.names(schema_prefix=schema_prefix, developer=who)
    dialect = DIALECTS[project.warehouse]
    way_out = f"choose another {' or another '.join(_variable_parts(environment, schema_prefix))}"
    for schema in schemas:
        if len(schema.encode()) > dialect.longest_name:
            _refuse(f"the schema `{schema}` is longer than the {dialect.longest_name} bytes that {dialect.name} allows", way_out)
        if dialect.reserved_schemas.fullmatch(schema):
            _refuse(f"{dialect.name} keeps the schema `{schema}` for itself", way_out)
        if schema_prefix or who:
            _require_free(schema, project, environment, schema_prefix, way_out)
    return schemas


@contextlib.contextmanager
def reached(root: Path, project: Generated, target: str, schema_prefix: str = "", *, connect: Connect | None = None) -> Iterator[Any]:
    """A connection for the project as the specs have it now, whatever stands in its folder. Raises DbtError, OutputError.

    `connect` makes another kind of connection of it.
    """
    from whgen.dbt.connection import connected
    from whgen.dbt.events import Invocation
    from whgen.dbt.parsed import where_tables_are

    beside = root / project.folder.parent
    is_new = not beside.exists()
    try:
        # Beside the real project, since its profile speaks of files relative to that.
        beside.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".whgen-", dir=beside, ignore_cleanup_errors=True) as folder:
            write(Path(folder), where_tables_are(project.files))
            asked = Invocation(command="parse", project=Path(folder), root=root, target=target, schema_prefix=schema_prefix)
            with (connect or connected)(asked) as connection:
                yield connection
    except OSError as problem:
        raise OutputError(f"`{beside.name}` cannot be written: {problem.strerror}", beside) from problem
    finally:
        if is_new:
            with contextlib.suppress(OSError):
                beside.rmdir()


@contextlib.contextmanager
def opened(root: Path, project: Generated, target: str, schema_prefix: str = "", *, connect: Connect | None = None) -> Iterator[Any]:
    """The same; what is refused ends the command."""
    from whgen.dbt.run import DbtError

    try:
        with reached(root, project, target, schema_prefix, connect=connect) as connection:
            yield connection
    except OutputError as problem:
        fail("output-failed", problem.message)
    except DbtError as problem:
        code, message, help_ = said_of(str(problem), project)
        fail(code, f"dbt could not run: {message}" if code == "dbt-failed" else message, help=help_)


def said_of(message: str, project: Generated) -> tuple[str, str, str]:
    """What dbt's message means: its code, what it says, what to do."""
    from whgen.dbt.failures import END_THE_OTHER, explained, in_use, is_in_use

    if is_in_use(message):
        return "database-locked", in_use(message), END_THE_OTHER
    headline, details = explained(message, project.origins)
    return "dbt-failed", headline, "\n".join(details)


def _require_free(schema: str, project: Generated, own: Environment, schema_prefix: str, way_out: str) -> None:
    """Whatever a throw-away environment is called, it must be none that is there to stay, nor one of a developer."""
    for other in project.environments:
        if schema_prefix and len(other.prefix) > len(own.prefix) and f"{schema_prefix}{own.prefix}".endswith(other.prefix):
            _refuse(f"the schema `{schema}` would be one of a throw-away environment on the target `{other.target}`", way_out)
        if not other.per_developer and schema in other.names():
            _refuse(f"the schema `{schema}` is one of the target `{other.target}`", way_out)
        is_own = own.per_developer and own.prefix == other.prefix and not schema_prefix
        if other.per_developer and not is_own and other.is_of_developer(schema):
            # Without a prefix any name could be a developer's.
            help_ = way_out if other.prefix else f"give `{other.target}` a `schema_prefix`, so that schemas of developers can be told"
            _refuse(f"the schema `{schema}` is one of a developer, by the target `{other.target}`", help_)


def _variable_parts(environment: Environment, schema_prefix: str) -> list[str]:
    given = "--schema-prefix" if os.environ.get(PREFIX_VARIABLE) != schema_prefix else PREFIX_VARIABLE
    return [*([given] if schema_prefix else []), *([VARIABLE] if environment.per_developer else [])]


def _refuse(message: str, help_: str) -> None:
    raise UnusableSchemaError("unusable-schema", message, help_)
