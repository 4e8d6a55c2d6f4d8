"""What a build does before it begins: tables that keep their rows get the names that the specs gave them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from whgen import __version__
from whgen.cache import digest_of, recall, remember
from whgen.cli.environment import opened
from whgen.cli.history import home_of
from whgen.cli.say import fail, say
from whgen.cli.settings import Settings
from whgen.revision import head

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.connection import Connection
    from whgen.dbt.migrate import Step


def migrate(settings: Settings, root: Path, project: Generated, target: str, schema_prefix: str, *, is_final: bool) -> None:
    """Rename what the target has under its former names. What was looked at from here once is not looked at again.

    `is_final`: what is done stays done, also where the build fails.
    """
    if not project.migrations:
        return
    from whgen.dbt.failures import essence
    from whgen.dbt.migrate import steps
    from whgen.dbt.run import DbtError
    from whgen.warehouses import DIALECTS

    name = f"migrated-{schema_prefix}{target}"
    digest = digest_of(*(repr(m) for m in project.migrations))
    if recall(root, name, digest) is not None:
        return
    with opened(root, project, target, schema_prefix) as connection:
        file = DIALECTS[project.warehouse].database_file(connection.settings)
        if file is not None and not Path(file).exists():
            return
        try:
            todo = [*steps(connection, [(m.table, m.was, m.columns) for m in project.migrations])]
            if todo:
                connection.run_all([*(s.statement for s in todo), *_noted(connection, project, target, schema_prefix, root, todo)])
        except DbtError as problem:
            headline, details = essence(str(problem))
            message = f"what was renamed in the specs could not be renamed on `{target}`, and nothing was built: {headline}"
            fail("migration-failed", message, help="\n".join(details))
    if is_final:
        remember(root, name, digest, {"target": target})
    for step in todo if settings.is_text and not settings.quiet else ():
        say(step.statement)


def _noted(connection: Connection, project: Generated, target: str, schema_prefix: str, root: Path, todo: list[Step]) -> list[str]:
    """The statements that keep what is done beside the history of runs."""
    from whgen.dbt.history import placed
    from whgen.plan.runs import MIGRATIONS, MigrationRow, ledger
    from whgen.warehouses import DIALECTS

    home = home_of(project, target, schema_prefix)
    if not home:
        return []
    database = connection.adapter.config.credentials.database
    place = placed(connection.adapter, database, home, (MIGRATIONS,))[MIGRATIONS]
    moment, commit = datetime.now(UTC), head(root)
    rows = [
        MigrationRow(
            migrated_at=moment, target=target, table_name=s.table, statement=s.statement, commit_id=commit, whgen_version=__version__
        )
        for s in todo
    ]
    return [*ledger(rows, DIALECTS[project.warehouse], place)]
