"""`whgen drop`: removes the schemas that a build for one developer or one pull request made, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import environment_of, opened, require_environment, with_prefix
from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs
from whgen.cli.settings import OK, Settings, common, formatted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whgen.compilation import Generated
    from whgen.dbt.connection import Connection, Schema
    from whgen.dialects.base import Dialect


@click.command()
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="Where it was built; the first target when not given.")
@with_prefix
@click.option("--yes", is_flag=True, help="Do not ask.")
@formatted("json")
@common
@click.pass_obj
def drop(settings: Settings, /, target: str | None, schema_prefix: str | None, **options: bool) -> None:
    """Drop the schemas of a throw-away environment, or your own on a target that is per developer."""
    root = find_project(settings)
    compilation = compiled(settings, root)
    name, project = target_of(compilation, target)
    if not schema_prefix and not environment_of(project, name).per_developer:
        raise click.UsageError(f"the schemas of `{name}` are there to stay: --schema-prefix says which throw-away ones are meant")
    if not settings.is_text and not options["yes"]:
        raise click.UsageError("JSON asks nothing: say --yes along with it")
    require_adapter(project)
    names = require_environment(project, name, schema_prefix or "")
    with opened(root, project, name, schema_prefix or "") as connection:
        schemas = _present(connection, project, frozenset(names))
        if schemas:
            _refuse_strangers(connection, project, schemas)
        if settings.is_text:
            _tell(schemas, name, names, quiet=settings.quiet)
        if schemas and (options["yes"] or _agreed()):
            connection.drop(list(schemas), _dialect(project).drop)
        elif schemas:
            say("Nothing was dropped.")
            leave(OK)
    if not settings.is_text:
        say_for_programs(settings, {"ok": True, "exit_code": OK, "target": name, "dropped": [s.name for s in schemas]}, ())
    elif schemas:
        say(f"dropped: {', '.join(s.name for s in schemas)}")
    leave(OK)


def _dialect(project: Generated) -> Dialect:
    from whgen.warehouses import DIALECTS

    return DIALECTS[project.warehouse]


def _present(connection: Connection, project: Generated, names: frozenset[str]) -> Mapping[Schema, frozenset[str]]:
    """The schemas that such a build makes, as far as they are there."""
    file = _dialect(project).database_file(connection.settings)
    if file is not None and not Path(file).exists():
        # Asking would make it.
        return {}
    # A model may say a schema of its own; it stays, unless that begins as those of the layers do.
    return {schema: tables for schema, tables in connection.built.items() if schema.name in names and connection.has(schema)}


def _refuse_strangers(connection: Connection, project: Generated, schemas: Mapping[Schema, frozenset[str]]) -> None:
    others = {f"{schema}.{name}" for schema, tables in schemas.items() for name in connection.strangers(schema, tables)}
    others |= {f"{schema}.{name}" for schema in schemas for name in connection.listed(schema, _dialect(project).listed)}
    attached, every = _dialect(project).attached, ", ".join(f"'{s.name}'" for s in schemas)
    if attached is not None:
        for schema in schemas:
            query = attached.format(database=schema.database, schema=schema.name, schemas=every)
            others |= {str(row[0]) for row in connection.rows(query)}
    found = sorted(others)
    if found:
        shown = ", ".join(f"`{name}`" for name in found[:10]) + (f" and {len(found) - 10} more" if len(found) > 10 else "")
        help_ = "move them to another schema, or drop them yourself if nobody needs them"
        fail("foreign-tables", f"nothing was dropped, since this would go too and is not of this project: {shown}", help=help_)


def _tell(schemas: Mapping[Schema, frozenset[str]], target: str, names: tuple[str, ...], *, quiet: bool) -> None:
    if not schemas:
        say(f"nothing to drop on `{target}`: there is no schema {' or '.join(names)}")
    elif not quiet:
        say(f"on `{target}`, with all tables in them:")
        for schema in schemas:
            say(f"  {schema.name}")


def _agreed() -> bool:
    try:
        return click.confirm("Drop them?")
    except click.Abort:
        raise click.UsageError("there is nobody to ask: say --yes") from None
