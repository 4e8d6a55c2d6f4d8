"""Snowflake, by its documentation: nothing of it was ever run there, so of the catalogue of functions only a part is offered."""

from whgen.warehouses.snowflake.dialect import SNOWFLAKE as DIALECT
from whgen.warehouses.snowflake.spec import PARTS

__all__ = ["DIALECT", "PARTS"]
