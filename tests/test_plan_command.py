"""`whgen plan` in real git repositories: what is compared with what, how it ends, and that nothing is touched."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from projects import write_project
from whgen.cli.app import app
from whgen.cli.settings import STALE

SPECS = {
    "specs/warehouse.yml": "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n",
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  orders: {key: order_id, columns: {order_id: integer, customer_id: integer, amount: 'decimal(10, 2)'}}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [customer_id]
measures: {amount: {additivity: additive}}
""",
}
AMOUNT = "measures: {amount: {additivity: additive}}"
TOTAL = "measures: {total: {expr: amount, additivity: additive}}"


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"]
    return subprocess.run(["git", *who, "-C", str(root), *words], check=True, capture_output=True, text=True, input="").stdout


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def whgen(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def edit(root: Path, before: str, after: str) -> None:
    path = root / "specs/shop.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a main branch of one commit."""
    root = write_project(tmp_path / "shop", SPECS)
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, "begin")
    return root


def test_work_on_a_branch_is_compared_with_where_it_left_main(shop: Path) -> None:
    git(shop, "switch", "--quiet", "--create", "work")
    edit(shop, AMOUNT, TOTAL)
    commit(shop, "rename")
    git(shop, "switch", "--quiet", "main")
    edit(shop, "one row per order", "one row for each order")
    commit(shop, "what others did meanwhile")
    git(shop, "switch", "--quiet", "work")
    base = git(shop, "rev-parse", "main~1")[:8]
    result = whgen("-C", str(shop), "plan")
    assert result.exit_code == STALE, result.output
    assert result.output.startswith(
        f"Compared with {base} (where this work left main).\n\nfact_order\n  breaking      amount: column removed"
    )
    assert "grain" not in result.output
    assert git(shop, "status", "--porcelain") == ""


def test_what_is_not_committed_is_compared_with_the_last_commit(shop: Path) -> None:
    assert "Nothing changes." in whgen("-C", str(shop), "plan").output
    edit(shop, "grain: one row per order", "description: Orders.\ngrain: one row per order")
    result = whgen("-C", str(shop), "plan")
    assert (result.exit_code, "additive      description" in result.output) == (0, True), result.output


