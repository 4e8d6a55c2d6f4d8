"""Rows whose partner must be there: those that have lost theirs go, as a source with foreign keys would have it."""

from __future__ import annotations

from collections.abc import Mapping

from whgen.evaluate.dimension import NOT_FOUND, Memory, evaluate_dimension
from whgen.evaluate.fact import member, members_by_key
from whgen.evaluate.staging import evaluate_staging
from whgen.evaluate.values import EvaluationError, Row
from whgen.ir.warehouse import Dimension, Fact, Role, Staging, Warehouse
from whgen.rehearse.raw import Place, RawTable


def let_go_of_the_lost(warehouse: Warehouse, tables: Mapping[Place, RawTable], rows: dict[Place, list[Row]], product: str) -> None:
    """Remove rows without the member that `missing: fail` demands, until all that are left have theirs."""
    roles = [(fact, role) for fact in warehouse.facts for role in fact.roles if role.missing == "fail"]
    changed = True
    while changed:
        changed = False
        for fact, role in roles:
            changed = _without_member(tables, rows, product, fact, role) or changed


def _without_member(
    tables: Mapping[Place, RawTable], rows: dict[Place, list[Row]], product: str, fact: Fact, role: Role
) -> bool:  # fmt: skip
    base, dimension = fact.base, role.dimension
    if not isinstance(base, Staging) or not isinstance(dimension, Dimension) or not isinstance(dimension.base, Staging):
        return False
    raw = {name: rows[dimension.base.source, name] for name, _ in dimension.base.inputs}
    is_of_snapshot = dimension.history is not None and dimension.history.snapshot is not None
    try:
        found = evaluate_staging(dimension.base, raw, product).rows
        if is_of_snapshot:
            # When versions of a snapshot begin, only the warehouse's clock knows.
            return False
        members = members_by_key(dimension, evaluate_dimension(dimension, found, {}, Memory()).rows)
    except (EvaluationError, KeyError):
        return False
    changed = False
    for name, _ in base.inputs:
        place = base.source, name
        kept = []
        for row in rows[place]:
            staged = tables[place].staged(base, row, product)
            key = tuple((staged or {}).get(n) for n in role.on)
            is_lost = None not in key and (key not in members or (staged is not None and member(role, staged, members) == NOT_FOUND))
            kept += [] if is_lost else [row]
        changed = changed or len(kept) < len(rows[place])
        rows[place] = kept
    return changed
