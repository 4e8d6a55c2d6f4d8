"""What is known of the rows of an aggregate while they are resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.aggregate import CarriedRole, Dense
from whgen.ir.inputs import Aggregate, Group, Join
from whgen.ir.warehouse import Column, Expression, Fact, Measure, Role
from whgen.resolve.summable import is_summable
from whgen.resolve.symbols import Symbols
from whgen.spec.aggregate import AggregateSpec
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located
from whgen.sql.columns import column_expression


@dataclass(slots=True, kw_only=True)
class Summary:
    """What is known so far of the rows of an aggregate."""

    at: Located[FactSpec]
    spec: AggregateSpec
    symbols: Symbols
    base: Fact
    groups: list[Group] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    roles: list[CarriedRole] = field(default_factory=list)
    degenerate: list[Column] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    totals: list[tuple[str, Expression]] = field(default_factory=list)
    dense: Dense | None = None
    is_broken: bool = False

    def error(self, code: str, span: Span, message: str, *, help: str, related: Sequence[Related] = ()) -> None:
        """Report a mistake, after which no rows can be made."""
        self.is_broken = True
        self.symbols.report.error(code, span, message, help=help, related=related)

    def may_sum(self, measure: Measure, span: Span) -> bool:
        """Whether the values of a measure may be added; if not, it is reported."""
        found = is_summable(measure, self.base, self.spec, span, self.symbols.report)
        self.is_broken |= not found
        return found

    def role(self, name: str) -> Role | None:
        """The role of the other fact."""
        return next((r for r in self.base.roles if r.column.name == f"{name}_key"), None)


def as_it_is(column: Column) -> Expression:
    """The expression that is a column."""
    return Expression(tree=column_expression(column.name, column.type), trees={}, type=column.type, span=column.span)