def test_the_branch_at_origin_comes_before_the_local_one(shop: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(shop, "clone", "--quiet", str(shop), str(clone))
    edit(clone, "grain: one row per order", "description: Orders.\ngrain: one row per order")
    commit(clone, "not pushed")
    result = whgen("-C", str(clone), "plan")
    assert "(where this work left origin/main)" in result.output
    assert "description" in result.output


def test_an_acknowledgement_lets_a_change_pass_once(shop: Path) -> None:
    edit(shop, AMOUNT, TOTAL)
    assert whgen("-C", str(shop), "plan").exit_code == STALE
    write_project(shop, {"specs/breaking.yml": "breaking: totals\nbecause: All moved.\nchanges: [column-removed fact_order.amount]\n"})
    result = whgen("-C", str(shop), "plan")
    assert (result.exit_code, "acknowledged  amount: column removed" in result.output) == (0, True), result.output
    commit(shop, "totals")

    # Merged, it is spent: the plan says so, and the same change made again is not covered by it.
    result = whgen("-C", str(shop), "plan")
    assert result.exit_code == 0
    assert "warning[spent-acknowledgement]" in result.output
    edit(shop, TOTAL, AMOUNT)
    commit(shop, "back again")
    edit(shop, AMOUNT, TOTAL)
    result = whgen("-C", str(shop), "plan")
    assert result.exit_code == STALE, result.output
    assert "was acknowledged before: this is spent" in result.output


def test_a_plan_for_programs_and_for_pull_requests(shop: Path) -> None:
    edit(shop, AMOUNT, TOTAL)
    result = whgen("-C", str(shop), "plan", "--format", "json")
    found = json.loads(result.output)
    assert (found["ok"], found["exit_code"], result.exit_code) == (False, STALE, STALE)
    assert found["counts"] == {"additive": 1, "rebuild": 0, "breaking": 1}
    assert found["changes"][0]["id"] == "column-removed fact_order.amount"
    assert found["built"] == ["fact_order"]
    assert "+    amount AS total" in found["sql"]["fact_order"]
    result = whgen("-C", str(shop), "plan", "--format", "markdown")
    assert "| `fact_order.amount` | column removed | was at specs/shop.yml:12 |" in result.output
    assert "<details><summary>SQL of <code>fact_order</code></summary>\n\n```diff\n" in result.output
    assert "  - column-removed fact_order.amount\n```" in result.output
    assert "+    amount AS total" in whgen("-C", str(shop), "plan", "--diff").output


def test_a_project_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    root = write_project(tmp_path / "all/warehouse", SPECS)
    write_project(tmp_path / "all", {"specs/other.txt": "not ours"})
    git(tmp_path / "all", "init", "--quiet", "--initial-branch", "trunk")
    commit(tmp_path / "all", "begin")
    edit(root, AMOUNT, TOTAL)
    result = whgen("-C", str(root), "plan", "--against", "trunk")
    assert "amount: column removed" in result.output
    result = whgen("-C", str(root), "plan")
    assert (result.exit_code, "there is no branch `main`, here or at origin" in result.output) == (1, True)


def test_files_that_specs_name_elsewhere_are_those_of_then(shop: Path) -> None:
    seed = "\n---\nseed: country\nfile: ../data/country.csv\ncolumns: {code: string}\n"
    path = shop / "specs/shop.yml"
    path.write_text(path.read_text(encoding="utf-8") + seed, encoding="utf-8")
    write_project(shop, {"data/country.csv": "code\nDE\n"})
    commit(shop, "seed")
    write_project(shop, {"data/country.csv": "code\nDE\nFR\n"})
    result = whgen("-C", str(shop), "plan")
    assert "rebuild       rows: 1 rows" in result.output, result.output


def test_a_commit_without_specs_had_nothing(shop: Path) -> None:
    git(shop, "switch", "--quiet", "--orphan", "empty")
    write_project(shop, {"README": "nothing yet"})
    commit(shop, "nothing")
    git(shop, "switch", "--quiet", "main")
    result = whgen("-C", str(shop), "plan", "--against", "empty")
    assert result.exit_code == 0
    assert result.output.count("new table") == 2


def test_what_cannot_be_compared_with_is_said(shop: Path, tmp_path: Path) -> None:
    def refusal(root: Path, *words: str) -> str:
        result = whgen("-C", str(root), "plan", *words)
        assert result.exit_code == 1, result.output
        return result.output

    assert "error[unknown-revision]: git knows no commit `mian`" in refusal(shop, "--against", "mian")
    assert "git knows no commit `--output=x`" in refusal(shop, "--against", "--output=x")
    alone = write_project(tmp_path / "alone", SPECS)
    assert "is in no git repository" in refusal(alone)
    git(alone, "init", "--quiet", "--initial-branch", "main")
    assert "git knows no commit `HEAD`" in refusal(alone)
    git(shop, "switch", "--quiet", "--orphan", "other")
    write_project(shop, SPECS)
    commit(shop, "elsewhere")
    assert "have no common ancestor here" in refusal(shop)
    edit(shop, "from: shop.orders", "from: shop.ordres")
    commit(shop, "wrong")
    edit(shop, "from: shop.ordres", "from: shop.orders")
    assert "error[broken-revision]: the specs of" in refusal(shop, "--against", "HEAD")


def test_specs_with_mistakes_are_no_plan(shop: Path) -> None:
    edit(shop, "from: shop.orders", "from: shop.ordres")
    result = whgen("-C", str(shop), "plan")
    assert (result.exit_code, "error[unknown-table]" in result.output) == (1, True)
