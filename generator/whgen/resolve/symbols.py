"""What every resolver needs: the names that exist, the column dictionary, and one way to read types, columns and expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from whgen.diagnostics.diagnostic import Edit, Fix, Related, Report, Span, candidates_help, renamed
from whgen.diagnostics.similar import certain
from whgen.ir.types import ALSO_CALLED, TYPE_NAMES, UNKNOWN, Kind, Type, a, parse_type
from whgen.ir.warehouse import Column, Expression, HandWritten, Table
from whgen.resolve.personal import declared_pii
from whgen.resolve.tests import resolve_tests
from whgen.resolve.written import check_written
from whgen.spec.common import ColumnSpec, SpecModel, TestRule
from whgen.spec.load import Located
from whgen.spec.lock import Lock
from whgen.spec.warehouse import WAREHOUSES, WarehouseSpec
from whgen.sql.columns import cast
from whgen.sql.grouping import Sees, check_rows
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.types import can_become, full_type

Path = tuple[str | int, ...]
_FEW = 2
_NOT_THERE = ColumnSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The SELECT of a hand-written model for one warehouse, with its text, which knows where each part of it stands."""

    model: str
    tree: exp.Query
    text: SqlText


@dataclass(slots=True, kw_only=True)
class Symbols:
    """The names of the warehouse as they become known, and the report that mistakes go to."""

    report: Report
    dialect: str
    warehouses: tuple[str, ...]
    warehouse: Located[WarehouseSpec]
    lock: Lock
    lost: set[str] = field(default_factory=set)
    tables: dict[str, Table] = field(default_factory=dict)
    by_reference: dict[str, Table] = field(default_factory=dict)
    queries: list[Query] = field(default_factory=list)
    inputs: list[HandWritten] = field(default_factory=list)
    read_at: dict[tuple[str, str], Span] = field(default_factory=dict)
    """For (a model, one that it reads) where it names it."""
    declared_types: dict[Span, Span] = field(default_factory=dict)
    """For columns, by the place of their name, where their own spec gives them a type."""
    _claimed: dict[str, Span] = field(default_factory=dict)
    _rules: dict[Span, tuple[tuple[TestRule, ...], Located[SpecModel], Path]] = field(default_factory=dict)

    @property
    def dictionary(self) -> Mapping[str, ColumnSpec]:
        """The columns that are defined once for the whole project."""
        return self.warehouse.spec.columns

    def dictionary_span(self, name: str) -> Span:
        """Where the dictionary gives a column its type."""
        return self.warehouse.at("columns", name, "type")

    @property
    def common_warehouses(self) -> tuple[str, ...]:
        """The warehouses on which one expression must mean the same; none where all targets are on the one it is written for."""
        return self.warehouses if self.warehouses != (self.dialect,) else ()

    def claim(self, name: str, span: Span) -> None:
        """Take a name in the warehouse; the second one to take it is reported."""
        if (first := self._claimed.get(name)) is not None:
            self.report.error(
                "duplicate-name",
                span,
                f"there are two models named `{name}` in the warehouse",
                help="rename one of them",
                related=[Related(span=first, message="first here")],
            )
        self._claimed.setdefault(name, span)

    def is_lost(self, name: str) -> bool:
        """Whether a name that is not there may belong to something that was reported and left out, so that nobody is told twice."""
        # A name stands in others between points and underscores, as in `stg_shop__orders`, `dim_order` and `shop.orders`.
        return any(not lost or re.search(rf"(?<![a-z0-9]){re.escape(lost)}(?![a-z0-9])", name) for lost in self.lost)

    def add(self, table: Table, reference: str) -> None:
        """Make a table known under its name in the warehouse and under the reference that specs use."""
        self.tables[table.name] = table
        self.by_reference[reference] = table

    def table(self, reference: str, span: Span) -> Table | None:
        """The table that a spec reads from."""
        found = self.by_reference.get(reference)
        if found is None and not self.is_lost(reference):
            self.report.unknown(
                "unknown-table", span, f"there is no table `{reference}`", name=reference, known=self.by_reference, kind="tables"
            )
        elif found is not None:
            self.report.used(found.name, "", span)
        return found

    def report_twice(self, columns: Iterable[Column], table: str) -> None:
        """Report each column of a table that has the name of another."""
        seen: dict[str, Span] = {}
        for column in columns:
            first = seen.setdefault(column.name, column.span)
            if first is not column.span:
                self.report.error(
                    "duplicate-column",
                    column.span,
                    f"`{table}` has two columns `{column.name}`",
                    help="rename one of them",
                    related=[Related(span=first, message="first here")] if first != column.span else (),
                )

    def declared(self, name: str) -> Related | None:
        """Where a table is declared; None for one that is not known yet."""
        return Related(span=table.span, message=f"`{name}` is declared here") if (table := self.tables.get(name)) is not None else None

    def _types_of(self, tree: exp.Expr | None, where: str) -> list[Related]:
        """Where the types come from that an expression has: its columns, when they are few."""
        table = self.tables.get(where.strip("`"))
        names = sorted({c.name for c in tree.find_all(exp.Column)}) if tree is not None else []
        columns = [column for name in names if table is not None and (column := table.column(name)) is not None]
        return [declared_as(column) for column in columns] if len(columns) <= _FEW else []

    def target_on(self, warehouse: str) -> Related:
        """The first target that is on a warehouse."""
        name = next(n for n, target in self.warehouse.spec.targets.items() if target.warehouse == warehouse)
        return Related(span=self.warehouse.key("targets", name), message=f"the target `{name}` is on {warehouse}")

    def unknown_warehouse(self, name: str, span: Span) -> None:
        """Report SQL for a warehouse that there is not."""
        self.report.unknown("unknown-warehouse", span, f"there is no warehouse `{name}`", name=name, known=WAREHOUSES, kind="warehouses")

    def type_of(self, text: str, span: Span) -> Type:
        """The logical type that a text names."""
        found = parse_type(text)
        if found is None:
            label, help_, fix = _meant_type(text, span)
            self.report.error("unknown-type", span, f"`{text}` is not a logical type", label=label, help=help_, fix=fix)
        return found or UNKNOWN

    def column_in(self, table: Table, name: str, span: Span) -> Column | None:
        """The column of a table, or a diagnostic."""
        found = table.column(name)
        if found is None:
            self.report.unknown(
                "unknown-column",
                span,
                f"`{table.name}` has no column `{name}`",
                name=name,
                known=[c.name for c in table.columns],
                kind="columns",
                declared=self.declared(table.name),
                within=f"`{table.name}`",
            )
        else:
            self.report.used(table.name, name, span)
        return found

    def column(
        self, name: str, spec: ColumnSpec, at: Located[SpecModel], path: Path, *, inherited: Column | None = None, type_: Type | None = None
    ) -> Column:
        """A column as its spec, the column it comes from and the dictionary describe it, in this order; `type_` is what its SQL yields."""
        entry, span = self.dictionary.get(name, _NOT_THERE), at.key(*path)
        if spec.type is not None:
            self.declared_types[span] = place = at.at(*path, "type")
            declared: Type | None = self.type_of(spec.type, place)
        elif type_ is None and inherited is not None:
            declared = inherited.type
        else:
            declared = (parse_type(entry.type) if entry.type else None) or type_
        if spec.tests:
            self._rules[span] = (spec.tests, at, (*path, "tests"))
        return Column(
            name=name,
            type=declared or UNKNOWN,
            description=spec.description or (inherited.description if inherited else "") or entry.description or "",
            pii=declared_pii(spec, entry, at, path, self),
            unit=spec.unit or (inherited.unit if inherited else "") or entry.unit or "",
            meta={**entry.meta, **(inherited.meta if inherited else {}), **spec.meta},
            tags=tuple(spec.tags or (inherited.tags if inherited else ()) or entry.tags or ()),
            was=spec.was or (inherited.was if inherited and inherited.name == name else ""),
            span=span,
        )

    def with_tests(self, columns: Iterable[Column]) -> tuple[Column, ...]:
        """The columns of a table with their tests, whose conditions may speak of every one of them."""
        table = tuple(columns)
        scope = scope_of(table)
        return tuple(
            replace(c, tests=resolve_tests(*self._rules.pop(c.span), self, scope, column=c)) if c.span in self._rules else c for c in table
        )

    def report_lost_tests(self) -> None:
        """Report the tests of columns that no table keeps: nothing would run them."""
        for _, at, path in self._rules.values():
            self.report.error(
                "test-needs-column",
                at.key(*path),
                "these tests would never run: the model does not keep the column",
                help="keep the column, or test it where it is used",
            )

    def expression(
        self,
        written: str | dict[str, str],
        at: Located[SpecModel],
        path: Path,
        scope: Mapping[str, Type],
        *,
        where: str,
        declared: Type | None = None,
        sees: Sees = "others",
    ) -> Expression | None:
        """An expression over the columns in `scope`, which sees its own row, others through windows, or sums up the rows of a group.

        One for each warehouse needs a declared type, since nothing else knows it.
        """
        if isinstance(written, str):
            sql = self._text(written, at, path, self.dialect)
            tree = self._tree(sql, scope, where=where, warehouses=self.common_warehouses, sees=sees)
            if tree is None:
                return None
            if declared is not None and not self._fits(tree, declared, at.at(*path), where):
                return None
            return Expression(tree=tree, trees={}, type=full_type(tree), span=at.at(*path))
        return self._by_warehouse(written, at, path, scope, where=where, declared=declared)

    def condition(
        self, written: str | None, at: Located[SpecModel], path: Path, scope: Mapping[str, Type], *, where: str
    ) -> Expression | None:
        """An expression that must be true or false."""
        if written is None:
            return None
        found = self.expression(written, at, path, scope, where=where, sees="row")
        if found is not None and found.type.is_known and found.type.kind is not Kind.BOOLEAN:
            self.report.error(
                "type-mismatch",
                at.at(*path),
                f"this is {a(found.type)}, where a condition that is true or false belongs",
                related=self._types_of(found.tree, where),
            )
            return None
        return found

    def _by_warehouse(
        self,
        written: Mapping[str, str],
        at: Located[SpecModel],
        path: Path,
        scope: Mapping[str, Type],
        *,
        where: str,
        declared: Type | None,
    ) -> Expression | None:
        # One for a warehouse that no target is on now does no harm.
        unknown = [name for name in written if name not in WAREHOUSES]
        for name in unknown:
            self.unknown_warehouse(name, at.key(*path, name))
        for name in self.warehouses:
            # One that is unknown was meant for one that is missing.
            if name not in written and not unknown:
                self.report.error(
                    "missing-warehouse",
                    at.key(*path),
                    f"there is no expression for {name}",
                    help=f"add `{name}: ...`",
                    related=[self.target_on(name)],
                )
        if declared is None:
            self.report.error("missing-type", at.key(*path), "an expression for each warehouse needs a declared type", help="add `type:`")
        known = {}
        for name in (n for n in written if n in self.warehouses):
            tree = self._tree(self._text(written[name], at, (*path, name), name), scope, where=where)
            if tree is not None and declared is not None and self._fits(tree, declared, at.at(*path, name), where):
                known[name] = cast(tree, full_type(tree), declared)
        if declared is None or set(known) != set(self.warehouses):
            return None
        return Expression(tree=None, trees=known, type=declared, span=at.key(*path))

    def _fits(self, tree: exp.Expr, declared: Type, span: Span, where: str) -> bool:
        """Whether an expression can be cast to the type that is declared; it is an error where it cannot."""
        if can_become(actual := full_type(tree), declared):
            return True
        self.report.error(
            "type-mismatch",
            span,
            f"this is {a(actual)}, which cannot become {a(declared)}",
            help="change the declared type or the expression",
            related=self._types_of(tree, where),
        )
        return False

    def _text(self, text: str, at: Located[SpecModel], path: Path, dialect: str) -> SqlText:
        return SqlText(text=text, dialect=dialect, locate=lambda start, end: at.document.inside(path, start, end))

    def _tree(
        self, sql: SqlText, scope: Mapping[str, Type], *, where: str, warehouses: tuple[str, ...] = (), sees: Sees = "others"
    ) -> exp.Expr | None:
        tree = parse_expression(sql, self.report)
        if tree is not None:
            check_rows(tree, sees, sql, self.report)
            declared = self.declared(where.strip("`"))
            tree = infer(tree, scope, sql, self.report, where=where, warehouses=warehouses, aggregates=sees == "group", declared=declared)
        if tree is not None:
            check_written(tree, warehouses, sql, self.report)
        return tree


