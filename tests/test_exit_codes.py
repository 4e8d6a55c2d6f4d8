"""How commands end. What no project could make right is wrong usage; what this project lacks, or has wrong, is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from whgen import scaffold
from whgen.cli import app as entrance
from whgen.cli.app import app

DONE, WRONG, USAGE, BUG, INTERRUPTED = 0, 1, 2, 70, 130

TABLE = {
    "": USAGE,
    "--help": DONE,
    "--version": DONE,
    "nope": USAGE,
    "-C nope validate": WRONG,
    "--nope validate": USAGE,
    "init": WRONG,
    "init new": DONE,
    "init new --name my_shop": DONE,
    "init new --name My-Shop": USAGE,
    "init new --name=": USAGE,
    "init specs/warehouse.yml": WRONG,
    "init one two": USAGE,
    "validate": DONE,
    "validate --fix": DONE,
    "validate --fix --diff": DONE,
    "validate --diff": USAGE,
    "validate --fix --diff --json": USAGE,
    "validate --format sarif": DONE,
    "validate --format xml": USAGE,
    "validate --format text --json": USAGE,
    "validate --warehouse bigquery": WRONG,
    "validate --warehouse nope": USAGE,
    "validate --fix --warehouse bigquery": USAGE,
    "validate specs": USAGE,
    "generate --check": WRONG,
    "generate --diff": DONE,
    "generate --dry-run": DONE,
    "generate --warehouse nope": WRONG,
    "generate": DONE,
    "build --target nope": WRONG,
    "run --target nope": WRONG,
    "test --target nope": WRONG,
    "lock --target nope": WRONG,
    "rollback --target nope": WRONG,
    "rollback": WRONG,
    "drop --target nope": WRONG,
    "drop --schema-prefix": USAGE,
    "freshness --target nope": WRONG,
    "ls --target nope": WRONG,
    "build --target": USAGE,
    "build --threads 0": USAGE,
    "test --full-refresh": USAGE,
    "ls": DONE,
    "ls --kind model --json": DONE,
    "ls --kind table": USAGE,
    "ls --format github": USAGE,
    "explain unknown-table": DONE,
    "explain nope": USAGE,
    "explain fact_order": DONE,
    "explain fact_order.customer_key --json": DONE,
    "explain fact_order.customer_kee": WRONG,
    "explain fact_ordr.customer_key": WRONG,
    "explain": USAGE,
    "docs": DONE,
    "docs --out pages --json": DONE,
    "docs --out specs/warehouse.yml": WRONG,
    "docs --out=": USAGE,
    "docs --target nope": WRONG,
    "lineage fact_order": DONE,
    "lineage fact_order.customer_key --format mermaid": DONE,
    "lineage nope": WRONG,
    "lineage": USAGE,
    "lineage fact_order --format sarif": USAGE,
    "diff": USAGE,
    "diff --against-target nope": WRONG,
    "diff --against-target dev": USAGE,
    "diff nope --target nope --against-target dev": WRONG,
    "schema": DONE,
    "schema --output schema.json": DONE,
    "schema --output=": USAGE,
    "schema --output specs": WRONG,
    "schema --output specs/warehouse.yml/x": WRONG,
    "completion fish": DONE,
    "completion csh": USAGE,
    "schedule nope": USAGE,
    "ci nope": USAGE,
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, which is the current folder."""
    scaffold.create(tmp_path / "shop", "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize(("line", "code"), TABLE.items())
def test_exit_code(line: str, code: int, shop: Path) -> None:
    result = CliRunner().invoke(app, line.split(), prog_name="whgen")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    if code == USAGE:
        # Nothing that a program reads, and for people what was expected.
        assert result.stdout == ""
        assert result.stderr


@pytest.mark.parametrize(
    "command", ["validate", "generate", "build", "run", "test", "ls", "lock", "freshness", "schedule cron", "ci github"]
)
def test_broken_specs_are_wrong_in_every_command(command: str, shop: Path) -> None:
    (shop / "specs/warehouse.yml").write_text("warehouse: Bad Name\n")
    assert CliRunner().invoke(app, command.split(), prog_name="whgen").exit_code == WRONG


@pytest.mark.parametrize(
    ("raised", "code"),
    [(RuntimeError("no one expected this"), BUG), (KeyboardInterrupt(), INTERRUPTED), (OSError(28, "No space left"), WRONG)],
)
def test_what_a_command_raises(
    raised: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(**_: object) -> None:
        raise raised

    monkeypatch.setattr(app, "main", run)
    with pytest.raises(SystemExit) as ended:
        entrance.main()
    assert ended.value.code == code
    assert capsys.readouterr().err
