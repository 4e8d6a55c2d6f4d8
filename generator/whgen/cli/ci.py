"""`whgen ci`: a workflow of GitHub or GitLab that checks, builds and deploys, made of the targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.generate import settle, ways
from whgen.cli.say import compiled, find_project
from whgen.cli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from whgen.compilation import Compilation


@click.command()
@click.argument("host", type=click.Choice(["github", "gitlab"]))
@ways
def ci(settings: Settings, /, host: str, **options: bool) -> None:
    """Write a workflow that checks the specs, builds on DuckDB, and deploys to the other targets."""
    from whgen.render.workflows import FOLDERS, workflow_files

    root = find_project(settings)
    compilation = compiled(settings, root)
    assert compilation.workflow is not None, "specs without errors have a workflow"
    folders = {FOLDERS[host]: workflow_files(host, compilation.workflow)}
    settle(settings, root, folders, compilation, command=f"whgen ci {host}", **options)


def kept(compilation: Compilation, root: Path) -> dict[PurePosixPath, Mapping[PurePosixPath, str]]:
    """The workflows and files for schedulers that were written before, as they should be now."""
    from pathlib import PurePosixPath

    from whgen.output import MANIFEST_NAME
    from whgen.render.schedules import SCHEDULERS, schedule_files
    from whgen.render.workflows import FOLDERS, workflow_files

    found: dict[PurePosixPath, Mapping[PurePosixPath, str]] = {}
    for scheduler in SCHEDULERS:
        folder = PurePosixPath("generated", scheduler)
        if (root / folder / MANIFEST_NAME).is_file():
            found[folder] = schedule_files(scheduler, compilation.schedules)
    for host, folder in FOLDERS.items():
        if (root / folder / MANIFEST_NAME).is_file() and compilation.workflow is not None:
            found[folder] = workflow_files(host, compilation.workflow)
    return found
