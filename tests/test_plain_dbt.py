"""A generated project under dbt alone, started in any folder: whgen is not there to say where the files are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from projects import compiled
from whgen import scaffold
from whgen.output import write


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project in a folder whose name must be quoted, generated and not yet built."""
    root = tmp_path_factory.mktemp("plain") / "Ann's shop"
    scaffold.create(root, "shop")
    for project in compiled(root).projects:
        write(root / project.folder, project.files)
    return root


def dbt(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """dbt in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "WHGEN_ROOT"} | variables
    command = [sys.executable, "-m", "dbt.cli.main", "--no-version-check", "build", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_dbt_finds_the_files_wherever_it_is_started(shop: Path, tmp_path: Path) -> None:
    below, whole = "generated/duckdb", str(shop / "generated/duckdb")
    # One after the other: what dbt has parsed in one folder must not mislead it in the next.
    for cwd, places in (
        (shop, ("--project-dir", below, "--profiles-dir", below)),
        (shop / below, ()),
        (tmp_path, ("--project-dir", whole, "--profiles-dir", whole)),
    ):
        (shop / "shop.duckdb").unlink(missing_ok=True)
        ran = dbt(*places, cwd=cwd)
        assert ran.returncode == 0, ran.stdout
        with duckdb.connect(str(shop / "shop.duckdb"), read_only=True) as database:
            assert database.sql("select count(*) from production.fact_order").fetchall()[0][0] > 0
    assert [f for place in (shop, tmp_path) for f in place.rglob("*.duckdb")] == [shop / "shop.duckdb"]


def test_a_profile_elsewhere_needs_the_folder_of_the_specs(shop: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "one" / "two" / "profiles"
    elsewhere.mkdir(parents=True)
    (elsewhere / "profiles.yml").write_bytes((shop / "generated/duckdb/profiles.yml").read_bytes())
    places = ("--project-dir", str(shop / "generated/duckdb"), "--profiles-dir", str(elsewhere))
    (shop / "shop.duckdb").unlink(missing_ok=True)
    ran = dbt(*places, cwd=tmp_path, WHGEN_ROOT=str(shop))
    assert ran.returncode == 0, ran.stdout
    assert (shop / "shop.duckdb").is_file()
    assert not list(tmp_path.rglob("*.duckdb"))
