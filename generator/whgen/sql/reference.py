"""Which dialect expressions are understood in."""

from __future__ import annotations

REFERENCE = "bigquery"
"""The dialect whose meaning the catalogue has. Expressions in another are for that warehouse alone, and go through as they are."""

NATIVE = "native"
"""The mark of nodes that came from another dialect than the reference."""
