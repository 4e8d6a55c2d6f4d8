"""What the user sees while dbt runs: a line for each model as it ends, a bar, the running nodes; plain lines without a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whgen.dbt.events import Event, NodeFinished, NodeStarted, Outcome, Started, Status
from whgen.plan.project import Node

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_MARKS = {
    Status.OK: ("✓", "green", "ok"),
    Status.WARNED: ("!", "yellow", "warn"),
    Status.FAILED: ("✗", "red", "FAIL"),
    Status.SKIPPED: ("-", "dim", "skip"),
}
_LAYERS = {"staging": "cyan", "production": "magenta"}


@dataclass(slots=True, kw_only=True)
class Display:
    """The state of one run on the screen. dbt's threads call `receive`, one at a time."""

    layers: dict[str, str]
    width: int
    command: str
    quiet: bool
    console: Console
    live: bool
    total: int = 0
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    running: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    printer: Callable[[Text], None] | None = None

    def receive(self, event: Event) -> None:
        """Take in what happened."""
        with self._lock:
            match event:
                case Started():
                    self.total = event.total
                case NodeStarted():
                    self.running[event.name] = time.monotonic()
                case NodeFinished():
                    self.running.pop(event.name, None)
                    self.done += 1
                    if self._has_line(event) and self.printer is not None:
                        self.printer(self._line(event))

    def _has_line(self, node: NodeFinished) -> bool:
        if self.quiet or node.kind == "exposure":
            return False
        # A test that passes is one of many; what counts is that none is missing from the sum.
        return node.kind != "test" or node.status in (Status.FAILED, Status.WARNED) or self.command == "test"

    def _line(self, node: NodeFinished) -> Text:
        from rich.text import Text

        mark, colour, word = _MARKS[node.status]
        if not self.live and not _can_show(mark):
            mark = word
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {mark} ", style=colour)
        text.append(node.name.ljust(self.width), style=_LAYERS.get(self.layers.get(node.name, ""), ""))
        rows = f"{node.rows:,} rows" if node.rows is not None else f"{node.failures:,} found" if node.failures else ""
        text.append(f"  {rows:>16}")
        text.append(f"  {node.seconds:6.2f} s" if node.status is not Status.SKIPPED else "  skipped", style="dim")
        return text

    def bar(self) -> RenderableType:
        """The bar and what is running now; drawn again several times a second."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            running, done, total = sorted(self.running), self.done, self.total
        row = Table.grid(padding=(0, 1))
        count = Text(f"{done}/{total}" if total else "dbt is starting")
        row.add_row(
            " ",
            ProgressBar(total=total or None, completed=done, width=30, pulse=not total),
            count,
            Text(f"{time.monotonic() - self.began:.0f} s"),
        )
        more = f" and {len(running) - 4} more" if len(running) > 4 else ""
        names = Text(f"   {', '.join(running[:4])}{more}", style="dim", no_wrap=True, overflow="ellipsis")
        return Group(row, names) if running else Group(row)

    def summary(self, outcome: Outcome, *, seconds: float, log: str) -> str:
        """The last line: what was done, what was not, how long it took, where the full log is."""
        counts = {s: sum(n.status is s for n in outcome.nodes if n.kind != "exposure") for s in Status}
        built = sum(n.status is Status.OK and n.kind in ("model", "seed", "snapshot") for n in outcome.nodes)
        passed = sum(n.status is Status.OK and n.kind == "test" for n in outcome.nodes)
        parts = [f"{built} built", f"{passed} tests passed"]
        parts += [
            f"{counts[s]} {word}"
            for s, word in ((Status.WARNED, "warned"), (Status.SKIPPED, "skipped"), (Status.FAILED, "failed"))
            if counts[s]
        ]
        head = "Interrupted" if outcome.interrupted else "Done" if outcome.ok else "Failed"
        return f"{head} in {seconds:.1f} s: {', '.join(parts)}. Log: {log}"


@contextmanager
def display(nodes: Sequence[Node], *, command: str, target: str, quiet: bool) -> Iterator[Display]:
    """A display for one run. Draws on a terminal; elsewhere prints plain lines."""
    from rich.console import Console

    plain = bool(os.environ.get("CI") or os.environ.get("TERM") == "dumb")
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), no_color=bool(os.environ.get("NO_COLOR")) or None)
    live = console.is_terminal and not plain and not quiet
    longest = max((len(n.name) for n in nodes if n.kind in ("model", "seed")), default=0)
    width = min(longest, max(console.width - 40, 12)) if console.is_terminal else longest
    shown = Display(layers={n.name: n.layer for n in nodes}, width=width, command=command, quiet=quiet, console=console, live=live)
    if not quiet:
        console.print(f"{command} on {target}")
    if not live:
        shown.printer = lambda text: _print_plain(text.plain.rstrip())
        yield shown
        return
    from rich.live import Live

    with Live(get_renderable=shown.bar, console=console, refresh_per_second=8, transient=True):
        shown.printer = console.print
        yield shown


def _print_plain(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def _can_show(mark: str) -> bool:
    try:
        mark.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
