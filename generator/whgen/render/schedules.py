"""Schedules -> the files of one scheduler. Pure, as `render` in `files` is: nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from whgen.plan.project import PlannedSchedule
from whgen.plan.schedule import crontab_view, schedule_view

SCHEDULERS = ("airflow", "prefect", "cron")


def schedule_files(scheduler: str, schedules: Sequence[PlannedSchedule]) -> Mapping[PurePosixPath, str]:
    """Path, below the folder of the scheduler, -> text."""
    if not schedules:
        return {}
    # Most runs have nothing of this to render, and need no Jinja.
    from whgen.render.environment import environment, shipped_templates

    jinja = environment(shipped_templates())
    suffix = "sh" if scheduler == "cron" else "py"
    template = jinja.get_template(f"schedules/{scheduler}.{suffix}.j2")
    views = [schedule_view(s) for s in schedules]
    if scheduler != "cron":
        return {PurePosixPath(f"{v.identifier}.py"): template.render(model=v) for v in views}
    scripts = {PurePosixPath(f"{v.name}.sh"): template.render(model=v) for v in views}
    table = jinja.get_template("schedules/crontab.j2").render(model=crontab_view(schedules))
    return {PurePosixPath("crontab"): table, **scripts}
