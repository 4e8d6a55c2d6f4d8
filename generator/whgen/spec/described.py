"""What the docstrings below the fields of a model say, for the JSON Schema and the docs.

Pydantic would read them too, each time that the models are imported, which takes it a fifth of that. Neighbour: `json_schema`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The description of each field that has one, by the name of the field; those of a class count for what is derived from it."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if part.__module__.partition(".")[0] == __name__.partition(".")[0]:
            found |= _of_class(_classes(part.__module__).get(part.__name__))
    return found


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _of_class(tree: ast.ClassDef | None) -> dict[str, str]:
    # A model that is made while the module is read has no docstrings.
    found: dict[str, str] = {}
    if tree is None:
        return found
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value.value if isinstance(below.value, ast.Constant) else None
            if isinstance(text, str):
                found[field.target.id] = inspect.cleandoc(text)
    return found
