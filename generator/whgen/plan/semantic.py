"""Warehouse x dialect -> dbt's semantic layer: what MetricFlow needs to know of facts and dimensions to answer questions in metrics.

Each role of a dimension is a thing of its own: the airport that a flight leaves from and the one that it goes to are two entities over one
table. Facts hold the keys of the versions that were valid, so that a join on the key is as of then without anything said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from whgen.diagnostics.diagnostic import Report
from whgen.dialects.base import Dialect
from whgen.ir.calendar import TIME_SPINE
from whgen.ir.types import INTEGER, Kind
from whgen.ir.warehouse import CalendarDimension, Column, ComputedDimension, Dimension, Fact, Measure, Role, Warehouse
from whgen.plan.project import FromTemplate, HandWrittenView, Import, Node, Part, YamlFile
from whgen.plan.semantic_names import SemanticNames, words
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.reference import REFERENCE

Tree = dict[str, Any]
_MOMENTS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)
_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_NO_DIMENSIONS = (Kind.JSON, Kind.BYTES, Kind.ARRAY, Kind.UNKNOWN)
# What can be said of a measure that has no sum.
_WITHOUT_SUM = (("average", "Average"), ("min", "Smallest"), ("max", "Largest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entity:
    """A role that dimensions have in facts."""

    name: str
    dimension: Dimension | ComputedDimension


@dataclass(slots=True, kw_only=True)
class SemanticLayer:
    """The semantic models and metrics of a warehouse, table by table."""

    warehouse: Warehouse
    dialect: Dialect
    names: SemanticNames

    def trees(self) -> Iterator[tuple[Fact | Dimension | ComputedDimension, Tree]]:
        """Each table that is part of it, with the tree of its file."""
        for dimension in self.warehouse.dimensions:
            if entities := [e for e in self._entities() if e.dimension.name == dimension.name]:
                yield dimension, {"version": 2, "semantic_models": [self._of_role(e) for e in entities]}
        for fact in self.warehouse.facts:
            model, metrics = self._of_fact(fact)
            yield fact, {"version": 2, "semantic_models": [model], **({"metrics": metrics} if metrics else {})}

    def _entities(self) -> list[_Entity]:
        found = {}
        for fact in self.warehouse.facts:
            for role in fact.roles:
                name = self.names.entity(role)
                found[name] = _Entity(name=name, dimension=role.dimension)
        return [found[name] for name in sorted(found)]

    def _of_role(self, entity: _Entity) -> Tree:
        table = entity.dimension
        name = table.name if entity.name == table.noun else f"{table.name}_{entity.name}"
        skipped = (table.surrogate_key,)
        return _present(
            name=self.names.model(name),
            description=table.description,
            model=f"ref('{table.name}')",
            entities=[_present(name=entity.name, type="primary", expr=self._expr(table.surrogate_key, entity.name))],
            dimensions=[d for c in table.columns if c.name not in skipped for d in self._dimension(c, table.name)],
        )

    def _of_fact(self, fact: Fact) -> tuple[Tree, list[Tree]]:
        primary = self.names.primary(fact)
        days = [r for r in fact.roles if isinstance(r.dimension, CalendarDimension)]
        dimensions = [self._day(r) for r in days] + [d for c in fact.degenerate for d in self._dimension(c, fact.name)]
        time = next((d["name"] for d in dimensions if d["type"] == "time"), "")
        # Every measure belongs to a time.
        pairs = [*self._measures(fact, time)] if time else []
        model = _present(
            name=self.names.model(fact.name),
            description=fact.description,
            model=f"ref('{fact.name}')",
            defaults={"agg_time_dimension": time} if pairs else {},
            entities=[
                _present(name=primary, type="primary", expr=self._expr(fact.surrogate_key, primary), description=fact.grain),
                *(self._foreign(r) for r in fact.roles),
            ],
            dimensions=dimensions,
            measures=[measure for measure, _ in pairs],
        )
        return model, [metric for _, metric in pairs]

    def _foreign(self, role: Role) -> Tree:
        name = self.names.entity(role)
        description = f"{role.column.description} {_version(role)}".strip()
        return _present(name=name, type="foreign", expr=self._expr(role.column.name, name), description=description)

    def _dimension(self, column: Column, owner: str) -> Iterator[Tree]:
        if column.type.kind in _NO_DIMENSIONS:
            return
        is_time = column.type.kind in _MOMENTS
        name = self.names.dimension(column.name, owner, is_time=is_time)
        yield _present(
            name=name,
            type="time" if is_time else "categorical",
            type_params={"time_granularity": "day"} if is_time else {},
            expr=self._expr(column.name, name),
            description=column.description,
        )

    def _day(self, role: Role) -> Tree:
        """The day of a role, made of the key that stands for it; the members that stand for none have no day."""
        name = self.names.dimension(f"{self.names.entity(role)}_day", role.dimension.name, is_time=True)
        key = role.column.name
        text = f"case when {key} > 0 then date(div({key}, 10000), mod(div({key}, 100), 100), mod({key}, 100)) end"
        sql, report = SqlText(text=text, dialect=REFERENCE, locate=lambda *_: role.column.span), Report()
        tree = parse_expression(sql, report)
        assert tree is not None, "it is written above"
        tree = infer(tree, {key: INTEGER}, sql, report, where=key)
        assert tree is not None, "it is written above"
        day = {"type": "time", "type_params": {"time_granularity": "day"}, "expr": self.dialect.line(tree)}
        return _present(name=name, **day, description=f"The day that `{key}` stands for.")

    def _measures(self, fact: Fact, time: str) -> Iterator[tuple[Tree, Tree]]:
        yield self._pair(self.names.metric(f"{fact.noun}_count"), "sum", "1", f"Number of rows: {fact.grain}.")
        for measure in fact.measures:
            yield from self._of_measure(measure, fact, time)

    def _of_measure(self, measure: Measure, fact: Fact, time: str) -> Iterator[tuple[Tree, Tree]]:
        column, said = measure.column, measure.column.description.rstrip(".") or words(measure.column.name)
        name, expr = f"{fact.noun}_{column.name}", self.dialect.name_sql(column.name)
        if column.type.kind is Kind.BOOLEAN:
            yield self._pair(self.names.metric(f"{name}_count"), "sum_boolean", expr, f"Number of rows for which it holds: {said}.")
        elif column.type.kind not in _NUMBERS or measure.unit_in:
            # What is in several units has neither a sum nor a mean over all rows, and a metric cannot ask to be grouped.
            return
        elif measure.additivity == "additive":
            yield self._pair(self.names.metric(name), "sum", expr, f"Sum: {said}.")
        elif measure.additivity == "semi_additive":
            # Over everything but time: of several days, the last one counts.
            last = {"name": time, "window_choice": "max"}
            yield self._pair(self.names.metric(name), "sum", expr, f"Sum on the last day: {said}.", non_additive_dimension=last)
        else:
            for aggregation, word in _WITHOUT_SUM:
                yield self._pair(self.names.metric(f"{name}_{aggregation}"), aggregation, expr, f"{word}: {said}.")

    def _pair(self, name: str, aggregation: str, expr: str, description: str, **more: Any) -> tuple[Tree, Tree]:
        measure = _present(name=name, agg=aggregation, expr=expr, description=description, **more)
        metric = {"name": name, "label": words(name), "description": description, "type": "simple", "type_params": {"measure": name}}
        return measure, metric

    def _expr(self, column: str, name: str) -> str:
        sql = self.dialect.name_sql(column)
        return "" if sql == name else sql


def time_spine(warehouse: Warehouse, dialect: Dialect) -> tuple[CalendarDimension, HandWrittenView, Tree]:
    """The calendar that has the most days; the model that lists them, and its properties."""
    calendar = max(calendars(warehouse), key=lambda c: (c.last - c.first, c.name))
    day = next(c for c in calendar.columns if c.name == "calendar_date")
    entry = {
        "name": TIME_SPINE,
        "description": f"The days of {calendar.name}, without the members that stand for no day; MetricFlow counts time by it.",
        "time_spine": {"standard_granularity_column": day.name},
        "columns": [{"name": day.name, "description": day.description, "data_type": dialect.type_name(day.type), "granularity": "day"}],
    }
    name = dialect.name_sql(day.name)
    view = HandWrittenView(
        origin=calendar.file,
        config=("materialized='view'",),
        imports=(Import(name=dialect.name_sql(calendar.name), model=calendar.name),),
        queries=(),
        select=f"SELECT {name}\nFROM {dialect.name_sql(calendar.name)}\nWHERE {name} IS NOT NULL",
    )
    return calendar, view, {"version": 2, "models": [entry]}


def calendars(warehouse: Warehouse) -> Sequence[CalendarDimension]:
    """The calendars of a warehouse."""
    return [d for d in warehouse.dimensions if isinstance(d, CalendarDimension)]


def _version(role: Role) -> str:
    if not isinstance(role.dimension, Dimension) or role.dimension.history is None:
        return ""
    if role.as_of is None:
        return "Of the versions of a member it is the last one."
    return f"Of the versions of a member it is the one that was valid at `{role.as_of.name}`."


def _present(**entries: Any) -> Tree:
    return {name: value for name, value in entries.items() if value not in ("", None, [], {})}


def semantic_part(warehouse: Warehouse, dialect: Dialect) -> Part:
    """The files of the semantic layer, and the model that lists the days."""
    folder = PurePosixPath("models/production/semantic")
    calendar, view, properties = time_spine(warehouse, dialect)
    files: list[FromTemplate | YamlFile] = [
        FromTemplate(path=folder / f"{TIME_SPINE}.sql", template="models/hand_written.sql.j2", view=view),
        YamlFile(path=folder / f"{TIME_SPINE}.yml", origin=calendar.file, tree=properties),
    ]
    layer = SemanticLayer(warehouse=warehouse, dialect=dialect, names=SemanticNames.of(warehouse))
    files += [YamlFile(path=folder / f"{table.name}.yml", origin=table.file, tree=tree) for table, tree in layer.trees()]
    description = properties["models"][0]["description"]
    node = Node(name=TIME_SPINE, kind="model", layer="production", description=description, span=calendar.span)
    return Part(files=tuple(files), nodes=(node,))
