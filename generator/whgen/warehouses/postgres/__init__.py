"""Postgres."""

from whgen.warehouses.postgres.dialect import POSTGRES as DIALECT
from whgen.warehouses.postgres.spec import PARTS

__all__ = ["DIALECT", "PARTS"]
