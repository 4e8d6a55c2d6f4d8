"""The jobs of a workflow -> the file of GitHub or GitLab. Pure, as `render` in `files` is: nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from whgen.plan.ci import workflow_view
from whgen.plan.project import Workflow

FOLDERS = {"github": PurePosixPath(".github/workflows"), "gitlab": PurePosixPath(".gitlab")}
"""Where each looks for workflows, below the project."""


def workflow_files(host: str, workflow: Workflow) -> Mapping[PurePosixPath, str]:
    """Path, below the folder of the host, -> text."""
    # Most runs have nothing of this to render, and need no Jinja.
    from whgen.render.environment import environment, shipped_templates

    template = environment(shipped_templates()).get_template(f"ci/{host}.yml.j2")
    return {PurePosixPath("whgen.yml"): template.render(model=workflow_view(workflow, github=host == "github"))}
