"""Small questions to the warehouse through dbt's own connection: how many rows a table has, which rows a test found.

An answer is a courtesy to the reader. Where there is none, the run is what it is without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

_WITH_ROWS = ("table", "incremental", "seed", "snapshot")
_EXAMPLES = 3
_LONGEST = 60


def row_count(info: Any, result: Any, *, is_local: bool) -> int | None:
    """How many rows a table has. Warehouses that report rows are believed; an embedded one is asked, which costs it nothing."""
    if info.materialized not in _WITH_ROWS:
        return None
    affected = dict(result.adapter_response).get("rows_affected")
    # What an incremental model merged is not what its table holds.
    if affected is not None and int(affected) >= 0 and info.materialized != "incremental":
        return int(affected)
    adapter = _adapter() if is_local else None
    if adapter is None:
        return None
    found = _rows(adapter, f"select count(*) as n from {info.node_relation.relation_name}", limit=1)
    return int(found[0]["n"]) if found else None


def example_rows(sql: str | None) -> tuple[Mapping[str, str], ...]:
    """A few of the rows that the SQL of a test finds."""
    adapter = _adapter()
    return _rows(adapter, sql, limit=_EXAMPLES) if adapter is not None and sql else ()


def _adapter() -> Any:
    from dbt.adapters.factory import FACTORY

    return next(iter(FACTORY.adapters.values()), None)


def _rows(adapter: Any, sql: str, *, limit: int) -> tuple[Mapping[str, str], ...]:
    from dbt_common.exceptions import DbtBaseException

    with (
        contextlib.suppress(DbtBaseException, RuntimeError, OSError, ValueError, TypeError),
        adapter.connection_named("whgen"),
    ):
        _, table = adapter.execute(sql, fetch=True, limit=limit)
        return tuple({str(c): _shown(v) for c, v in zip(table.column_names, row, strict=True)} for row in table.rows[:limit])
    return ()


def _shown(value: object) -> str:
    # dbt hands every number over as a decimal.
    text = "NULL" if value is None else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
