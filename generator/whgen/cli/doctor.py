"""`whgen doctor`: whether a build on a target could work: login, connection, rights, places, versions, sources."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.build import target_of
from whgen.cli.environment import reached, said_of, with_prefix
from whgen.cli.findings import Finding, State, local_findings, space, variables_of
from whgen.cli.say import compiled, find_project, leave, say, say_for_programs
from whgen.cli.settings import FAILED, OK, Settings, common, formatted
from whgen.output import OutputError

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.connection import Connection
    from whgen.dialects.base import Dialect


@click.command()
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="The target to look at; the first one when not given.")
@with_prefix
@formatted("json")
@common
@click.pass_obj
def doctor(settings: Settings, /, target: str | None, schema_prefix: str | None) -> None:
    """Check whether a build on a target can work, and say what to do where it cannot."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    name, project = target_of(compilation, target)
    found: list[Finding] = []
    for finding in _findings(root, project, name, schema_prefix or ""):
        found.append(finding)
        if settings.is_text and not (settings.quiet and finding.state is State.OK):
            say(f"{finding.state:<8} {finding.check}: {finding.message}")
            for line in finding.help.splitlines():
                say(f"{'':<8}   {line}")
    code = FAILED if any(f.state is State.ERROR for f in found) else OK
    if not settings.is_text:
        head = {"ok": code == OK, "exit_code": code, "target": name, "warehouse": project.warehouse}
        say_for_programs(settings, {**head, "checks": [asdict(f) for f in found]}, ())
        leave(code)
    errors, warnings = (sum(f.state is state for f in found) for state in (State.ERROR, State.WARNING))
    counts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    say(f"`{name}`: {' and '.join(counts) or 'all is in order'}")
    leave(code)


def _findings(root: Path, project: Generated, target: str, schema_prefix: str) -> Iterator[Finding]:
    from whgen.dbt.run import DbtError
    from whgen.dbt.session import adapter_is_installed
    from whgen.warehouses import DIALECTS

    local = [*local_findings(root, project, target, schema_prefix)]
    yield from local
    if not adapter_is_installed(project.warehouse) or any(f.check == "schemas" and f.state is State.ERROR for f in local):
        return
    try:
        with reached(root, project, target, schema_prefix) as connection:
            dialect = DIALECTS[project.warehouse]
            if missing := dialect.missing_login(connection.settings):
                help_ = missing[1].replace("{variable}", variables_of(project, target))
                yield Finding(check="login", message=missing[0], state=State.ERROR, help=help_)
            else:
                yield from _over(connection, project, dialect, root)
    except (DbtError, OutputError) as problem:
        _, message, help_ = said_of(str(problem), project)
        yield Finding(check="connection", message=message, state=State.ERROR, help=help_)


def _over(connection: Connection, project: Generated, dialect: Dialect, root: Path) -> Iterator[Finding]:
    """What can be found when there is a connection; without one, nothing else can be asked."""
    named = dialect.database_file(connection.settings)
    file = Path(named) if named is not None else None
    is_new = file is not None and not file.exists()
    if file is not None:
        finding = _file(file)
        yield finding
        if finding.state is State.ERROR:
            return
        if file.parent.stat().st_dev != root.stat().st_dev:
            yield space(file.parent.resolve())
    connection.rows("select 1")
    yield Finding(check="connection", message="is there")
    if is_new and file is not None:
        # It was made to ask it something. While it is held, nobody else has begun to use it.
        with contextlib.suppress(OSError):
            file.unlink()
    yield from _server(connection, dialect)
    yield _rights(connection, project)
    yield from _location(connection, dialect)
    yield from _sources(connection, project, dialect, root)


def _file(file: Path) -> Finding:
    place = file if file.exists() else file.parent
    if not place.exists():
        return Finding(check="file", message=f"there is no folder {place.resolve()}", state=State.ERROR, help="make it, or correct `path`")
    if not os.access(place, os.W_OK):
        return Finding(
            check="file", message=f"{place.resolve()} cannot be written", state=State.ERROR, help="have it made writable for you"
        )
    return Finding(check="file", message=f"{file.resolve()}{'' if file.exists() else ' is made by the first build'}")


def _server(connection: Connection, dialect: Dialect) -> Iterator[Finding]:
    if dialect.server_version is None:
        return
    version = str(connection.rows(dialect.server_version)[0][0])
    if int(version.partition(".")[0]) >= dialect.oldest_server:
        yield Finding(check="server", message=f"{dialect.name} {version}")
    else:
        help_ = f"use a server of version {dialect.oldest_server} or newer"
        yield Finding(check="server", message=f"{dialect.name} {version} is too old", state=State.ERROR, help=help_)


def _rights(connection: Connection, project: Generated) -> Finding:
    """Whether a schema and a table in it can be made. Both are gone afterwards."""
    from whgen.dbt.connection import Schema
    from whgen.dbt.run import DbtError

    schema = Schema(str(connection.settings["database"]), f"whgen_doctor_{secrets.token_hex(6)}")
    doing = "make a schema"
    try:
        connection.create(schema)
        try:
            doing = "make a table"
            connection.create_table(schema, "may_be_made")
        finally:
            connection.drop([schema])
    except DbtError as problem:
        _, message, help_ = said_of(str(problem), project)
        help_ = help_ or "have the right granted to who logs in"
        return Finding(check="rights", message=f"the login may not {doing}: {message}", state=State.ERROR, help=help_)
    return Finding(check="rights", message="schemas and tables can be made and dropped")


def _location(connection: Connection, dialect: Dialect) -> Iterator[Finding]:
    query = dialect.in_location(connection.settings)
    if query is None:
        return
    here = {str(row[0]) for row in connection.rows(query)}
    place = connection.settings.get("location")
    strays = [schema.name for schema in connection.built if schema.name not in here and connection.has(schema)]
    if strays:
        help_ = "correct `location` of the target, or choose another `schema_prefix`: what lies in two places cannot be joined"
        yield Finding(check="location", message=f"not in {place}: {', '.join(strays)}", state=State.ERROR, help=help_)
    else:
        yield Finding(check="location", message=f"{place}")


def _sources(connection: Connection, project: Generated, dialect: Dialect, root: Path) -> Iterator[Finding]:
    from whgen.dbt.describe import described
    from whgen.diagnostics.diagnostic import Report
    from whgen.plan.lock import changes
    from whgen.spec.lock import load_lock

    lock = load_lock(root, {}, Report())
    has_columns = dialect.describe is not None
    # No row is read, so it costs nothing where reading does.
    found = described(connection, dialect.describe_sql if has_columns else "select '', '' from {} limit 0".format)
    for (source, table), refusal in sorted(found.refused.items()):
        _, message, help_ = said_of(refusal, project)
        help_ = help_ or "correct `location:` of the source, or have the right to read it granted"
        yield Finding(check=f"{source}.{table}", message=message, state=State.ERROR, help=help_)
    for (source, table), columns in sorted(found.columns.items()):
        if has_columns and (change := changes(lock, (source, table), columns, dialect)):
            message, help_ = f"it {change}, by sources.lock", "run `whgen lock`, and correct the specs that it then complains about"
            yield Finding(check=f"{source}.{table}", message=message, state=State.WARNING, help=help_)
    if found.columns:
        readable = "1 table" if len(found.columns) == 1 else f"{len(found.columns)} tables"
        yield Finding(check="sources", message=f"{readable} can be read")
