"""`pii:` - classes of personal data: declared for some columns, inherited by all that are made of them.

A column that declares a class has it, whatever it is made of. Keys that are hashed have none: they join tables, and show nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from whgen.diagnostics.diagnostic import Related
from whgen.ir.warehouse import Dimension, Fact, HandWritten, Staging, Table, Warehouse
from whgen.spec.common import ColumnSpec, SpecModel
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.lineage import Origin, origins
from whgen.warehouses import PARTS

if TYPE_CHECKING:
    from whgen.resolve.symbols import Path, Symbols

_T = TypeVar("_T", bound=Table)
NONE = "none"
"""What a column says that is made of personal data and shows nothing of it."""


def declared_pii(spec: ColumnSpec, entry: ColumnSpec, at: Located[SpecModel], path: Path, symbols: Symbols) -> str:
    """The class that a column declares, or the dictionary for it; what is no class is reported."""
    if spec.pii is not None:
        _check(spec.pii, at, (*path, "pii"), symbols)
    return spec.pii or entry.pii or ""


def check_classes(at: Located[WarehouseSpec], symbols: Symbols) -> None:
    """Report classes of the dictionary that there are not, and policy tags that a target cannot use."""
    for name, column in at.spec.columns.items():
        if column.pii is not None:
            _check(column.pii, at, ("columns", name, "pii"), symbols)
    for name, found in at.spec.pii.items():
        if name == NONE:
            symbols.report.error("reserved-name", at.key("pii", name), "`none` stands for no class", help="give the class another name")
        if isinstance(found.policy_tag, dict):
            _check_targets(name, found.policy_tag, at, symbols)
        elif found.policy_tag is not None:
            for target in at.spec.targets:
                _check_location(found.policy_tag, target, ("pii", name, "policy_tag"), at, symbols)


def _check(name: str, at: Located[SpecModel], path: Path, symbols: Symbols) -> None:
    known = tuple(symbols.warehouse.spec.pii)
    if name != NONE and name not in known:
        help_ = "" if known else "declare it under `pii:` of the project file"
        symbols.report.unknown(
            "unknown-class",
            at.at(*path),
            f"there is no class `{name}` of personal data",
            name=name,
            known=known,
            kind="classes",
            help=help_,
        )


def _check_targets(name: str, tags: Mapping[str, str], at: Located[WarehouseSpec], symbols: Symbols) -> None:
    with_tags = {name: PARTS[t.warehouse].title for name, t in at.spec.targets.items() if PARTS[t.warehouse].has_policy_tags}
    for target, tag in tags.items():
        if target not in at.spec.targets:
            message = f"there is no target `{target}`"
            span = at.key("pii", name, "policy_tag", target)
            symbols.report.unknown("unusable-policy-tag", span, message, name=target, known=with_tags, kind="targets")
        else:
            _check_location(tag, target, ("pii", name, "policy_tag", target), at, symbols)
    for target, title in with_tags.items():
        # Of a name that is misspelled it was said above.
        if target not in tags and tags.keys() <= at.spec.targets.keys():
            symbols.report.error(
                "unusable-policy-tag",
                at.key("pii", name, "policy_tag"),
                f"there is no policy tag for the target `{target}`",
                help=f"give every target on {title} its tag, or all of them one",
                related=[Related(span=at.key("targets", target), message=f"`{target}` is on {at.spec.targets[target].warehouse}")],
            )


def _check_location(tag: str, target: str, path: Path, at: Located[WarehouseSpec], symbols: Symbols) -> None:
    """A table takes only tags from where it lies."""
    parts, each = PARTS[at.spec.targets[target].warehouse], "as in `policy_tag: {prod: ...}`"
    location = getattr(at.spec.targets[target], "location", "")
    there = tag.split("/")[3]
    if parts.has_policy_tags and location.lower() != there:
        symbols.report.error(
            "unusable-policy-tag",
            at.at(*path),
            f"the policy tag is in {there}, and the target `{target}` in {location}",
            help=f"{parts.title} takes only tags from the location of the table: give each target its own, {each}",
        )


def with_personal_data(warehouse: Warehouse, classes: tuple[str, ...]) -> Warehouse:
    """The warehouse with the class of every column; `classes` are the strictest first."""
    if not classes:
        return warehouse
    lineage = _Lineage(tables={t.name: t for t in warehouse.tables}, classes=classes)

    def classified(tables: tuple[_T, ...]) -> tuple[_T, ...]:
        return tuple(
            replace(t, columns=tuple(c if (pii := lineage.of(t, c.name)) == c.pii else replace(c, pii=pii) for c in t.columns))
            for t in tables
        )

    return replace(
        warehouse,
        stagings=classified(warehouse.stagings),
        seeds=classified(warehouse.seeds),
        dimensions=classified(warehouse.dimensions),
        facts=classified(warehouse.facts),
        models=classified(warehouse.models),
        inputs=classified(warehouse.inputs),
    )


@dataclass(slots=True, kw_only=True)
class _Lineage:
    """What columns are made of, followed to where a class is declared."""

    tables: Mapping[str, Table]
    classes: tuple[str, ...]
    _known: dict[Origin, str] = field(default_factory=dict)
    _queries: dict[str, list[Mapping[str, frozenset[Origin]]]] = field(default_factory=dict)

    def of(self, table: Table, name: str) -> str:
        """The class of a column, the strictest of those that it is made of."""
        key = (table.name, name)
        if key not in self._known:
            # For tables that are made of each other, which is reported elsewhere.
            self._known[key] = ""
            self._known[key] = self._found(table, name)
        return self._known[key]

    def _found(self, table: Table, name: str) -> str:
        column = table.column(name)
        if column is None and isinstance(table, Staging):
            column = next((c.column for c in table.cleanings if c.column.name == name), None)
        if column is not None and column.pii:
            return "" if column.pii == NONE else column.pii
        found = {self.of(self.tables[t], c) for t, c in self._made_of(table, name) if t in self.tables}
        return next((c for c in self.classes if c in found), "")

    def _made_of(self, table: Table, name: str) -> Iterator[Origin]:
        match table:
            case Staging():
                yield from ((table.name, c) for d in table.derivations if d.column.name == name for c in d.expression.columns)
            case Dimension():
                if name in table.key:
                    yield table.base.name, name
                    yield from ((r.base, r.columns[table.key.index(name)]) for r in table.references)
                yield from ((table.base.name, c) for a in table.attributes if a.column.name == name for c in a.expression.columns)
            case Fact():
                yield from ((table.base.name, name) for c in table.degenerate if c.name == name)
                yield from ((table.base.name, c) for m in table.measures if m.column.name == name for c in m.expression.columns)
            case HandWritten():
                if table.name not in self._queries:
                    columns = {t.name: [c.name for c in t.columns] for t in self.tables.values()}
                    self._queries[table.name] = [origins(select, columns) for select in table.selects.values()]
                for found in self._queries[table.name]:
                    yield from found.get(name, ())
