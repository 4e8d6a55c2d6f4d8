"""Google's analyzer of BigQuery's SQL, offline: the WebAssembly of the `zetasql` wheel behind a thin client; the only door to both.

The wheel's own client compiles 28 MB anew in every process; here the compiled module is kept on disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tzdata
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig, WasmtimeError
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import function_pb2, options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public
from zetasql.wasi._pb2.zetasql.public import type_pb2

# What BigQuery documents of its query language; more than that, and the analyzer would take what BigQuery refuses.
_FEATURES = """
ANALYTIC_FUNCTIONS QUALIFY TABLESAMPLE PIVOT UNPIVOT WITH_RECURSIVE WITH_ON_SUBQUERY FOR_SYSTEM_TIME_AS_OF MATCH_RECOGNIZE GROUP_BY_ALL
GROUP_BY_ROLLUP GROUPING_SETS GROUPING_BUILTIN GROUP_BY_STRUCT GROUP_BY_ARRAY CORRESPONDING BY_NAME PIPES SELECT_STAR_EXCEPT_REPLACE
ALLOW_DASHES_IN_TABLE_NAME TABLE_VALUED_FUNCTIONS NAMED_ARGUMENTS SAFE_FUNCTION_CALL CHAINED_FUNCTION_CALLS NUMERIC_TYPE BIGNUMERIC_TYPE
DECIMAL_ALIAS JSON_TYPE INTERVAL_TYPE RANGE_TYPE GEOGRAPHY CIVIL_TIME PARAMETERIZED_TYPES DISABLE_FLOAT32 ORDER_BY_IN_AGGREGATE
LIMIT_IN_AGGREGATE HAVING_IN_AGGREGATE NULL_HANDLING_MODIFIER_IN_ANALYTIC NULL_HANDLING_MODIFIER_IN_AGGREGATE
NULLS_FIRST_LAST_IN_ORDER_BY COLLATION_SUPPORT ANNOTATION_FRAMEWORK LIKE_ANY_SOME_ALL IS_DISTINCT BARE_ARRAY_ACCESS
CAST_DIFFERENT_ARRAY_TYPES CONCAT_MIXED_TYPES FORMAT_IN_CAST ADDITIONAL_STRING_FUNCTIONS ALIASES_FOR_STRING_AND_DATE_FUNCTIONS
ALLOW_REGEXP_EXTRACT_OPTIONALS DATE_TIME_CONSTRUCTORS DATE_ARITHMETICS EXTENDED_DATE_TIME_SIGNATURES WEEK_WITH_WEEKDAY
TIME_BUCKET_FUNCTIONS JSON_VALUE_EXTRACTION_FUNCTIONS JSON_LAX_VALUE_EXTRACTION_FUNCTIONS JSON_ARRAY_FUNCTIONS
JSON_CONSTRUCTOR_FUNCTIONS JSON_MUTATOR_FUNCTIONS JSON_KEYS_FUNCTION ROUND_WITH_ROUNDING_MODE CBRT_FUNCTIONS INVERSE_TRIG_FUNCTIONS
EXTENDED_GEOGRAPHY_PARSERS ENABLE_FLOAT_DISTANCE_FUNCTIONS TYPEOF_FUNCTION
"""
_KINDS = {
    "STRING": "TYPE_STRING", "INT64": "TYPE_INT64", "FLOAT64": "TYPE_DOUBLE", "BOOL": "TYPE_BOOL", "DATE": "TYPE_DATE",
    "TIMESTAMP": "TYPE_TIMESTAMP", "DATETIME": "TYPE_DATETIME", "TIME": "TYPE_TIME", "NUMERIC": "TYPE_NUMERIC",
    "BIGNUMERIC": "TYPE_BIGNUMERIC", "JSON": "TYPE_JSON", "BYTES": "TYPE_BYTES", "GEOGRAPHY": "TYPE_GEOGRAPHY",
    "INTERVAL": "TYPE_INTERVAL",
}  # fmt: skip
_NAMES = {kind: name for name, kind in _KINDS.items()}
_ALIASES = {
    "INT": "INT64", "INTEGER": "INT64", "BIGINT": "INT64", "SMALLINT": "INT64", "TINYINT": "INT64", "BYTEINT": "INT64",
    "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC",
}  # fmt: skip
_ANY, _OTHER, _ARBITRARY = "ARG_TYPE_ANY_1", "ARG_TYPE_ANY_2", "ARG_TYPE_ARBITRARY"
_MISSING: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "max_by": ("AGGREGATE", (_ANY, _OTHER), _ANY),
    "min_by": ("AGGREGATE", (_ANY, _OTHER), _ANY),
    "contains_substr": ("SCALAR", (_ARBITRARY, "STRING"), "BOOL"),
    "search": ("SCALAR", (_ARBITRARY, "STRING"), "BOOL"),
    "text_analyze": ("SCALAR", ("STRING",), "ARRAY<STRING>"),
}
"""Functions of BigQuery that the library lacks: mode, arguments, result."""

Tables = Mapping[tuple[str, ...], tuple[tuple[str, str], ...]]
"""(project, dataset, table) -> its columns with their types."""


class ZetaSqlError(Exception):
    """What the analyzer or the evaluator says is wrong."""


class ZetaSql:
    """One instance of the library, which knows some tables; their types are such as `is_type` takes."""

    def __init__(self, cache: Path, tables: Tables | None = None) -> None:
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
        self.catalog = self._register(tables or {})

    def analyze(self, sql: str) -> list[tuple[str, str]]:
        """Names and BigQuery types of the columns that a query yields."""
        request = service.AnalyzeRequest(options=options(), registered_catalog_id=self.catalog, sql_statement=sql)
        answer = self.call("Analyze", request, service.AnalyzeResponse)
        columns = answer.resolved_statement.resolved_query_stmt_node.output_column_list
        return [(c.name, type_name(c.column.type)) for c in columns]

    def _register(self, tables: Tables) -> int:
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="c", custom_function=[_function(n, *f) for n, f in _MISSING.items()])
        catalog.builtin_function_options.language_options.CopyFrom(_language())
        folders: dict[tuple[str, ...], Any] = {(): catalog}
        for path, columns in tables.items():
            for length in range(1, len(path)):
                if path[:length] not in folders:
                    folders[path[:length]] = folders[path[: length - 1]].catalog.add(name=path[length - 1])
            # A name may stand in quotes part by part, or as a whole.
            for folder, name in ((folders[path[:-1]], path[-1]), (catalog, ".".join(path))):
                table = folder.table.add(name=name)
                for column, type_ in columns:
                    table.column.add(name=column, type=_type(type_))
        pools = service.DescriptorPoolListProto(definitions=[{"builtin": {}}])
        request = service.RegisterCatalogRequest(simple_catalog=catalog, descriptor_pool_list=pools)
        return int(self.call("RegisterCatalog", request, service.RegisterResponse).registered_id)

    def call(self, name: str, request: Any, answer: Any) -> Any:
        """What the library answers to one of its requests. Raises ZetaSqlError."""
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
    # What another release wrote, or did not write to its end, is made anew.
    with contextlib.suppress(WasmtimeError, OSError):
        return Module.deserialize_file(engine, str(compiled))
    module = Module.from_file(engine, str(wasm))
    # Nobody else may write here: it is code that is run. Two processes may come here at once.
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = compiled.with_suffix(f".{os.getpid()}")
        partial.write_bytes(module.serialize())
        partial.replace(compiled)
    return module


@cache
def _language() -> Any:
    known = set(public.LanguageFeature.keys())
    names = {
        n for f in _FEATURES.split() for n in known if n == f"FEATURE_{f}" or (n.startswith("FEATURE_V_1_") and n.split("_", 4)[-1] == f)
    }
    return options_pb2.LanguageOptionsProto(
        product_mode=public.PRODUCT_EXTERNAL,
        name_resolution_mode=public.NAME_RESOLUTION_DEFAULT,
        enabled_language_features=sorted(public.LanguageFeature.Value(n) for n in names),
        reserved_keywords=["QUALIFY"],
    )


@cache
def options() -> Any:
    """How BigQuery reads SQL."""
    return options_pb2.AnalyzerOptionsProto(
        language_options=_language(), default_timezone="UTC", error_message_mode="ERROR_MESSAGE_ONE_LINE", prune_unused_columns=True
    )


def cache_folder() -> Path:
    """Where programs keep for a user what can be made anew."""
    if sys.platform == "win32":
        given = os.environ.get("LOCALAPPDATA")
        return Path(given or Path.home() / "AppData" / "Local") / "whgen" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "whgen"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whgen"


def type_name(type_: Any) -> str:
    """What BigQuery calls a type of the library's."""
    kind = str(type_pb2.TypeKind.Name(type_.type_kind))
    if kind == "TYPE_ARRAY":
        return f"ARRAY<{type_name(type_.array_type.element_type)}>"
    if kind == "TYPE_RANGE":
        return f"RANGE<{type_name(type_.range_type.element_type)}>"
    if kind == "TYPE_STRUCT":
        return f"STRUCT<{', '.join(f'{f.field_name} {type_name(f.field_type)}'.strip() for f in type_.struct_type.field)}>"
    return _NAMES.get(kind, kind.removeprefix("TYPE_"))