def _meant_type(text: str, span: Span) -> tuple[str, str, Fix | None]:
    """Label, help and fix for a text that names no logical type."""
    head, size = re.fullmatch(r"\s*([^(]*?)\s*((?:\(.*)?)", text.lower(), re.DOTALL).groups()  # type: ignore[union-attr]
    meant = ALSO_CALLED.get(head, head)
    if size and meant in ("decimal", "decimal(p, s)"):
        if parse_type(f"decimal{size}") is None:
            return "", "write `decimal(p, s)` with at most 38 digits, of which at most 9 stand behind the point", None
        # Without its size it would be another number.
        fix = Fix(title=f"write `decimal{size}`", edits=(Edit(span=span, old=text, new=f"decimal{size}"),))
        return f"did you mean `decimal{size}`?", "", fix
    label, help_ = candidates_help(meant, TYPE_NAMES, kind="types")
    return label, help_, None if size else renamed(span, text, certain(meant, TYPE_NAMES))


def declared_as(column: Column) -> Related:
    """Where a column is made, and of what type."""
    return Related(span=column.span, message=f"`{column.name}` is {a(column.type)}")


def key_of(table: Table) -> list[Related]:
    """Where the key of a table is declared, or where the table is, for a diagnostic that speaks of it."""
    what = "the key of " if table.key_span is not None else ""
    return [Related(span=table.key_span or table.span, message=f"{what}`{table.name}` is declared here")]


def scope_of(columns: Iterable[Column]) -> dict[str, Type]:
    """Names and types of columns, as expressions see them."""
    return {c.name: c.type for c in columns}
