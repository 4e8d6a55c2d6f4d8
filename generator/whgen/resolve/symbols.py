"""What every resolver needs: the names that exist, the column dictionary, and one way to read types, columns and expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Report, Span, candidates_help
from whgen.ir.types import TYPE_NAMES, UNKNOWN, Kind, Type, a, parse_type
from whgen.ir.warehouse import Column, Expression, Table
from whgen.resolve.tests import resolve_tests
from whgen.spec.common import ColumnSpec, SpecModel, TestRule
from whgen.spec.load import Located
from whgen.spec.lock import Lock
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.grouping import check_row_by_row
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, check_printable, parse_expression
from whgen.sql.types import can_become, logical_type

Path = tuple[str | int, ...]
# What warehouses call some of the logical types.
_ALSO_CALLED = {
    **dict.fromkeys(("text", "varchar", "char"), "string"),
    **dict.fromkeys(("int", "int64", "bigint", "smallint"), "integer"),
    **dict.fromkeys(("double", "float64", "real"), "float"),
    **dict.fromkeys(("numeric", "number"), "decimal(p, s)"),
    "bool": "boolean",
    "timestamptz": "timestamp",
}


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
        return any(lost in name for lost in self.lost)

    def add(self, table: Table, reference: str) -> None:
        """Make a table known under its name in the warehouse and under the reference that specs use."""
        self.tables[table.name] = table
        self.by_reference[reference] = table

    def table(self, reference: str, span: Span) -> Table | None:
        """The table that a spec reads from."""
        found = self.by_reference.get(reference)
        if found is None and not self.is_lost(reference):
            label, help_ = candidates_help(reference, self.by_reference, kind="tables")
            self.report.error("unknown-table", span, f"there is no table `{reference}`", label=label, help=help_)
        return found

    def type_of(self, text: str, span: Span) -> Type:
        """The logical type that a text names."""
        found = parse_type(text)
        if found is None:
            label, help_ = candidates_help(_ALSO_CALLED.get(text.lower(), text), TYPE_NAMES, kind="types")
            if text.startswith("decimal"):
                label, help_ = "", "write `decimal(p, s)` with at most 38 digits, of which at most 9 stand behind the point"
            self.report.error("unknown-type", span, f"`{text}` is not a logical type", label=label, help=help_)
        return found or UNKNOWN

    def column_in(self, table: Table, name: str, span: Span) -> Column | None:
        """The column of a table, or a diagnostic."""
        found = table.column(name)
        if found is None:
            label, help_ = candidates_help(name, [c.name for c in table.columns], kind="columns")
            self.report.error("unknown-column", span, f"`{table.name}` has no column `{name}`", label=label, help=help_)
        return found

    def column(
        self, name: str, spec: ColumnSpec, at: Located[SpecModel], path: Path, *, inherited: Column | None = None, type_: Type | None = None
    ) -> Column:
        """A column as its spec, the column it comes from and the dictionary describe it, in this order.

        `type_` is what the expression yields, for columns that declare no type of their own.
        """
        entry = self.dictionary.get(name, ColumnSpec())
        if spec.type is not None:
            declared: Type | None = self.type_of(spec.type, at.at(*path, "type"))
        elif type_ is None and inherited is not None:
            declared = inherited.type
        else:
            declared = (parse_type(entry.type) if entry.type else None) or type_
        span = at.key(*path)
        if spec.tests:
            self._rules[span] = (spec.tests, at, (*path, "tests"))
        return Column(
            name=name,
            type=declared or UNKNOWN,
            description=spec.description or (inherited.description if inherited else "") or entry.description or "",
            unit=spec.unit or (inherited.unit if inherited else "") or entry.unit or "",
            meta={**entry.meta, **(inherited.meta if inherited else {}), **spec.meta},
            tags=tuple(spec.tags or (inherited.tags if inherited else ()) or entry.tags or ()),
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
        windows: bool = True,
    ) -> Expression | None:
        """An expression over the columns in `scope`, with or without window functions.

        One for each warehouse needs a declared type, since nothing else knows it.
        """
        if isinstance(written, str):
            sql = self._text(written, at, path, self.dialect)
            tree = self._tree(sql, scope, where=where, warehouses=self.common_warehouses, windows=windows)
            if tree is None:
                return None
            actual = logical_type(tree)
            if declared is not None and not can_become(actual, declared):
                self.report.error(
                    "type-mismatch",
                    at.at(*path),
                    f"this is {a(actual)}, which cannot become {a(declared)}",
                    help="change the declared type or the expression",
                )
                return None
            return Expression(tree=tree, trees={}, type=actual, span=at.at(*path))
        return self._by_warehouse(written, at, path, scope, where=where, declared=declared)

    def condition(
        self, written: str | None, at: Located[SpecModel], path: Path, scope: Mapping[str, Type], *, where: str
    ) -> Expression | None:
        """An expression that must be true or false."""
        if written is None:
            return None
        found = self.expression(written, at, path, scope, where=where, windows=False)
        if found is not None and found.type.is_known and found.type.kind is not Kind.BOOLEAN:
            self.report.error("type-mismatch", at.at(*path), f"this is {a(found.type)}, where a condition that is true or false belongs")
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
        unknown = [name for name in written if name not in self.warehouses]
        for name in written:
            if name in unknown:
                label, help_ = candidates_help(name, self.warehouses, kind="warehouses of the targets")
                self.report.error("unknown-warehouse", at.key(*path, name), f"no target is on `{name}`", label=label, help=help_)
        for name in self.warehouses:
            # One that is unknown was meant for one that is missing.
            if name not in written and not unknown:
                self.report.error("missing-warehouse", at.key(*path), f"there is no expression for {name}", help=f"add `{name}: ...`")
        if declared is None:
            self.report.error("missing-type", at.key(*path), "an expression for each warehouse needs a declared type", help="add `type:`")
        trees = {
            name: self._tree(self._text(text, at, (*path, name), name), scope, where=where)
            for name, text in written.items()
            if name in self.warehouses
        }
        known = {name: tree for name, tree in trees.items() if tree is not None}
        if declared is None or set(known) != set(self.warehouses):
            return None
        return Expression(tree=None, trees=known, type=declared, span=at.key(*path))

    def _text(self, text: str, at: Located[SpecModel], path: Path, dialect: str) -> SqlText:
        return SqlText(text=text, dialect=dialect, locate=lambda start, end: at.document.inside(path, start, end))

    def _tree(
        self, sql: SqlText, scope: Mapping[str, Type], *, where: str, warehouses: tuple[str, ...] = (), windows: bool = True
    ) -> exp.Expr | None:
        tree = parse_expression(sql, self.report)
        if tree is not None and not windows:
            check_row_by_row(tree, sql, self.report)
        tree = infer(tree, scope, sql, self.report, where=where, warehouses=warehouses) if tree is not None else None
        if tree is not None:
            check_printable(tree, warehouses or (sql.dialect,), sql, self.report)
        return tree


def scope_of(columns: Iterable[Column]) -> dict[str, Type]:
    """Names and types of columns, as expressions see them."""
    return {c.name: c.type for c in columns}
