"""`whgen validate --dry-run`: what the warehouse of a target would read to build it, asked of the warehouse itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whgen.cli.build import require_adapter, target_of
from whgen.cli.environment import opened, reached, require_environment, said_of
from whgen.cli.findings import variables_of
from whgen.cli.say import fail, say
from whgen.cli.sizes import in_words
from whgen.dbt.failures import NOWHERE, essence
from whgen.diagnostics.diagnostic import Report

if TYPE_CHECKING:
    from whgen.changes.plan import Reads
    from whgen.compilation import Compilation, Generated
    from whgen.dbt.estimate import Estimate

_MOST_NAMED = 5


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


def reads_of(root: Path, compilation: Compilation, target: str, models: Sequence[str]) -> Reads:
    """What some models would read on a target. Who asks gets an answer in any case: why it is not known, if it is not."""
    from whgen.changes.plan import Reads
    from whgen.dbt.run import DbtError
    from whgen.output import OutputError

    name, project = target_of(compilation, target)
    try:
        found = _asked(root, project, name, frozenset(models)) if models else {}
    except (DbtError, OutputError, LookupError) as problem:
        return Reads(target=name, words=f"not known, since {said_of(str(problem.args[0]), project)[1]}")
    if found and not any(count is not None for count in found.values()):
        return Reads(target=name, words=f"not known: what they read is not on {name} yet", models=found)
    known = {model: count for model, count in found.items() if count is not None}
    largest = sorted(known, key=lambda model: (-known[model], model))[:_MOST_NAMED]
    each = ", ".join(f"{model} {in_words(known[model])}" for model in largest)
    unknown = f"; not known of {len(found) - len(known)}" if len(known) < len(found) else ""
    return Reads(target=name, words=f"{in_words(sum(known.values()))} on {name}{f' ({each})' if each else ''}{unknown}", models=found)


def _asked(root: Path, project: Generated, name: str, models: frozenset[str]) -> dict[str, int | None]:
    """Raises DbtError, OutputError, and LookupError where there is nobody to ask."""
    from whgen.dbt.estimate import estimator
    from whgen.dbt.session import adapter_is_installed
    from whgen.warehouses import DIALECTS

    dialect = DIALECTS[project.warehouse]
    if not dialect.estimates:
        raise LookupError(f"{project.warehouse} does not say what a query would read")
    if not adapter_is_installed(project.warehouse):
        raise LookupError(f"dbt has no adapter for {project.warehouse} here")
    with reached(root, project, name, connect=estimator) as connection:
        if missing := dialect.missing_login(connection.settings):
            raise LookupError(missing[0])
        return {e.name: e.read for e in connection.estimates() if e.name in models}


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
