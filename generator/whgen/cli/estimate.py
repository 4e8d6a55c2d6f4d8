"""`whgen validate --dry-run`: what the warehouse of a target would read to build it, asked of the warehouse itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened, require_environment
from whgen.cli.findings import variables_of
from whgen.cli.say import fail, say
from whgen.cli.sizes import in_words
from whgen.dbt.failures import NOWHERE, essence
from whgen.diagnostics.diagnostic import Report

if TYPE_CHECKING:
    from whgen.compilation import Compilation
    from whgen.dbt.estimate import Estimate


def add_estimates(root: Path, compilation: Compilation, target: str | None, most: int | None, *, tell: bool) -> dict[str, Any]:
    """Ask for every model, add to the report what is wrong, and return what programs read. The command ends when nobody can be asked."""
    from whgen.dbt.estimate import estimator
    from whgen.warehouses import DIALECTS

    name, project = target_of(compilation, target)
    dialect = DIALECTS[project.warehouse]
    if not dialect.estimates:
        others = " or ".join(n for n, d in DIALECTS.items() if d.estimates)
        fail(
            "not-estimated", f"{project.warehouse} does not say what a query would read", help=f"name a target on {others} with `--target`"
        )
    require_adapter(project)
    require_environment(project, name, "")
    with opened(root, project, name, connect=estimator) as connection:
        if missing := dialect.missing_login(connection.settings):
            fail("no-login", missing[0], help=missing[1].replace("{variable}", variables_of(project, name)))
        found = tuple(connection.estimates())
    total = sum(e.read or 0 for e in found)
    _report(found, project.origins, compilation.report, name)
    if tell:
        _tell(found, total)
    if most is not None and total > most:
        message = f"a build of `{name}` would read {in_words(total)}, and {in_words(most)} are allowed"
        compilation.report.error("too-many-bytes", NOWHERE, message, help="partition what is read, filter it, or allow more")
    return {"target": name, "bytes": total, "models": {e.name: e.read for e in found}}


def _report(found: tuple[Estimate, ...], origins: Any, report: Report, target: str) -> None:
    for estimate in found:
        span = origins.get(estimate.name, NOWHERE)
        if estimate.refusal:
            headline, details = essence(estimate.refusal)
            report.error("refused-by-warehouse", span, f"`{target}` refuses `{estimate.name}`: {headline}", help="\n".join(details))
        elif estimate.absent:
            message = f"what `{estimate.name}` would read is not known: `{estimate.absent}` is not there"
            report.warning("not-estimated", span, message, help=f"build `{target}` first, or a part of it")


def _tell(found: tuple[Estimate, ...], total: int) -> None:
    longest = max((len(e.name) for e in found), default=0)
    for estimate in sorted(found, key=lambda e: (-(e.read or 0), e.name)):
        say(f"{estimate.name:<{longest}}  {in_words(estimate.read) if estimate.read is not None else '?':>10}")
    unknown = sum(e.read is None for e in found)
    left = f", without {unknown} that could not be asked for" if unknown else ""
    say(f"{'sum':<{longest}}  {in_words(total):>10} in {len(found) - unknown} models{left}")
