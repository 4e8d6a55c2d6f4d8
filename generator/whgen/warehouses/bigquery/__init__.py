"""BigQuery."""

from whgen.warehouses.bigquery.dialect import BIGQUERY as DIALECT
from whgen.warehouses.bigquery.spec import PARTS

__all__ = ["DIALECT", "PARTS"]
