"""One thing, one type: columns that the dictionary or the key of a dimension makes the same thing in every table."""

from __future__ import annotations

from collections.abc import Mapping

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.types import Type, a
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, Warehouse
from whgen.resolve.rules.checked import Checked


def check_conformed(checked: Checked) -> None:
    """Report columns whose type differs from the one that their name has elsewhere."""
    known = {**keys_of(checked.warehouse), **_of_dictionary(checked)}
    for table in checked.warehouse.tables:
        for column in table.columns:
            if column.name not in known:
                continue
            type_, span, where = known[column.name]
            taken = table.base.column(column.name) if isinstance(table, Dimension | Fact) else None
            # What is passed on was reported where it was made.
            if span == column.span or column.type.matches(type_) or (taken is not None and taken.type == column.type):
                continue
            checked.report.warning(
                "conflicting-types",
                column.span,
                f"`{column.name}` of `{table.name}` is {a(column.type)}, and {where} makes it {a(type_)}",
                help="give both the same type, or the other thing another name",
                related=[Related(span=span, message=f"{a(type_)} here")],
            )


def _of_dictionary(checked: Checked) -> Mapping[str, tuple[Type, Span, str]]:
    symbols = checked.symbols
    return {
        name: (type_, symbols.warehouse.key("columns", name), "the dictionary")
        for name, entry in symbols.dictionary.items()
        if entry.type is not None and (type_ := symbols.type_of(entry.type, symbols.dictionary_span(name))).is_known
    }


def keys_of(warehouse: Warehouse) -> Mapping[str, tuple[Type, Span, str]]:
    """Business keys that bear the name of their dimension: `customer_id` is one thing, `id` may be many."""
    found: dict[str, tuple[Type, Span, str]] = {}
    for dimension in warehouse.dimensions:
        if isinstance(dimension, ComputedDimension):
            continue
        for name in dimension.business_key:
            column = dimension.column(name)
            if column is not None and name.startswith(f"{dimension.noun}_") and column.type.is_known:
                found[name] = (column.type, column.span, f"the key of `{dimension.name}`")
    return found
