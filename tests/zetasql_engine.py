"""Google's analyzer and reference evaluator of BigQuery's SQL, offline: the WebAssembly of the `zetasql` wheel behind a thin client.

The wheel's own client compiles 28 MB anew in every process; here the compiled module is kept in pytest's cache folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import decimal
import hashlib
import importlib.metadata
import importlib.util
import os
from pathlib import Path
from typing import Any

import tzdata
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public
from zetasql.wasi._pb2.zetasql.public import type_pb2

# What BigQuery documents of the language; more than that, and the analyzer would take what BigQuery refuses.
_WORDS = """
ANALYTIC_FUNCTIONS NUMERIC_TYPE BIGNUMERIC_TYPE JSON_TYPE INTERVAL_TYPE CIVIL_TIME SAFE_FUNCTION_CALL WEEK_WITH_WEEKDAY
ORDER_BY_IN_AGGREGATE LIMIT_IN_AGGREGATE HAVING_IN_AGGREGATE NULL_HANDLING_MODIFIER_IN_ANALYTIC
NULL_HANDLING_MODIFIER_IN_AGGREGATE NULLS_FIRST_LAST_IN_ORDER_BY CONCAT_MIXED_TYPES DATE_TIME_CONSTRUCTORS DATE_ARITHMETICS
ADDITIONAL_STRING_FUNCTIONS QUALIFY FORMAT_IN_CAST EXTENDED_DATE_TIME_SIGNATURES IS_DISTINCT JSON_VALUE_EXTRACTION_FUNCTIONS
BARE_ARRAY_ACCESS GROUP_BY_ALL ALIASES_FOR_STRING_AND_DATE_FUNCTIONS DISABLE_FLOAT32 SELECT_STAR_EXCEPT_REPLACE WITH_ON_SUBQUERY
PARAMETERIZED_TYPES DECIMAL_ALIAS CBRT_FUNCTIONS
"""
_TYPES = {
    "TYPE_STRING": "STRING", "TYPE_INT64": "INT64", "TYPE_DOUBLE": "FLOAT64", "TYPE_BOOL": "BOOL", "TYPE_DATE": "DATE",
    "TYPE_TIMESTAMP": "TIMESTAMP", "TYPE_DATETIME": "DATETIME",
    "TYPE_TIME": "TIME", "TYPE_NUMERIC": "NUMERIC", "TYPE_JSON": "JSON",
    "TYPE_BYTES": "BYTES",
}  # fmt: skip


class ZetaSqlError(Exception):
    """What the analyzer or the evaluator says is wrong."""


class ZetaSql:
    """One instance of the library. `analyze` gives names and types of a query's columns, `evaluate` these and the rows."""

    def __init__(self, cache: Path) -> None:
        engine = Engine(_config())
        self._store = Store(engine)
        wasi = WasiConfig()
        wasi.preopen_dir(str(Path(tzdata.__file__).parent / "zoneinfo"), "/usr/share/zoneinfo")
        self._store.set_wasi(wasi)
        linker = Linker(engine)
        linker.define_wasi()
        self._exports = linker.instantiate(self._store, _module(engine, cache)).exports(self._store)
        if "_initialize" in self._exports:
            self._exports["_initialize"](self._store)
        self._memory = self._exports["memory"]
        self._catalog = self._register()

    def analyze(self, sql: str) -> list[tuple[str, str]]:
        """Names and BigQuery types of the columns that a query yields."""
        request = service.AnalyzeRequest(options=_options(), registered_catalog_id=self._catalog, sql_statement=sql)
        answer = self._call("Analyze", request, service.AnalyzeResponse)
        columns = answer.resolved_statement.resolved_query_stmt_node.output_column_list
        return [(c.name, _type_name(c.column.type)) for c in columns]

    def evaluate(self, sql: str) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Names and types of the columns, and the rows as values of Python."""
        request = service.EvaluateQueryRequest(options=_options(), registered_catalog_id=self._catalog, sql=sql)
        answer = self._call("EvaluateQuery", request, service.EvaluateQueryResponse)
        columns = [(c.name, _type_name(c.type)) for c in answer.prepared.columns] or self.analyze(sql)
        return columns, [[_value(cell) for cell in row.cell] for row in answer.content.table_data.row]

    def _register(self) -> int:
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="c")
        catalog.builtin_function_options.language_options.CopyFrom(_language())
        pools = service.DescriptorPoolListProto(definitions=[{"builtin": {}}])
        request = service.RegisterCatalogRequest(simple_catalog=catalog, descriptor_pool_list=pools)
        return int(self._call("RegisterCatalog", request, service.RegisterResponse).registered_id)

    def _call(self, name: str, request: Any, answer: Any) -> Any:
        data = request.SerializeToString()
        allocate, free = self._exports["wasm_malloc"], self._exports["wasm_free"]
        place, size = allocate(self._store, len(data) or 1), allocate(self._store, 4)
        try:
            ctypes.memmove(self._base() + place, data, len(data))
            found = self._exports[f"ZetaSqlLocalService_{name}"](self._store, place, len(data), size)
            if found == 0:
                length = self._exports["wasm_get_last_error_size"](self._store)
                raise ZetaSqlError(self._read(self._exports["wasm_get_last_error"](self._store), length).decode())
            length = int.from_bytes(self._read(size, 4), "little")
            taken = self._read(found, length)
            free(self._store, found)
            return answer.FromString(taken)
        finally:
            free(self._store, place)
            free(self._store, size)

    def _read(self, place: int, length: int) -> bytes:
        return ctypes.string_at(self._base() + place, length)

    def _base(self) -> int:
        # Shared memory has no methods to read and write, and may move when it grows.
        return ctypes.addressof(self._memory.data_ptr().contents)


def _config() -> Config:
    config = Config()
    # Releases before this switch have shared memory always.
    with contextlib.suppress(AttributeError):
        config.shared_memory = True
    return config


def _module(engine: Engine, cache: Path) -> Module:
    spec = importlib.util.find_spec("zetasql")
    assert spec is not None
    assert spec.submodule_search_locations
    wasm = Path(spec.submodule_search_locations[0]) / "wasi" / "zetasql.wasm"
    versions = f"{importlib.metadata.version('zetasql')} {importlib.metadata.version('wasmtime')} {wasm.stat().st_size}"
    compiled = cache / f"zetasql-{hashlib.sha256(versions.encode()).hexdigest()[:16]}.cwasm"
    if compiled.exists():
        return Module.deserialize_file(engine, str(compiled))
    module = Module.from_file(engine, str(wasm))
    cache.mkdir(parents=True, exist_ok=True)
    # Two test processes may come here at once.
    partial = compiled.with_suffix(f".{os.getpid()}")
    partial.write_bytes(module.serialize())
    partial.replace(compiled)
    return module


def _language() -> Any:
    known = set(public.LanguageFeature.keys())
    names = {n for f in _WORDS.split() for n in known if n == f"FEATURE_{f}" or (n.startswith("FEATURE_V_1_") and n.split("_", 4)[-1] == f)}
    return options_pb2.LanguageOptionsProto(
        product_mode=public.PRODUCT_EXTERNAL,
        name_resolution_mode=public.NAME_RESOLUTION_DEFAULT,
        enabled_language_features=sorted(public.LanguageFeature.Value(n) for n in names),
        reserved_keywords=["QUALIFY"],
    )


def _options() -> Any:
    return options_pb2.AnalyzerOptionsProto(language_options=_language(), default_timezone="UTC")


def _type_name(type_: Any) -> str:
    name = type_pb2.TypeKind.Name(type_.type_kind)
    return f"ARRAY<{_type_name(type_.array_type.element_type)}>" if name == "TYPE_ARRAY" else _TYPES.get(name, name)


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
