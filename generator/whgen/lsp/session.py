"""What an editor has open, and when which check is made: the open file at each keystroke, whole projects in pauses.

Everything here runs in one thread, but for the other process that checks whole projects. In: what the editor did. Out: diagnostics.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whgen.diagnostics.diagnostic import Diagnostic
from whgen.lsp.knowledge import Knowledge
from whgen.lsp.project import Project
from whgen.lsp.text import Stretch, Text
from whgen.lsp.worker import Worker, checked

PAUSE = 0.25
"""Seconds without a keystroke before the whole project is checked."""
_AT_ONCE = 0.004
"""Seconds in which keystrokes that came together are taken as one."""
_log = logging.getLogger(__name__)

Publish = Callable[[Path, Text, Iterable[Diagnostic]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """Something that the other process does, with who waits for it."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    done: Callable[[Any], None]


@dataclass(slots=True, kw_only=True)
class Session:
    """All projects of one editor."""

    publish: Publish
    unit: str = "utf-16"
    texts: dict[Path, Text] = field(default_factory=dict)
    shown: dict[Path, tuple[Diagnostic, ...]] = field(default_factory=dict)
    """What was published last of each file."""
    projects: dict[Path, Project] = field(default_factory=dict)
    _published: dict[Path, set[Path]] = field(default_factory=dict)
    _pending: set[Path] = field(default_factory=set)
    _soon: asyncio.TimerHandle | None = None
    _later: dict[Path, asyncio.TimerHandle] = field(default_factory=dict)
    _jobs: list[_Job] = field(default_factory=list)
    _current: _Job | None = None
    _worker: Worker | None = None
    _asked: dict[Path, dict[str, str]] = field(default_factory=dict)

    def opened(self, path: Path, raw: str) -> None:
        """A file is open, with this text over it."""
        self._hold(path, Text(raw, self.unit))

    def edited(self, path: Path, changes: Iterable[tuple[Stretch | None, str]]) -> None:
        """The text of an open file changed, piece by piece."""
        text = self.texts.get(path) or Text("", self.unit)
        for stretch, new in changes:
            text = text.edited(stretch, new)
        self._hold(path, text)

    def closed(self, path: Path) -> None:
        """A file is closed: what is on disk counts again."""
        self.texts.pop(path, None)
        project = self.project_of(path)
        if project is not None and (file := project.file_of(path)) is not None:
            project.open.pop(file, None)
            self.check_later(project.root)

    def changed_on_disk(self, paths: Iterable[Path]) -> None:
        """Files were written, made or deleted by somebody else."""
        for root in {project.root for path in paths if (project := self.project_of(path)) is not None}:
            self.check_later(root)

    def add_folder(self, folder: Path) -> None:
        """A folder is open: when it has specs, they are checked."""
        if (folder / "specs").is_dir():
            self._project(folder)

    def remove_folder(self, folder: Path) -> None:
        """A folder is open no more: what was said of it is taken back."""
        if self.projects.pop(folder, None) is not None:
            self._show(folder, {})

    def project_of(self, path: Path) -> Project | None:
        """The project that a file is of: of the nearest folder above it that has specs."""
        known = next((self.projects[f] for f in path.parents if f in self.projects), None)
        found = next((f for f in path.parents if (f / "specs").is_dir()), None)
        if found is None or (known is not None and known.root == found):
            return known
        return self._project(found)

    def ask(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Have something done by the other process, after what it does now."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(found: Any) -> None:
            if not future.done():
                future.set_result(found)

        self._enqueue(_Job(work=work, arguments=arguments, done=done))
        return future

    async def fresh(self, project: Project) -> Knowledge:
        """What is known of a project as it is now: a whole check, unless one was made of these very texts."""
        now = project.texts()
        is_old = any(project.knowledge.texts.get(file) != text for file, text in now.items() if _is_spec(file))
        if is_old and (found := await self.ask(checked, project.root, now)) is not None:
            project.learn(found)
        return project.knowledge

    def stop(self) -> None:
        """End the other process."""
        if self._worker is not None:
            self._worker.stop()

    def check_later(self, root: Path, pause: float = 0.0) -> None:
        """Check a whole project when nothing was typed for a while."""
        if (handle := self._later.pop(root, None)) is not None:
            handle.cancel()
        self._later[root] = asyncio.get_running_loop().call_later(pause, self._check_whole, root)

    def _project(self, root: Path) -> Project:
        if root not in self.projects:
            self.projects[root] = Project(root)
            for path, text in self.texts.items():
                if (file := self.projects[root].file_of(path)) is not None:
                    self.projects[root].open[file] = text
            self.check_later(root)
        return self.projects[root]

    def _hold(self, path: Path, text: Text) -> None:
        self.texts[path] = text
        project = self.project_of(path)
        file = project.file_of(path) if project is not None else None
        if project is None or file is None:
            return
        project.open[file] = text
        self._pending.add(path)
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_AT_ONCE, self._check_open)
        self.check_later(project.root, PAUSE)

    def _check_open(self) -> None:
        """Check what was typed in, file by file, with what each is made of."""
        self._soon = None
        pending, self._pending = self._pending, set()
        for path in pending:
            project, text = self.project_of(path), self.texts.get(path)
            file = project.file_of(path) if project is not None else None
            if project is None or text is None or file is None or not _is_spec(file):
                continue
            try:
                found: tuple[Diagnostic, ...] = project.check(file)
            except Exception:  # noqa: BLE001 - a bug of ours is told, and the editor goes on being served
                _log.exception("checking %s", file)
                continue
            self._published.setdefault(project.root, set()).add(path)
            self._tell(path, text, found)

    def _check_whole(self, root: Path) -> None:
        self._later.pop(root, None)
        project = self.projects.get(root)
        if project is None:
            return
        if any(job.work is checked and job.arguments == (root,) for job in self._jobs):
            # The one that waits takes the texts as they are when its turn comes.
            return
        self._enqueue(_Job(work=checked, arguments=(root,), done=lambda found: self._learn(root, found)))

    def _enqueue(self, job: _Job) -> None:
        self._jobs.append(job)
        self._go_on()

    def _go_on(self) -> None:
        if self._current is not None or not self._jobs:
            return
        self._current = job = self._jobs.pop(0)
        arguments = job.arguments
        if job.work is checked and len(arguments) == 1:
            project = self.projects.get(arguments[0])
            self._asked[arguments[0]] = texts = project.texts() if project is not None else {}
            arguments = (*arguments, texts)
        loop = asyncio.get_running_loop()

        def answered(found: Any, problem: str) -> None:
            loop.call_soon_threadsafe(self._answered, found, problem)

        if self._worker is None:
            self._worker = Worker(answered)
        self._worker.ask(job.work, *arguments)

    def _answered(self, found: Any, problem: str) -> None:
        job, self._current = self._current, None
        if problem:
            _log.error("%s", problem)
        if job is not None:
            job.done(found)
        self._go_on()

    def _learn(self, root: Path, knowledge: Knowledge | None) -> None:
        project = self.projects.get(root)
        if project is None or knowledge is None:
            return
        project.learn(knowledge)
        now = project.texts()
        by_file: dict[str, list[Diagnostic]] = {}
        for diagnostic in knowledge.diagnostics:
            by_file.setdefault(diagnostic.span.file, []).append(diagnostic)
        # What was typed meanwhile is checked anew, and then whole again.
        typed = {file for file, text in now.items() if self._asked[root].get(file) != text and _is_spec(file)}
        self._show(root, {file: found for file, found in by_file.items() if file not in typed}, but=typed)
        self._pending |= {root / file for file in typed}
        if typed and self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_AT_ONCE, self._check_open)
        for number, file in enumerate(file for file in now if _is_spec(file)):
            # One after the other, so that what is typed meanwhile comes in between.
            asyncio.get_running_loop().call_later(number * PAUSE, self._prepare, project, file)

    def _tell(self, path: Path, text: Text, found: Iterable[Diagnostic]) -> None:
        self.shown[path] = tuple(found)
        self.publish(path, text, self.shown[path])

    def _prepare(self, project: Project, file: str) -> None:
        try:
            project.prepare(file)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("preparing %s", file)

    def _show(self, root: Path, found: dict[str, list[Diagnostic]], but: Iterable[str] = ()) -> None:
        """Publish what was found in each file, and that nothing is wrong any more where something was."""
        project, left_out = self.projects.get(root), {root / file for file in but}
        before = self._published.get(root, set())
        opened = {root / file for file in project.open} if project is not None else set()
        paths = {root / file: diagnostics for file, diagnostics in found.items()}
        for path in (before | opened | paths.keys()) - left_out:
            file = path.relative_to(root).as_posix()
            text = self.texts.get(path) or Text((project.text(file) if project is not None else None) or "", self.unit)
            self._tell(path, text, paths.get(path, ()))
        self._published[root] = set(paths) | (before & left_out) | left_out


def _is_spec(file: str) -> bool:
    return file.startswith("specs/") and file.endswith(".yml")
