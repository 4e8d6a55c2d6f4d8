"""The story in examples/: told once from beginning to end, away from this repository, and looked at from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from golden import check_golden
from projects import REPOSITORY

HERE = REPOSITORY / "examples/story"
pytestmark = pytest.mark.xdist_group("story")
SERVED = "SELECT COUNT(*), CAST(SUM(revenue) AS VARCHAR) FROM production.fact_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a story: the project that it leaves, how it ended, and what it printed."""

    shop: Path
    code: int
    text: str
    errors: str

    def asked(self, file: str, query: str = SERVED) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.shop / file), read_only=True) as database:
            return database.execute(query).fetchall()


def tell(folder: Path, *changes: tuple[str, str], prefect: str = "") -> Told:
    """Run a copy of the script, which is changed first."""
    text = (HERE / "story.py").read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    folder.mkdir(exist_ok=True)
    (folder / "story.py").write_text(text, encoding="utf-8")
    variables = os.environ | {
        "PYTHONPATH": str(REPOSITORY / "generator"),
        "PYTHONIOENCODING": "utf-8",
        "WHGEN_COMMAND": f"{sys.executable} -m whgen",
        "WHGEN_PREFECT": prefect,
        # What a developer may have set for another project is none of the story's.
        "WHGEN_TARGET": "nowhere",
        "SHOP_PROD_PATH": "nowhere.duckdb",
    }
    ran = subprocess.run(
        [sys.executable, str(folder / "story.py"), str(folder / "shop")], cwd=folder, env=variables, capture_output=True, encoding="utf-8"
    )
    return Told(shop=folder / "shop", code=ran.returncode, text=ran.stdout, errors=ran.stderr)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(tmp_path_factory.mktemp("story"))


def git(told: Told, *words: str) -> str:
    return subprocess.run(["git", "-C", str(told.shop), *words], check=True, capture_output=True, text=True).stdout


def plain(text: str) -> str:
    """The text without what is other each time: seconds, moments and names of commits."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "(moment)", text)
    text = re.sub(r" +\d+\.\d s\b", " (seconds)", text)
    return re.sub(r"\b[0-9a-f]{7,8}\b", "(commit)", text)


def assert_told(told: Told) -> None:
    """What the story is about, as others find it in the end: by SQL of their own."""
    assert told.code == 0, told.text[-3000:] + told.errors
    # What is served is the night before the bad load; the build that was rolled back is kept beside it.
    assert told.asked("prod.duckdb") == [(18, "229.20")]
    assert told.asked(".prod.duckdb.whgen/previous/prod.duckdb") == [(22, "2574.90")]
    assert told.asked("qa.duckdb") == [(15, "190.00")]
    # The pull request has left nothing on `dev`, which still has the old name.
    schemas = "SELECT DISTINCT table_schema FROM information_schema.tables ORDER BY 1"
    assert told.asked("shop.duckdb", schemas) == [("production",), ("staging",)]
    assert told.asked("shop.duckdb", SERVED.replace("revenue", "amount")) == [(15, "190.00")]
    # The audit has stopped the bad load because of the one key that occurs twice.
    why = "SELECT r.status, n.name, n.failures FROM staging.whgen_runs r JOIN staging.whgen_run_nodes n USING (run_id) WHERE n.failures > 0"
    assert told.asked("prod.duckdb", why) == [("failed", "stg_shop__products__product_code__unique", 1)]


def test_the_story_ends_well(told: Told) -> None:
    assert_told(told)


def test_every_order_of_production_is_one_of_the_till(told: Told) -> None:
    """The last row of each order until Tuesday, and its product, read from the raw file without whgen."""
    raw = f"read_csv('{told.shop}/data/raw/orders.csv', header=true, all_varchar=true)"
    wanted = f"""
        SELECT CAST(id AS BIGINT), CAST(amount AS DECIMAL(10, 2)), product
        FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY sent_at DESC) AS n FROM {raw})
        WHERE n = 1 AND placed_on <= '2025-03-04' ORDER BY 1"""
    found = """
        SELECT order_id, revenue, CASE dim_product.product_name WHEN 'Not found' THEN 'X9' ELSE product_code END
        FROM production.fact_order JOIN production.dim_product USING (product_key) ORDER BY 1"""
    assert told.asked("prod.duckdb", found) == duckdb.sql(wanted).fetchall()


def test_the_history_is_that_of_a_pull_request(told: Told) -> None:
    subjects = git(told, "log", "--format=%s", "--first-parent").splitlines()
    assert subjects == ["Build every night", "Merge revenue by product", "A warehouse for the shop"]
    # What is generated was committed with what it is made of; what is built was not.
    files = git(told, "ls-files").splitlines()
    assert {"generated/prefect/shop_nightly.py", "generated/duckdb/models/production/dimensions/dim_product.sql"} <= set(files)
    assert not [f for f in files if f.endswith(".duckdb") or "/target/" in f or f.startswith(".prod")]
    # Only the till has gone on since.
    assert git(told, "status", "--short").splitlines() == [" M data/raw/orders.csv", " M data/raw/products.csv"]


def test_the_readme_is_what_the_story_prints(told: Told, request: pytest.FixtureRequest) -> None:
    readme = HERE / "README.md"
    now = readme.read_text(encoding="utf-8")
    head = now[: now.index("\n## 1. ")]
    wanted = f"{head}\n{told.text.rstrip()}\n"
    check_golden({readme: now if plain(now) == plain(wanted) else wanted}, refresh=request.config.getoption("--golden"))


@pytest.mark.parametrize(
    ("change", "otherwise"),
    [
        (('shows="nothing wrong"', 'shows="all wrong"'), "`whgen validate` did not say 'all wrong'"),
        (("whgen init . --name shop", "whgen init . --name 7"), "`whgen init . --name 7` ended with "),
    ],
    ids=["words", "exit code"],
)
def test_a_step_that_does_not_do_what_it_says_ends_the_story(change: tuple[str, str], otherwise: str, tmp_path: Path) -> None:
    told = tell(tmp_path, change)
    assert told.code == 1
    assert f"The story ends here: {otherwise}" in told.errors
    assert "## 2." not in told.text


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/mine.txt").write_text("mine", encoding="utf-8")
    told = tell(tmp_path)
    assert told.code == 1
    assert "shop is not empty" in told.errors
    assert [p.name for p in told.shop.iterdir()] == ["mine.txt"]
