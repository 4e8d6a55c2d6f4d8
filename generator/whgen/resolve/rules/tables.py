"""What the specs promise of the rows of each table: keys, and columns that follow from others. What queries over them are judged by."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from whgen.ir.aggregate import CarriedRole
from whgen.ir.warehouse import CalendarDimension, ComputedDimension, Dimension, Expression, Fact, Staging, Table, Test
from whgen.sql.dependencies import Rule
from whgen.sql.joined import Relation

# A calendar's columns that follow from others, whatever its settings.
_CALENDAR = (
    ("calendar_date", "month_start week_start day_of_week"),
    ("month_start day_of_month", "calendar_date"),
    ("year_number day_of_year", "calendar_date"),
    ("month_start", "year_number quarter_number month_number month_end fiscal_year fiscal_quarter fiscal_month"),
    ("month_end", "month_start"),
    ("year_number month_number", "month_start"),
    ("year_number month_name", "month_start"),
    ("month_number", "month_name quarter_number fiscal_month fiscal_quarter"),
    ("month_name", "month_number"),
    ("fiscal_month", "month_number"),
    ("fiscal_year fiscal_month", "month_start"),
    ("year_number quarter_number", "fiscal_year"),
    ("day_of_week", "day_name is_weekend"),
    ("day_name", "day_of_week"),
    ("week_start day_of_week", "calendar_date"),
    ("week_start", "iso_year iso_week"),
    ("iso_year iso_week", "week_start"),
)


def relation_of(table: Table) -> Relation:
    """A table as queries see it."""
    return Relation(
        columns=tuple(c.name for c in table.columns),
        keys=tuple(dict.fromkeys(_keys(table))),
        rules=tuple(_rules(table)),
        origins={c.name: (table.name, c.name) for c in table.columns},
    )


def _keys(table: Table) -> Iterator[frozenset[str]]:
    names = {c.name for c in table.columns}
    if table.key and set(table.key) <= names:
        yield frozenset(table.key)
    if isinstance(table, Dimension | ComputedDimension):
        yield frozenset([table.surrogate_key])
    if isinstance(table, Fact) and (grain := _grain(table)) is not None:
        yield grain
    for column in table.columns:
        if any(is_strict(test) and test.kind == "unique" for test in column.tests):
            yield frozenset([column.name])
    for test in table.tests:
        # A test of a package that says the same: `{dbt_utils.unique_combination_of_columns: {combination_of_columns: [a, b]}}`.
        if test.kind == "dbt" and is_strict(test) and "unique" in str(next(iter(test.argument))):
            for value in next(iter(test.argument.values())).values():
                if isinstance(value, list) and value and set(value) <= names:
                    yield frozenset(value)


def is_strict(test: Test) -> bool:
    """Whether a test looks at every row, and its failure is an error."""
    return test.severity == "error" and test.where is None


def _grain(fact: Fact) -> frozenset[str] | None:
    """The grain in columns of the fact, if all of it is kept: as degenerate columns, or in keys that stand for one value each."""
    kept = {c.name: frozenset([c.name]) for c in fact.degenerate}
    for role in fact.roles:
        # Without an inferred member, all values that were not found have one and the same key.
        if isinstance(role, CarriedRole) or (role.missing != "unknown" and not isinstance(role.dimension, CalendarDimension)):
            kept[role.column.name] = frozenset(role.on)
    wanted = {c.name for c in fact.grain_key}
    found = frozenset(name for name, columns in kept.items() if columns & wanted)
    return found if wanted and wanted <= {c for name in found for c in kept[name]} else None


def _rules(table: Table) -> Iterator[Rule[str]]:
    if isinstance(table, CalendarDimension):
        for needs, follows in _CALENDAR:
            # ISO weeks start on Monday.
            if "iso_week" not in needs + follows or table.week_starts == "monday":
                yield frozenset(needs.split()), frozenset(follows.split())
        yield frozenset(["calendar_date"]), frozenset(["iso_year", "iso_week"])
    computed: Iterator[tuple[str, Expression]] = iter(())
    if isinstance(table, Staging):
        computed = ((d.column.name, d.expression) for d in table.derivations)
        yield from constants(table.where)
    for name, expression in computed:
        tree = expression.tree
        if tree is not None and not tree.find(exp.Window) and name not in expression.columns:
            yield expression.columns, frozenset([name])


def constants(where: Expression | None) -> Iterator[Rule[str]]:
    """Columns that have one and the same value in all rows that a condition keeps."""
    tree = where.tree if where is not None else None
    for part in tree.unnest().flatten() if isinstance(tree, exp.And) else [tree]:
        match part.unnest() if part is not None else None:
            case exp.EQ(this=exp.Column() as column, expression=exp.Literal()) | exp.Is(this=exp.Column() as column):
                yield frozenset(), frozenset([column.name])
            case exp.Column() as column:
                yield frozenset(), frozenset([column.name])
            case exp.Not(this=exp.Column() as column):
                yield frozenset(), frozenset([column.name])
