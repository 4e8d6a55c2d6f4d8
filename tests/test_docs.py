"""The documentation: generated pages are current, and every page is told the truth by what it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from golden import check_golden
from projects import REPOSITORY, compiled
from whgen import scaffold
from whgen.cli.app import app
from whgen.diagnostics.text import render, summary
from whgen.docs.pages import pages
from whgen.pipeline import validate

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_page_is_current(name: str, request: pytest.FixtureRequest) -> None:
    check_golden({REPOSITORY / "docs" / name: pages()[name]}, refresh=request.config.getoption("--golden"))


def test_every_key_of_the_spec_language_is_explained() -> None:
    rows = [line for line in pages()["spec.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 120
    assert not [row for row in rows if row.rstrip().endswith("|  |")]


@pytest.mark.parametrize(
    "page", sorted(p.relative_to(REPOSITORY).as_posix() for p in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = REPOSITORY / page
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{page} links to {target}"


def test_readme_shows_the_diagnostic_that_a_newcomer_would_see(tmp_path: Path) -> None:
    scaffold.create(tmp_path, "my_shop")
    spec = tmp_path / "specs/facts/order.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("on: customer_id", "on: costumer_id"), encoding="utf-8")
    compilation = validate(tmp_path)
    shown = f"{render(compilation.report, compilation.texts, colour=False)}\n{summary(compilation.report)}"
    assert re.sub(r"\n+", "\n", shown).strip() in re.sub(r"\n+", "\n", README)


def test_readme_counts_the_tests_of_the_example() -> None:
    nodes = compiled(REPOSITORY).projects[0].nodes
    assert f"Tests come unasked: {sum(n.kind == 'test' for n in nodes)} of them" in README


HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
WORKFLOW = (REPOSITORY / ".github/workflows/whgen.yml").read_text(encoding="utf-8")
STEPS = re.findall(r"^ +run: whgen ((?:validate|generate) .+)$", WORKFLOW, re.MULTILINE)


@pytest.mark.parametrize("line", [*(hook["entry"].removeprefix("whgen ") for hook in HOOKS), *STEPS])
def test_hooks_and_steps_of_ci_pass_when_all_is_well_and_fail_when_it_is_not(line: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> int:
        return CliRunner().invoke(app, ["-C", str(tmp_path), *arguments]).exit_code

    scaffold.create(tmp_path, "my_shop")
    assert run("generate") == 0
    assert run(*line.split()) == 0
    spec = tmp_path / "specs/facts/order.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("grain: ", "grian: "), encoding="utf-8")
    assert run(*line.split()) == 1


def test_readme_uses_the_hooks_that_there_are() -> None:
    assert len(STEPS) == 2
    assert set(re.findall(r"^ +- id: (\S+)$", README, re.MULTILINE)) == {hook["id"] for hook in HOOKS}
    for hook in HOOKS:
        assert re.search(hook["files"], "specs/facts/order.yml")
        assert re.search(hook["files"], "warehouse/specs/order.yml")
        assert not re.search(hook["files"], "README.md")
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False


def test_readme_names_every_command() -> None:
    assert [name for name in app.commands if f"`whgen {name}" not in README] == []
