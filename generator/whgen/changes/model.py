"""Two hand-written models, or two seeds -> how they differ."""

from __future__ import annotations

import hashlib

from whgen.changes.change import Changes
from whgen.changes.table import Pair, compare_keys, compare_rest, compare_tables
from whgen.ir.inputs import Composed
from whgen.ir.signature import SAME, Renames, sql_of
from whgen.ir.warehouse import HandWritten, Seed

_KNOWN = frozenset({"grain", "selects", "verbatim", "verbatim_file", "reads", "input_of"})


def compare_models(pair: Pair, changes: Changes) -> None:
    """All that differs between two hand-written models."""
    old, new = pair.old, pair.new
    assert isinstance(old, HandWritten)
    assert isinstance(new, HandWritten)
    compare_tables(pair, changes)
    compare_keys(pair, changes)
    if old.grain.split() != new.grain.split():
        changes.add("grain-reworded", new.name, new.span, table=new.name, before=old.grain, after=new.grain)
    verbatim = [{w: text.strip() for w, text in m.verbatim.items()} for m in (old, new)]
    if verbatim[0] != verbatim[1] or _selects(old, pair.read) != _selects(new):
        changes.add("select-changed", new.name, new.span, table=new.name)
    compare_rest(pair, _KNOWN, changes)


def _selects(model: HandWritten, renames: Renames = SAME) -> object:
    """The SELECT on each warehouse. Where whgen writes it, the order of its columns is that of keys in the spec, and means nothing."""
    return {w: sql_of(tree, renames, in_order=not isinstance(model, Composed)) for w, tree in model.selects.items()}


def compare_seeds(pair: Pair, changes: Changes) -> None:
    """All that differs between two seeds."""
    old, new = pair.old, pair.new
    assert isinstance(old, Seed)
    assert isinstance(new, Seed)
    compare_tables(pair, changes)
    compare_keys(pair, changes)
    before, after = (s.text.replace("\r\n", "\n").rstrip("\n").split("\n") for s in (old, new))
    if before != after:
        states = [f"{len(lines) - 1} rows ({hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:8]})" for lines in (before, after)]
        changes.add("seed-changed", new.name, new.span, table=new.name, before=states[0], after=states[1])
    compare_rest(pair, frozenset({"text"}), changes)
