"""YAML as whgen lays it out is, to the byte, YAML as PyYAML writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import REPOSITORY
from whgen.render.yaml_file import OneLine, dumped, yaml_text

TEXTS = st.text(max_size=40) | st.sampled_from(
    ["", " ", "a: b", "- x", "no", "~", "1", "1.0", "2013-01-31", "'", '"', "#", "a #b", "é🙂", "a\nb", "{{ x }}", "? y", "x" * 200]
)
# What whgen wrote, and not what dbt may have left beside it.
GENERATED = [
    manifest.parent / name
    for manifest in sorted((REPOSITORY / "generated").glob("*/whgen-manifest.json"))
    for name in json.loads(manifest.read_text(encoding="utf-8"))["files"]
    if name.endswith(".yml")
]
SCALARS = TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    SCALARS | st.dictionaries(TEXTS, TEXTS, max_size=3).map(OneLine),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.dictionaries(TEXTS, TREES, max_size=5))
def test_it_is_what_pyyaml_writes(tree: dict[str, Any]) -> None:
    assert yaml_text(tree) == dumped(tree)


@pytest.mark.parametrize("file", GENERATED, ids=lambda f: f.relative_to(REPOSITORY).as_posix())
def test_generated_files_are_laid_out_alike(file: Path) -> None:
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert yaml_text(tree) == dumped(tree)
