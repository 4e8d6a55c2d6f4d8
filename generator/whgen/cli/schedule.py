"""`whgen schedule`: files for Airflow, Prefect or cron, made of the schedules in the specs."""

from __future__ import annotations

from pathlib import PurePosixPath

import click

from whgen.cli.generate import settle, ways
from whgen.cli.say import compiled, fail, find_project
from whgen.cli.settings import Settings

_SCHEDULERS = ["airflow", "prefect", "cron"]


@click.command()
@click.argument("scheduler", type=click.Choice(_SCHEDULERS))
@ways
def schedule(settings: Settings, /, scheduler: str, **options: bool) -> None:
    """Write DAGs of Airflow, flows of Prefect or a crontab to generated/SCHEDULER, one for each `schedule:` of the specs."""
    from whgen.render.schedules import schedule_files

    root = find_project(settings)
    compilation = compiled(settings, root)
    if not compilation.schedules:
        fail("no-schedule", "no spec has a `schedule:`", help="`schedule: NAME` with `target:` and `cron:` is enough; see docs/spec.md")
    folders = {PurePosixPath("generated", scheduler): schedule_files(scheduler, compilation.schedules)}
    settle(settings, root, folders, compilation, command=f"whgen schedule {scheduler}", **options)
