"""What the user sees while dbt runs: on a terminal a line for each table once it is tested, a bar, and what runs now.

Elsewhere plain lines, one for each node.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whgen.cli.lines import Layout, Tests, layout
from whgen.cli.outcome import sentence
from whgen.cli.say import say
from whgen.cli.settings import is_plain
from whgen.dbt.events import Event, Invocation, NodeFinished, NodeStarted, Outcome, Started, Status
from whgen.plan.project import Node

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

_SPINNER = {True: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", False: "|/-\\"}
_FRAMES_A_SECOND = 8
_PLAIN_WIDTH = 120


@dataclass(slots=True, kw_only=True)
class Display:
    """The state of one run on the screen. `receive` is called by one thread, `frame` by another.

    Lines and frames are written under `writing`, since rich works out how many lines a new one must clear before it writes it, and not
    in one with that. `frame` reads copies; that it sees a node too late or too early harms nobody.
    """

    layout: Layout
    console: Console
    moves: bool
    """Whether the screen may be drawn again; else nothing but plain lines is written."""
    tests: dict[str, Tests]
    """For each table, the tests that the run will make of it; empty when that cannot be known."""
    show: Callable[[NodeFinished], None] = lambda _: None
    total: int = 0
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    held: dict[str, NodeFinished] = field(default_factory=dict)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case Started():
                self.total = event.total
            case NodeStarted():
                self.running[event.name] = (event.kind, time.monotonic())
            case NodeFinished():
                self.running.pop(event.name, None)
                self.done += 1
                self.show(event)

    def show_plain(self, node: NodeFinished) -> None:
        """A line for every node, as it ends; not for tests of a table that was not built, which are as many as they are obvious."""
        if node.kind != "exposure" and not (node.kind == "test" and node.status is Status.SKIPPED):
            self._print(self.layout.test(node) if node.kind == "test" else self.layout.table(node))

    def show_failures(self, node: NodeFinished) -> None:
        """A line only for what failed."""
        if node.status is Status.FAILED:
            self.show_plain(node)

    def show_grouped(self, node: NodeFinished) -> None:
        """A line for every table, when its tests are done: those that pass are summed, the others follow it."""
        if node.kind == "exposure":
            return
        if node.kind != "test":
            tests = self.tests.get(node.name)
            if node.status is not Status.OK or tests is None or tests.are_done:
                self._print(self.layout.table(node, tests))
            else:
                self.held[node.name] = node
            return
        table = table_of(node.name, self.tests)
        if table is None or not self.tests[table].expected:
            if node.status in (Status.FAILED, Status.WARNED):
                self._print(self.layout.test(node))
            return
        self.tests[table].ended.append(node)
        if self.tests[table].are_done:
            self._release(table)

    def finish(self) -> None:
        """Show what still waits for tests that the run did not make."""
        for table in [t for t, tests in self.tests.items() if t in self.held or (tests.ended and not tests.are_done)]:
            self._release(table)

    def _release(self, table: str) -> None:
        tests, node = self.tests[table], self.held.pop(table, None)
        if node is not None:
            self._print(self.layout.table(node, tests))
        elif tests.status is not Status.SKIPPED:
            self._print(self.layout.group(table, tests))
        for test in tests.remarkable:
            self._print(self.layout.test(test, indent=3))

    def _print(self, text: Text) -> None:
        if self.moves:
            with self.writing:
                self.console.print(text, no_wrap=True, overflow="crop")
        else:
            # Not through the console, which might wrap, pad or colour a line of a log.
            say(text.plain.rstrip())

    def frame(self) -> RenderableType:
        """What runs now, and the bar; drawn again several times a second."""
        from rich.console import Group

        now = time.monotonic()
        lines = self._at_work(now)[: max(self.console.height - 4, 1)]
        return Group(*lines, self._bar(now))

    def _at_work(self, now: float) -> list[Text]:
        from rich.text import Text

        frames = _SPINNER[self.layout.unicode]
        spin = frames[int(now * _FRAMES_A_SECOND) % len(frames)]
        lines = []
        for name, node in tuple(self.held.items()):
            tests = self.tests[name]
            line = self.layout.table(node)
            line = Text(f" {spin} ", style="dim", no_wrap=True, overflow="crop").append_text(line[3:])
            lines.append(line.append(f"  {len(tests.ended)}/{tests.expected}{' tests' if self.layout.is_wide else ''}", style="dim"))
        for name, (kind, since) in tuple(self.running.items()):
            if kind in ("model", "seed", "snapshot"):
                line = Text(f" {spin} ", style="dim", no_wrap=True, overflow="crop")
                line.append(self.layout.name(name, self.layout.names), style="default").append(f"  {now - since:.0f} s", style="dim")
                lines.append(line)
        return lines

    def _bar(self, now: float) -> RenderableType:
        from rich.text import Text

        seconds = int(now - self.began)
        end = (
            f"  {self.done}/{self.total}  {seconds // 60}:{seconds % 60:02}"
            if self.total
            else f"  dbt is starting  {seconds // 60}:{seconds % 60:02}"
        )
        room = max(min(self.layout.width - len(end) - 3, 60), 5)
        filled = room * self.done // self.total if self.total else 0
        full, empty = ("━", "─") if self.layout.unicode else ("=", "-")
        text = Text(" ", no_wrap=True, overflow="crop").append(full * filled, style="green").append(empty * (room - filled), style="dim")
        return text.append(end)

    def close(self, outcome: Outcome, *, seconds: float) -> None:
        """Print the last line."""
        from rich.text import Text

        head, rest = sentence(outcome, seconds=seconds)
        if self.moves:
            style = "bold green" if outcome.ok else "bold yellow" if outcome.interrupted else "bold red"
            self.console.print(Text.assemble((head, style), f" {rest}"), soft_wrap=True)
        else:
            say(f"{head} {rest}")


def table_of(test: str, tables: dict[str, Tests]) -> str | None:
    """The table that a generated test is of, which its name begins with."""
    return max((t for t in tables if test.startswith(f"{t}__")), key=len, default=None)


@contextmanager
def display(nodes: Sequence[Node], invocation: Invocation, *, quiet: bool, silent: bool) -> Iterator[Display]:
    """A display for one run. `quiet` shows only what fails, `silent` nothing."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, no_color=True if is_plain() else None)
    # Whatever rich makes of FORCE_COLOR: a file is no terminal.
    moves = sys.stdout.isatty() and console.is_terminal and not is_plain()
    look = layout(nodes, width=console.width if moves else _PLAIN_WIDTH, unicode=_shows_unicode())
    shown = Display(layout=look, console=console, moves=moves, tests=_expected(nodes, invocation))
    if silent:
        yield shown
        return
    if quiet:
        shown.show = shown.show_failures
        yield shown
        return
    title = f"{invocation.command} on {invocation.target}"
    if not moves:
        say(title)
        shown.show = shown.show_plain
        yield shown
        return
    from rich.live import Live

    console.print(title, style="bold", soft_wrap=True)
    shown.show = shown.show_grouped
    live = Live(
        get_renderable=shown.frame,
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live:
        with _redrawn(live, shown.writing):
            yield shown
        shown.finish()


@contextmanager
def _redrawn(live: Live, writing: threading.Lock) -> Iterator[None]:
    """Draw the frame again and again, as long as dbt runs."""
    over = threading.Event()

    def draw() -> None:
        while not over.wait(1 / _FRAMES_A_SECOND):
            with writing:
                live.refresh()

    thread = threading.Thread(target=draw, name="whgen-display", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _expected(nodes: Sequence[Node], invocation: Invocation) -> dict[str, Tests]:
    """The tests of each table. A build of a selection makes all tests of what it builds; with exclusions one cannot know."""
    tests = {n.name: Tests() for n in nodes if n.kind in ("model", "seed")}
    if invocation.command != "run" and not invocation.exclude:
        for node in nodes:
            if node.kind == "test" and (table := table_of(node.name, tests)) is not None:
                tests[table].expected += 1
    return tests


def _shows_unicode() -> bool:
    try:
        "✓✗━─…⠋".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
