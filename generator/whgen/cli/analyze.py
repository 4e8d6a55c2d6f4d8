"""`whgen validate --warehouse`: what the analyzer of a warehouse says of the project, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whgen.cli.say import fail, say
from whgen.cli.settings import Settings

if TYPE_CHECKING:
    from whgen.compilation import Compilation


def add_analysis(settings: Settings, root: Path, compilation: Compilation, warehouse: str, *, tell: bool) -> None:
    """Add to the report what the analyzer finds. The command ends when it cannot be asked."""
    from whgen.analysis.check import analyze, missing_packages
    from whgen.dbt.run import DbtError

    project = next((p for p in compilation.projects if p.warehouse == warehouse), None)
    if project is None:
        fail("unknown-target", f"no target of the project is on {warehouse}", help="add one to `targets:` of the warehouse")
    if missing := missing_packages():
        what = ", ".join(missing)
        fail("analyzer-not-installed", f"the analyzer of {warehouse} needs {what}", help="pip install 'whgen[analyzer]'")
    try:
        analysis = analyze(project, root, compilation.report, cached=not settings.no_cache)
    except DbtError as refusal:
        from whgen.dbt.failures import report_dbt_error

        report_dbt_error(str(refusal), project.origins, compilation.report)
        return
    if tell and not settings.quiet:
        counts = ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in analysis.counts.items()) or "nothing"
        left = f"; {analysis.left_out} not" if analysis.left_out else ""
        say(f"{counts} analyzed for {warehouse}{left}")
