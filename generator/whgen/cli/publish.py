"""Builds that nobody sees before they are good: `publish: audited` of a target, and `whgen rollback`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whgen.cli.build import target_of
from whgen.cli.environment import environment_of
from whgen.cli.history import home_of
from whgen.cli.say import compiled, fail, find_project, leave, say, say_for_programs, show
from whgen.cli.settings import OK, Settings, common, formatted
from whgen.diagnostics.diagnostic import Report, Span

if TYPE_CHECKING:
    from whgen.compilation import Generated
    from whgen.dbt.audited_file import AuditedFile
    from whgen.dbt.events import Invocation, Outcome

_NOWHERE = Span(file="")


@dataclass(slots=True, kw_only=True)
class Audit:
    """A build under way: in a copy of `file`, or right in the target where there is none."""

    target: str
    file: AuditedFile | None = None
    goes_on: bool = False
    """Whether it goes on in the copy that a build before it left."""
    _failed: Report | None = None

    def settle(self, outcome: Outcome, report: Report) -> str:
        """Publish what is good; a sentence on what became of it. What is not good stays in the copy."""
        from whgen.dbt.audited_file import PublishError

        if self.file is None:
            return ""
        if not outcome.ok:
            self._failed = report
            return f"Nothing was published: `{self.target}` is as it was. What was built lies in {_shown(self.file.audit)}"
        is_first = not self.file.live.exists()
        try:
            self.file.publish()
        except PublishError as problem:
            report.error("not-published", _NOWHERE, f"what was built is good, and could not be put into its place: {problem}")
            return f"Nothing was published: `{self.target}` is as it was."
        back = "" if is_first else f" `whgen rollback --target {self.target}` brings back what it was."
        return f"Published: `{self.target}` is what was built.{back}"

    def keep(self, home: str) -> None:
        """Keep that it failed where the history of runs is, once nobody holds the file."""
        if self.file is not None and self._failed is not None:
            _carry(self.file, home, self.file.audit, self._failed)


def _carry(file: AuditedFile, home: str, other: Path, report: Report) -> None:
    """Have the live file remember the runs of another one: they belong to the target, and not to one of its files."""
    from whgen.plan.runs import NODES, RUNS

    if home and (problem := file.carry(home, (RUNS, NODES), other)):
        report.warning("run-not-kept", _NOWHERE, f"the outcome could not be kept in `{home}`: {problem}")


@contextlib.contextmanager
def auditing(project: Generated, invocation: Invocation) -> Iterator[Audit]:
    """Have dbt build in a copy where the target asks for it; the command ends when another build is at work, or somebody writes."""
    from whgen.dbt.previous import can_resume

    target = invocation.target
    file = audited_file(project, invocation.root, target) if invocation.command != "test" else None
    if file is None:
        yield Audit(target=target, goes_on=invocation.retry)
        return
    if invocation.command != "build":
        fail("untested-build", f"`{target}` takes only what is tested", help=f"`whgen build --target {target}` builds and tests")
    with contextlib.ExitStack() as locked, contextlib.ExitStack() as held:
        _entered(locked, file.locked(invocation.command), target, file)
        goes_on = invocation.retry and file.audit.exists() and can_resume(invocation)
        _entered(held, file.begun(goes_on=goes_on), target, file)
        held.enter_context(_variable(environment_of(project, target).file_variable, str(file.audit)))
        audit = Audit(target=target, file=file, goes_on=goes_on)
        yield audit
        held.close()
        audit.keep(home_of(project, target, invocation.schema_prefix))


def audited_file(project: Generated, root: Path, target: str) -> AuditedFile | None:
    """The database file that builds replace; None where they build right into the target."""
    from whgen.dbt.audited_file import AuditedFile
    from whgen.warehouses import DIALECTS

    environment, dialect = environment_of(project, target), DIALECTS[project.warehouse]
    if not environment.audited_file:
        return None
    given = os.environ.get(environment.file_variable)
    # dbt runs in the folder of its project, which the variable is relative to.
    path = str(root / project.folder / given) if given else environment.audited_file
    if dialect.database_file({dialect.file_setting: given or environment.audited_file}) is None:
        fail("audit-needs-file", f"`{target}` is no file that could be copied", help="name a file, or leave `publish: audited` away")
    return AuditedFile((root / path).resolve())


@click.command()
@click.option("-t", "--target", envvar="WHGEN_TARGET", metavar="NAME", help="What to bring back; the first target when not given.")
@formatted("json")
@common
@click.pass_obj
def rollback(settings: Settings, /, target: str | None) -> None:
    """Return to the build before the last one that was published. A second time goes forward again."""
    root = find_project(settings)
    name, project = target_of(compiled(settings, root), target)
    file = audited_file(project, root, name)
    if file is None:
        fail("no-previous-build", f"`{name}` keeps no build but the last", help="`publish: audited` in the target keeps the one before")
    with contextlib.ExitStack() as held:
        _entered(held, file.locked("rollback"), name, file)
        if not (file.previous.exists() and file.live.exists()):
            fail("no-previous-build", f"no build was published on `{name}` before the last one", help="the second one keeps the first")
        _roll_back(file, name)
        report = Report()
        _carry(file, home_of(project, name, ""), file.previous, report)
    if settings.is_text:
        show(report, {})
        say(f"`{name}` is what it was before the last build.")
    else:
        say_for_programs(settings, {"ok": True, "exit_code": OK, "target": name}, report)
    leave(OK)


def _roll_back(file: AuditedFile, target: str) -> None:
    from whgen.dbt.audited_file import PublishError

    try:
        file.roll_back()
    except PublishError as problem:
        _refuse(problem, target, file)


def _entered(held: contextlib.ExitStack, manager: contextlib.AbstractContextManager[None], target: str, file: AuditedFile) -> None:
    from whgen.dbt.audited_file import PublishError

    try:
        held.enter_context(manager)
    except PublishError as problem:
        _refuse(problem, target, file)


def _refuse(problem: Exception, target: str, file: AuditedFile) -> None:
    from whgen.dbt.audited_file import HeldError
    from whgen.dbt.failures import END_THE_OTHER, in_use, is_in_use

    if isinstance(problem, HeldError):
        fail("build-running", f"another build works on `{target}`: {problem}", help="wait until it is done")
    if is_in_use(str(problem)):
        fail("database-locked", in_use(str(problem)), help=END_THE_OTHER)
    fail("not-published", f"{_shown(file.live)} cannot be built beside itself: {problem}")


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
