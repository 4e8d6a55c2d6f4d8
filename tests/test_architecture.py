"""The house rules that a machine can check. Layers are import-linter's (`make lint`), doors and lengths of functions are ruff's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta, nodes

from projects import REPOSITORY
from whgen.render.environment import environment
from whgen.warehouses import DIALECTS

PACKAGE = REPOSITORY / "generator/whgen"
TEMPLATES = REPOSITORY / "templates"
MODULES = sorted(PACKAGE.rglob("*.py"))
# What a template may do: show text, loop, ask a yes-or-no question, call a macro, indent, join. Meaning is Python's.
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.For, nodes.If, nodes.Filter, nodes.Const,
    nodes.Macro, nodes.Call, nodes.FromImport, nodes.Keyword,
)  # fmt: skip
FILTERS = {"indent", "join"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_fits_in_a_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_says_in_a_few_lines_what_it_is(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc, "a module begins with what it does"
    assert len(doc.splitlines()) <= 8


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_classes_have_names_of_things(path: Path) -> None:
    names = [n.name for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ClassDef)]
    assert not [n for n in names if re.search(r"(Manager|Handler|Context|Helper|Util|Utils)$", n)]


def test_warehouses_are_named_in_their_own_package_only() -> None:
    """Code asks the dialect; what speaks to dbt asks its adapters, too."""
    elsewhere = [p for p in MODULES if p.parent.name != "dbt" and p.name != "functions.py" and not p.is_relative_to(PACKAGE / "warehouses")]
    named = [
        f"{p.relative_to(PACKAGE)}:{node.lineno}"
        for p in elsewhere
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(c, ast.Constant) and c.value in DIALECTS for c in [node.left, *node.comparators])
    ]
    assert not named


def test_the_evaluator_shares_nothing_with_the_sql() -> None:
    """What proves the generated SQL must not be made of the same code: it may read what specs mean, and no more."""
    allowed = {"whgen.evaluate", "whgen.ir"}
    imported = {
        node.module
        for path in (PACKAGE / "evaluate").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("whgen")
    }
    assert {".".join(name.split(".")[:2]) for name in imported} == allowed


def _templates() -> list[str]:
    return sorted(p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.j2"))


def _nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _nodes(child)


@pytest.mark.parametrize("name", _templates())
def test_template_holds_shape_and_no_meaning(name: str) -> None:
    jinja: jinja2.Environment = environment(TEMPLATES)
    tree = jinja.parse((TEMPLATES / name).read_text(encoding="utf-8"))
    for node in _nodes(tree):
        assert isinstance(node, ALLOWED), f"{name}:{node.lineno} uses {type(node).__name__}"
        if isinstance(node, nodes.Filter):
            assert node.name in FILTERS, f"{name}:{node.lineno} uses the filter {node.name}"
        if isinstance(node, nodes.If):
            assert isinstance(node.test, nodes.Name | nodes.Getattr), f"{name}:{node.lineno} decides something"
    if not name.startswith("_"):
        assert meta.find_undeclared_variables(tree) <= {"model"}
