"""Syntax trees, copied and walked fast: sqlglot's own ways go through `copy.deepcopy` and generators, node by node.

In: a tree. Out: another like it, or its nodes. Trees are copied and walked at every step from the spec to the file.
"""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

E = TypeVar("E", bound=exp.Expr)


def copied(tree: E) -> E:
    """A copy of a tree that shares nothing with it but the types of its nodes, which nothing changes in place."""
    root = type(tree)()
    pending: list[tuple[exp.Expr, exp.Expr]] = [(tree, root)]
    while pending:
        node, new = pending.pop()
        new._type = node._type
        if node._meta:
            new._meta = dict(node._meta)
        if node.comments is not None:
            new.comments = list(node.comments)
        for key, value in node.args.items():
            if isinstance(value, exp.Expr):
                new.args[key] = _child(value, new, key, None, pending)
            elif type(value) is list:
                new.args[key] = [_child(v, new, key, i, pending) if isinstance(v, exp.Expr) else v for i, v in enumerate(value)]
            else:
                new.args[key] = value
    return root


def _child(node: exp.Expr, parent: exp.Expr, key: str, index: int | None, pending: list[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    new = type(node)()
    new.parent, new.arg_key, new.index = parent, key, index
    pending.append((node, new))
    return new


def nodes_of(tree: exp.Expr) -> list[exp.Expr]:
    """The nodes of a tree, parents before children and the first child first."""
    found: list[exp.Expr] = []
    pending = [tree]
    while pending:
        node = pending.pop()
        found.append(node)
        for value in reversed(node.args.values()):
            if isinstance(value, exp.Expr):
                pending.append(value)
            elif type(value) is list:
                pending.extend(v for v in reversed(value) if isinstance(v, exp.Expr))
    return found
