"""The warehouses that whgen can write for."""

from __future__ import annotations

from collections.abc import Mapping

from whgen.dialects.base import Dialect
from whgen.dialects.bigquery import BIGQUERY
from whgen.dialects.duckdb import DUCKDB
from whgen.dialects.postgres import POSTGRES

DIALECTS: Mapping[str, Dialect] = {d.name: d for d in (BIGQUERY, DUCKDB, POSTGRES)}
