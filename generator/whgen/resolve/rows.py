"""The rows that parts make, as they are after each of them: columns, key, and whether something was wrong.

In: what a spec says of a part. Neighbours: `inputs` puts the parts in their order, `joined` adds other tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related
from whgen.ir.inputs import Aggregate, Group, Join, Tested, Unnest
from whgen.ir.types import INTEGER, UNKNOWN, Kind, Type, a
from whgen.ir.warehouse import Column, Dedupe, Expression, Table
from whgen.resolve.dedupe import resolve_dedupe
from whgen.resolve.derivation import unknown
from whgen.resolve.literals import check_literal
from whgen.resolve.nullable import computed
from whgen.resolve.symbols import Path, Symbols, scope_of
from whgen.spec.inputs import AggregateColumn, Parts
from whgen.spec.inputs import Unnest as UnnestSpec
from whgen.spec.load import Located
from whgen.spec.source import Dedupe as DedupeSpec
from whgen.sql.columns import column_expression
from whgen.sql.elements import Elements
from whgen.sql.parse import PLACE, WRITTEN
from whgen.sql.types import set_nullable
from whgen.warehouses import DIALECTS

Columns = dict[str, Column]


@dataclass(slots=True, kw_only=True)
class Rows:
    """The rows so far: their columns, and which of these are their key."""

    at: Located[Any]
    symbols: Symbols
    where: str
    """What messages call them."""
    columns: Columns
    key: tuple[str, ...]
    is_broken: bool = False
    """Whether something was reported, so that nothing can be made of them."""
    joins: list[Join] = field(default_factory=list)
    periods: list[Tested] = field(default_factory=list)

    @property
    def scope(self) -> dict[str, Type]:
        """The columns as expressions see them."""
        return scope_of(self.columns.values())

    def add(self, column: Column) -> None:
        """One more column, whose name nothing else may have."""
        first = self.columns.setdefault(column.name, column)
        if first is not column:
            self.is_broken = True
            self.symbols.report.error(
                "duplicate-column",
                column.span,
                f"there is a column `{column.name}` already",
                help="give one of them another name",
                related=[Related(span=first.span, message="first here")],
            )

    def expression(self, written: str | dict[str, str], path: Path, declared: Type | None = None) -> Expression | None:
        """An expression over the row itself."""
        column = self.columns.get(written) if isinstance(written, str) and declared is None else None
        if column is not None:
            # A name alone may be a word of SQL.
            tree = column_expression(column.name, column.type)
            set_nullable(tree, nullable=column.type.nullable)
            return Expression(tree=tree, trees={}, type=column.type, span=self.at.at(*path))
        found = self.symbols.expression(written, self.at, path, self.scope, where=self.where, declared=declared, sees="row")
        self.is_broken |= found is None
        return found

    def condition(self, written: str | None, path: Path, scope: Mapping[str, Type], where: str) -> Expression | None:
        """A condition on rows."""
        found = self.symbols.condition(written, self.at, path, scope, where=where)
        self.is_broken |= found is None and written is not None
        return found


def deduped_of(
    rows: Rows, spec: DedupeSpec, path: Path, key: tuple[str, ...], columns: Mapping[str, Column], table: Table | None = None
) -> Dedupe | None:
    """Which of several rows is kept."""
    if not key and not spec.key:
        rows.is_broken = True
        rows.symbols.report.error(
            "missing-key", rows.at.key(*path), "`dedupe` needs to know which rows are the same", help="add `key:` to it"
        )
        return None
    errors = rows.symbols.report.errors
    where = f"`{table.name}`" if table is not None else rows.where

    def is_known(name: str, here: Path) -> bool:
        if name not in columns:
            message = f"{where} has no column `{name}`"
            rows.symbols.report.unknown("unknown-column", rows.at.at(*here), message, name=name, known=columns, kind="columns")
        return name in columns

    found = resolve_dedupe(spec, rows.at, path, key, columns, columns.values(), rows.symbols, is_known=is_known, where=where)
    rows.is_broken |= rows.symbols.report.errors > errors
    return found


def unnest_of(rows: Rows, spec: UnnestSpec) -> Unnest | None:
    """The elements of an array: two more columns, and the key of what is then a row."""
    at, symbols, path = rows.at, rows.symbols, ("unnest",)
    for name in symbols.warehouses:
        if name in DIALECTS and Elements not in DIALECTS[name].lowerings:
            rows.is_broken = True
            help_ = "write a `model:` with a SELECT of its own, which the specs then read"
            symbols.report.error("not-portable", at.key(*path), f"how {name} makes rows of an array is not known here", help=help_)
    array = rows.expression(spec.array, (*path, "array"))
    declared = symbols.type_of(spec.type, at.at(*path, "type")) if spec.type else UNKNOWN
    known = array.type.element or UNKNOWN if array is not None and array.type.kind is Kind.ARRAY else array.type if array else UNKNOWN
    if array is not None and array.type.is_known and array.type.kind not in (Kind.ARRAY, Kind.JSON):
        rows.is_broken = True
        symbols.report.error(
            "type-mismatch",
            array.span,
            f"this is {a(array.type)}, which has no elements",
            help="only an array or JSON has; a text becomes one with `split(..., ',')`",
        )
    elif array is not None and not known.is_known and not declared.is_known:
        rows.is_broken = True
        symbols.report.error("missing-type", at.key(*path), "the type of the elements is not known", help="add `type:`")
    elif not declared.matches(known):
        rows.is_broken = True
        message = f"the elements are declared as {a(declared)}, and are {a(known)}"
        symbols.report.error("type-mismatch", at.at(*path, "type"), message, help="leave the type out")
    # An array may hold what is missing.
    element = Column(name=spec.element, type=declared if declared.is_known else known, span=at.at(*path, "element"))
    element = element.that_is(nullable=True)
    position = None
    rows.add(element)
    if spec.position is not None:
        description = f"The place of `{spec.element}` in its array, from 1."
        position = Column(name=spec.position, type=INTEGER, description=description, span=at.at(*path, "position"))
        position = position.that_is(nullable=spec.empty == "keep")
        rows.add(position)
    rows.key = (*rows.key, spec.position) if rows.key and spec.position is not None and spec.empty == "drop" else ()
    return Unnest(array=array, element=element, position=position, keeps_empty=spec.empty == "keep") if array is not None else None


def groups_of(rows: Rows, spec: Parts) -> tuple[Group, ...]:
    """The columns that rows are grouped by."""
    found = []
    for name, said in spec.group_by.items():
        path = ("group_by", name)
        text_path = (*path, "expr") if rows.at.document.has((*path, "expr")) else path
        declared = rows.symbols.type_of(said.type, rows.at.at(*path, "type")) if said.type else None
        expression = rows.expression(said.expr, text_path, declared)
        if expression is not None and not expression.columns:
            rows.is_broken = True
            rows.symbols.report.error(
                "not-grouped", expression.span, "this is the same in every row", help="name a column that rows are told apart by"
            )
        same = rows.columns.get(said.expr) if isinstance(said.expr, str) else None
        type_ = None if same is not None and declared is None else declared or (expression.type if expression else UNKNOWN)
        column = rows.symbols.column(name, said, rows.at, path, inherited=same, type_=type_)
        column = computed(column, expression)
        found.append(Group(column=column, expression=expression or unknown(column.span)))
    return tuple(found)


def aggregates_of(
    rows: Rows, specs: Mapping[str, AggregateColumn], path: Path, scope: Mapping[str, Type], where: str
) -> tuple[Aggregate, ...]:
    """The columns that sum up rows, over the columns in `scope`."""
    found, symbols, at = [], rows.symbols, rows.at
    for name, said in specs.items():
        here = (*path, name)
        text_path = (*here, "expr") if at.document.has((*here, "expr")) else here
        declared = symbols.type_of(said.type, at.at(*here, "type")) if said.type else None
        expression = symbols.expression(said.expr, at, text_path, scope, where=where, declared=declared, sees="group")
        condition = rows.condition(said.where, (*here, "where"), scope, where)
        if expression is not None and condition is not None and expression.tree is not None:
            # Of no row at all, only a count knows something.
            is_count = expression.tree.unnest().key in ("count", "countif")
            expression = replace(expression, type=replace(expression.type, nullable=not is_count))
        column = computed(symbols.column(name, said, at, here, type_=declared or (expression.type if expression else UNKNOWN)), expression)
        rows.is_broken |= expression is None
        if expression is not None and not column.type.is_known:
            symbols.report.error(
                "missing-type", at.key(*here), f"the type of `{name}` does not follow from its expression", help="add `type:`"
            )
        if said.default is not None:
            check_literal(said.default, column.type, at.at(*here, "default"), symbols.report)
            column = column.that_is(nullable=False)
        if expression is not None and expression.tree is not None:
            for call in expression.tree.find_all(exp.AggFunc):
                call.meta.update({PLACE: expression.span, WRITTEN: call.sql(dialect=symbols.dialect, normalize_functions="lower")})
            found.append(Aggregate(column=column, expression=expression, where=condition, default=said.default))
        else:
            rows.columns.setdefault(name, column)
    return tuple(found)
