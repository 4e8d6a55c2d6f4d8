"""What users install: a wheel and an sdist that hold everything."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from projects import REPOSITORY

TEMPLATES = sorted(p.relative_to(REPOSITORY / "templates").as_posix() for p in (REPOSITORY / "templates").rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_wheel_holds_all_modules_and_templates(distributions: Path) -> None:
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as archive:
        names = archive.namelist()
    modules = [p.relative_to(REPOSITORY / "generator").as_posix() for p in (REPOSITORY / "generator").rglob("*.py")]
    assert [n for n in modules if n not in names] == []
    assert [t for t in TEMPLATES if f"whgen/templates/{t}" not in names] == []
    assert {n.split("/")[0] for n in names if not n.startswith("whgen-")} == {"whgen"}, "one name in anybody's environment"


def test_wheel_works_by_itself(distributions: Path, tmp_path: Path) -> None:
    """The wheel put on the path alone, away from the checkout: templates are found inside the package."""
    zipfile.ZipFile(next(distributions.glob("*.whl"))).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from whgen.cli import main; import whgen; assert 'site' in whgen.__file__; main()"
    )
    for arguments in (["init", str(tmp_path / "shop")], ["-C", str(tmp_path / "shop"), "generate"]):
        ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "site"), *arguments], capture_output=True, text=True, cwd=tmp_path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "shop/generated/duckdb/models/production/facts/fact_order.sql").is_file()


def test_sdist_holds_the_sources_and_nothing_of_a_build(distributions: Path) -> None:
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
    inside = {n.split("/", 1)[1] for n in names if "/" in n}
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt", "specs/warehouse.yml", "generator/whgen/pipeline.py"} <= inside
    assert [n for n in inside if n.endswith((".duckdb", ".pyc")) or n.startswith(("data/", "generated/"))] == []


def test_a_compiled_sqlglot_is_not_taken(tmp_path: Path) -> None:
    """Where sqlglot's compiled twin is installed its modules come first, and no class of them can be derived from."""
    twin = tmp_path / "sqlglot"
    twin.mkdir()
    (twin / "__init__.py").touch()
    (twin / "parser.py").write_text("KIND = 'plain'\n")
    (twin / f"parser{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"\0")
    command = [sys.executable, "-c"]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY / 'generator'}"}
    without, with_whgen = (
        subprocess.run(
            [*command, f"import {first}sqlglot.parser; print(sqlglot.parser.KIND)"], capture_output=True, text=True, env=environment
        )
        for first in ("", "whgen, ")
    )
    assert "ImportError" in without.stderr
    assert with_whgen.stdout == "plain\n", with_whgen.stderr
