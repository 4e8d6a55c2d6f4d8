"""DuckDB."""

from whgen.warehouses.duckdb.dialect import DUCKDB as DIALECT
from whgen.warehouses.duckdb.spec import PARTS

__all__ = ["DIALECT", "PARTS"]
