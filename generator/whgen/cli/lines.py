"""One line for one node: mark, name, rows, seconds, tests; as wide as the screen allows, in characters that it can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whgen.dbt.events import NodeFinished, Status
from whgen.plan.project import Node

if TYPE_CHECKING:
    from rich.text import Text

MARKS = {Status.OK: "✓", Status.WARNED: "!", Status.FAILED: "✗", Status.SKIPPED: "-"}
ASCII_MARKS = {Status.OK: "+", Status.WARNED: "!", Status.FAILED: "x", Status.SKIPPED: "-"}
COLOURS = {Status.OK: "green", Status.WARNED: "yellow", Status.FAILED: "bold red", Status.SKIPPED: "dim"}
LAYERS = {"staging": "cyan", "production": "magenta"}
_WIDE = 72
_BESIDE_NAMES = {True: 46, False: 28}
"""What stands beside the name on a wide and on a narrow screen."""


@dataclass(slots=True, kw_only=True)
class Tests:
    """The tests of one table: how many there are to come, and how those ended that are done."""

    expected: int = 0
    ended: list[NodeFinished] = field(default_factory=list)

    @property
    def are_done(self) -> bool:
        """Whether none is to come."""
        return len(self.ended) >= self.expected

    @property
    def remarkable(self) -> list[NodeFinished]:
        """Those that failed or warned."""
        return [t for t in self.ended if t.status in (Status.FAILED, Status.WARNED)]

    @property
    def status(self) -> Status:
        """The worst of them."""
        order = (Status.FAILED, Status.WARNED, Status.OK)
        return next((s for s in order if any(t.status is s for t in self.ended)), Status.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How lines look on one screen. `unicode`: whether it can show more than ASCII."""

    width: int
    unicode: bool
    names: int
    layers: dict[str, str]

    @property
    def is_wide(self) -> bool:
        """Whether words have room beside the numbers."""
        return self.width >= _WIDE

    def marks(self) -> dict[Status, str]:
        """The mark of each status."""
        return MARKS if self.unicode else ASCII_MARKS

    def table(self, node: NodeFinished, tests: Tests | None = None) -> Text:
        """The line of a model or seed, and what became of its tests."""
        from rich.text import Text

        # A table that was built is no better than its tests.
        status = node.status if tests is None or node.status is not Status.OK or tests.status is Status.SKIPPED else tests.status
        text = Text(f" {self.marks()[status]} ", style=COLOURS[status], no_wrap=True, overflow="crop")
        text.append(self.name(node.name, self.names), style=LAYERS.get(self.layers.get(node.name, ""), "default"))
        if node.status is Status.SKIPPED:
            return text.append("  skipped", style="dim")
        rows = "" if node.rows is None else f"{node.rows:,}"
        if self.is_wide:
            text.append(f"  {rows:>13} {'row ' if rows == '1' else 'rows' if rows else '    '}", style="default")
            text.append(f"  {node.seconds:6.2f} s", style="dim")
        else:
            text.append(f" {rows:>9}", style="default")
            text.append(f" {node.seconds:4.1f}s", style="dim")
        return text.append_text(self.tests(tests)) if tests is not None and tests.status is not Status.SKIPPED else text

    def tests(self, tests: Tests) -> Text:
        """What became of the tests of a table."""
        from rich.text import Text

        bad, total = len(tests.remarkable), sum(t.status is not Status.SKIPPED for t in tests.ended)
        count = f"{bad}{' of ' if self.is_wide else '/'}{total}" if bad else str(total)
        word = (" test" if total == 1 else " tests") if self.is_wide else ""
        return Text(f"  {self.marks()[tests.status]} {count}{word}", style=COLOURS[tests.status])

    def group(self, name: str, tests: Tests) -> Text:
        """The line of a table whose tests ran, though it was not built."""
        from rich.text import Text

        text = Text(f" {self.marks()[tests.status]} ", style=COLOURS[tests.status], no_wrap=True, overflow="crop")
        text.append(self.name(name, self.names), style=LAYERS.get(self.layers.get(name, ""), "default"))
        seconds = sum(t.seconds for t in tests.ended)
        text.append(f"  {seconds:6.2f} s" if self.is_wide else f" {seconds:4.1f}s", style="dim")
        return text.append_text(self.tests(tests))

    def test(self, node: NodeFinished, *, indent: int = 0) -> Text:
        """The line of a test by itself."""
        from rich.text import Text

        end = f"  {node.failures:,} {'row' if node.failures == 1 else 'rows'}" if node.failures else ""
        end = end or ("  skipped" if node.status is Status.SKIPPED else "  could not run" if node.status is Status.FAILED else "")
        text = Text(f"{' ' * indent} {self.marks()[node.status]} ", style=COLOURS[node.status], no_wrap=True, overflow="crop")
        text.append(self.name(node.name, min(len(node.name), max(self.width - indent - 4 - len(end), 12))), style="default")
        return text.append(end, style=COLOURS[node.status])

    def name(self, name: str, width: int) -> str:
        """A name, filled or cut to a width."""
        if len(name) <= width:
            return name.ljust(width)
        dots = "…" if self.unicode else ".."
        # The end of a name tells more than its middle: `stg_source__table__column__test`.
        tail = (width - len(dots)) * 2 // 3
        return f"{name[: width - len(dots) - tail]}{dots}{name[-tail:]}"


def layout(nodes: Sequence[Node], *, width: int, unicode: bool) -> Layout:
    """How lines look, given all names that may come and the width of the screen."""
    longest = max((len(n.name) for n in nodes if n.kind in ("model", "seed")), default=12)
    return Layout(
        width=width,
        unicode=unicode,
        names=min(longest, max(width - _BESIDE_NAMES[width >= _WIDE], 12)),
        layers={n.name: n.layer for n in nodes},
    )
