"""Warehouse -> the jobs of a workflow, and what templates/ci/* show of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whgen.plan.project import Deployment, Workflow

if TYPE_CHECKING:
    from whgen.dialects.base import Dialect
    from whgen.ir.warehouse import Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableView:
    """A variable of a job, as YAML."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """A job that builds a target. `key_file` and `key`: a file, and the secret that it holds."""

    target: str
    job: str
    needs: str
    key_file: str
    key: str
    has_key_file: bool
    is_approved: bool
    variables: tuple[VariableView, ...]
    has_variables: bool
    secrets: str
    """The names of the secrets, for the comment that lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowView:
    """What templates/ci/* show."""

    origin: str
    python: str
    branch: str
    install: str
    prepare: str
    has_preparation: bool
    local: str
    has_local: bool
    deployments: tuple[DeploymentView, ...]
    has_deployments: bool
    previews: tuple[DeploymentView, ...]
    """The job that tries a change where it lasts; none, or one."""
    asked: tuple[DeploymentView, ...]
    """The same, where it says what the change would read."""
    bytes: str
    """The option of a plan that asks."""
    environments: tuple[DeploymentView, ...]
    """What the settings of the repository must have, each once."""
    marker: str
    """By which the one comment is found again."""


def plan_workflow(warehouse: Warehouse, dialects: Mapping[str, Dialect]) -> Workflow:
    """The jobs: a build on the first target that is a local file, then the targets to deploy to, one after the other."""
    ci = warehouse.ci
    local = next((t.name for t in warehouse.targets if dialects[t.warehouse].is_local), "")
    # What belongs to developers is theirs to build; an emulator is nobody's.
    lasting = [t.name for t in warehouse.targets if not dialects[t.warehouse].is_local and not t.per_developer and not t.is_emulated]
    chosen = lasting if ci.deploy is None else [*ci.deploy]
    approved = {*chosen[-1:]} if ci.approve is None else {*ci.approve}
    by_name = {t.name: t for t in warehouse.targets}
    variable = warehouse.name.upper()

    def deployed(name: str, *, is_approved: bool) -> Deployment:
        dialect = dialects[by_name[name].warehouse]
        named = tuple((f"{variable}_{name.upper()}_{k}", v) for k, v in dialect.credentials.items())
        return Deployment(target=name, is_approved=is_approved, variables=named, estimates=dialect.estimates)

    deployments = tuple(deployed(name, is_approved=name in approved) for name in chosen)
    # What is built in the runner's own file needs no other place to be tried.
    preview = deployed(ci.preview, is_approved=False) if ci.preview and ci.preview != local else None
    extras = sorted({dialects[t.warehouse].name for t in warehouse.targets if not dialects[t.warehouse].is_local})
    package = f"'whgen[{','.join(extras)}]'" if extras else "whgen"
    return Workflow(
        origin=warehouse.file,
        install=ci.install or (f"python -m pip install {package}",),
        prepare=ci.prepare,
        python=ci.python,
        branch=ci.branch,
        local=local,
        deployments=deployments,
        preview=preview,
    )


def workflow_view(workflow: Workflow, *, github: bool) -> WorkflowView:
    """The jobs as templates show them; on GitLab secrets are variables of their environment anyway."""
    before = "build" if workflow.local else "check"
    views = []
    for deployment in workflow.deployments:
        views.append(_deployment_view(deployment, before, github=github))
        before = views[-1].job
    first = "build" if workflow.local else "check"
    previews = [_deployment_view(workflow.preview, first, github=github, job="preview")] if workflow.preview else []
    asked = previews if workflow.preview and workflow.preview.estimates else []
    known = {view.target for view in views}
    return WorkflowView(
        origin=workflow.origin,
        python=workflow.python,
        branch=workflow.branch,
        install="\n".join(workflow.install),
        prepare="\n".join(workflow.prepare),
        has_preparation=bool(workflow.prepare),
        local=workflow.local,
        has_local=bool(workflow.local),
        deployments=tuple(views),
        has_deployments=bool(views),
        previews=tuple(previews),
        asked=tuple(asked),
        bytes=f" --bytes {workflow.preview.target}" if workflow.preview and asked else "",
        environments=(*views, *(p for p in previews if p.target not in known)),
        marker="<!-- whgen plan -->",
    )


def _deployment_view(deployment: Deployment, before: str, *, github: bool, job: str = "") -> DeploymentView:
    files = [name for name, kind in deployment.variables if kind == "file"]
    key_file = f"whgen-{deployment.target}.json"
    key = files[0].removesuffix("FILE") if files else ""
    variables = []
    for name, kind in deployment.variables:
        if kind not in ("file", "secret"):
            variables.append(VariableView(name=name, value=kind))
        elif github:
            value = f"${{{{ runner.temp }}}}/{key_file}" if kind == "file" else f"${{{{ secrets.{name} }}}}"
            variables.append(VariableView(name=name, value=value))
    needed = [key if github and kind == "file" else name for name, kind in deployment.variables if kind in ("file", "secret")]
    return DeploymentView(
        target=deployment.target,
        job=job or f"deploy-{deployment.target}",
        needs=before,
        key_file=key_file,
        key=key,
        has_key_file=bool(files),
        is_approved=deployment.is_approved,
        variables=tuple(variables),
        has_variables=bool(variables),
        secrets=f" with {', '.join(needed)}" if needed else "",
    )
