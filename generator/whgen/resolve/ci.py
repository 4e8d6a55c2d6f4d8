"""`ci:` -> what a workflow does, its names checked."""

from __future__ import annotations

import re

from whgen.diagnostics.diagnostic import Report
from whgen.ir.ci import Ci
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec

_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def resolve_ci(at: Located[WarehouseSpec], report: Report) -> Ci:
    """What the spec says of workflows. Targets that are not there are reported, and approvals of what is not deployed."""
    spec = at.spec.ci
    if not _BRANCH.fullmatch(spec.branch):
        report.error("invalid-value", at.at("ci", "branch"), f"`{spec.branch}` is no name of a branch", help="as in `main` or `release/2`")
    for key, known in (("deploy", [*at.spec.targets]), ("approve", spec.deploy or [*at.spec.targets])):
        for index, name in enumerate(getattr(spec, key) or ()):
            if name not in known:
                message = f"there is no target `{name}`" if name not in at.spec.targets else f"`{name}` is not deployed to"
                report.unknown("invalid-value", at.at("ci", key, index), message, name=name, known=known, kind="targets")
    if spec.preview is not None and spec.preview not in at.spec.targets:
        message = f"there is no target `{spec.preview}`"
        report.unknown("invalid-value", at.at("ci", "preview"), message, name=spec.preview, known=[*at.spec.targets], kind="targets")
    return Ci(
        install=spec.install or (),
        prepare=spec.prepare or (),
        python=spec.python,
        branch=spec.branch,
        deploy=spec.deploy,
        approve=spec.approve,
        preview=spec.preview or "",
    )
