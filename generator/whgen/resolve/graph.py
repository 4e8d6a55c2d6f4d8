"""Who reads whom: circular references, each with its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from whgen.diagnostics.diagnostic import Related, Report, Span
from whgen.ir.warehouse import CalendarDimension, Dimension, Fact, HandWritten, Table


def reads_of(table: Table) -> tuple[str, ...]:
    """The names of the models that a model reads."""
    match table:
        case Dimension():
            return tuple(sorted({table.base.name, *(r.base for r in table.references)}))
        case Fact():
            lookups = {r.dimension.name for r in table.roles if r.missing == "unknown" and not isinstance(r.dimension, CalendarDimension)}
            return tuple(sorted({table.base.name, *lookups}))
        case HandWritten():
            return table.reads
        case _:
            return ()


def check_cycles(tables: Iterable[Table], report: Report) -> None:
    """Report every circle of models that read each other, once, at its first model by name."""
    edges = {t.name: reads_of(t) for t in tables}
    spans = {t.name: t.span for t in tables}
    done: set[str] = set()
    for start in sorted(edges):
        if start not in done:
            _visit(start, edges, spans, done, report)


def _visit(start: str, edges: Mapping[str, tuple[str, ...]], spans: Mapping[str, Span], done: set[str], report: Report) -> None:
    # Without recursion: a chain of models may be longer than Python's stack.
    path: list[str] = [start]
    pending = [iter(edges[start])]
    while pending:
        following = next(pending[-1], None)
        if following is None:
            done.add(path.pop())
            pending.pop()
        elif following in path:
            circle = path[path.index(following) :]
            lowest = circle.index(min(circle))
            shown = [*circle[lowest:], *circle[:lowest], circle[lowest]]
            report.error(
                "circular-reference",
                spans[shown[0]],
                f"models read each other in a circle: {' -> '.join(shown)}",
                help="take one of the references out",
                related=[Related(span=spans[name], message=f"`{name}` reads `{read}`") for name, read in pairwise(shown[1:])],
            )
        elif following not in done and following in edges:
            path.append(following)
            pending.append(iter(edges[following]))