def canonical(name: str) -> str | None:
    """A type by the one name that `type_name` has for it, without precision and scale; None when it names none.

    >>> canonical("numeric(10, 2)"), canonical("ARRAY<STRUCT<a INTEGER, b ARRAY<STRING(3)>>>")
    ('NUMERIC', 'ARRAY<STRUCT<a INT64, b ARRAY<STRING>>>')
    """
    try:
        return type_name(_type(name))
    except ValueError:
        return None


def _type(name: str) -> Any:
    name = name.strip()
    if found := re.fullmatch(r"(array|struct|range)\s*<(.*)>", name, re.IGNORECASE | re.DOTALL):
        made = type_pb2.TypeProto(type_kind=type_pb2.TypeKind.Value(f"TYPE_{found[1].upper()}"))
        if found[1].lower() != "struct":
            getattr(made, f"{found[1].lower()}_type").element_type.CopyFrom(_type(found[2]))
            return made
        for field in _fields(found[2]):
            field_name, _, field_type = field.strip().partition(" ")
            made.struct_type.field.add(field_name=field_name.strip("`"), field_type=_type(field_type))
        return made
    word = re.sub(r"\s*\([\d\s,]*\)$", "", name).upper()
    kind = _KINDS.get(_ALIASES.get(word, word))
    if kind is None:
        raise ValueError(f"{name} is no type of BigQuery")
    return type_pb2.TypeProto(type_kind=type_pb2.TypeKind.Value(kind))


def _fields(text: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    found, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return found


def _function(name: str, mode: str, arguments: tuple[str, ...], result: str) -> Any:
    signature = function_pb2.FunctionSignatureProto(argument=[_argument(a) for a in arguments], return_type=_argument(result))
    return function_pb2.FunctionProto(name_path=[name], group="bigquery", mode=mode, signature=[signature])


def _argument(kind: str) -> Any:
    if kind.startswith("ARG_"):
        return function_pb2.FunctionArgumentTypeProto(kind=kind, num_occurrences=1)
    return function_pb2.FunctionArgumentTypeProto(kind="ARG_TYPE_FIXED", type=_type(kind), num_occurrences=1)
