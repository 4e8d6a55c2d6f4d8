"""Google's reference evaluator of BigQuery's SQL: the analyzer that whgen uses can also run what it has analyzed."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import type_pb2

from whgen.analysis.zetasql import ZetaSql, options, type_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table that a query yielded, as the library has it; as such it can be read by other queries."""

    types: tuple[tuple[str, Any], ...]
    content: Any

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and BigQuery types of the columns."""
        return [(name, type_name(type_)) for name, type_ in self.types]

    def values(self) -> list[list[Any]]:
        """The rows as values of Python."""
        return [[_value(cell) for cell in row.cell] for row in self.content.table_data.row]


def texts(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Relation:
    """A table of texts as a CSV file has it, where an empty one is missing."""
    content = service.EvaluateQueryRequest().table_content["texts"]
    for row in rows:
        cells = content.table_data.row.add().cell
        for value in row:
            cell = cells.add()
            if value:
                cell.string_value = value
    string = type_pb2.TypeProto(type_kind=type_pb2.TYPE_STRING)
    return Relation(types=tuple((name, string) for name in columns), content=content)


class Evaluator(ZetaSql):
    """The library as an engine: `evaluate` gives names and types of a query's columns, and the rows."""

    def evaluate(self, sql: str) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Names and types of the columns, and the rows as values of Python."""
        request = service.EvaluateQueryRequest(options=options(), registered_catalog_id=self.catalog, sql=sql)
        answer = self.call("EvaluateQuery", request, service.EvaluateQueryResponse)
        columns = [(c.name, type_name(c.type)) for c in answer.prepared.columns] or self.analyze(sql)
        return columns, [[_value(cell) for cell in row.cell] for row in answer.content.table_data.row]

    def relation(self, sql: str, tables: Mapping[str, Relation] | None = None) -> Relation:
        """What a query over some tables yields; it names each of them in quotes, as one name."""
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="c")
        catalog.builtin_function_options.language_options.CopyFrom(options().language_options)
        pools = service.DescriptorPoolListProto(definitions=[{"builtin": {}}])
        request = service.EvaluateQueryRequest(options=options(), sql=sql, descriptor_pool_list=pools)
        for name, table in (tables or {}).items():
            if f"`{name}`" in sql:
                listed = catalog.table.add(name=name)
                for column, type_ in table.types:
                    listed.column.add(name=column, type=type_)
                request.table_content[name].CopyFrom(table.content)
        request.simple_catalog.CopyFrom(catalog)
        answer = self.call("EvaluateQuery", request, service.EvaluateQueryResponse)
        return Relation(types=tuple((c.name, c.type) for c in answer.prepared.columns), content=answer.content)


def _value(cell: Any) -> Any:
    kind = cell.WhichOneof("value")
    if kind is None:
        return None
    value = getattr(cell, kind)
    match kind:
        case "date_value":
            return dt.date(1970, 1, 1) + dt.timedelta(days=value)
        case "timestamp_value":
            return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
        case "datetime_value":
            bits = value.bit_field_datetime_seconds
            return dt.datetime(
                bits >> 26, bits >> 22 & 15, bits >> 17 & 31, bits >> 12 & 31, bits >> 6 & 63, bits & 63, value.nanos // 1000
            )
        case "time_value":
            nanos, seconds = value & ((1 << 30) - 1), value >> 30
            return dt.time(seconds >> 12 & 31, seconds >> 6 & 63, seconds & 63, nanos // 1000)
        case "numeric_value":
            return decimal.Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9, decimal.Context(prec=60))
        case "array_value":
            return [_value(e) for e in value.element]
        case _:
            return value
