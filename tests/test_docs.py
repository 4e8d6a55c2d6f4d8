"""The documentation: generated pages are current, and every page is told the truth by what it names."""

from __future__ import annotations

import re

import pytest

from golden import check_golden
from projects import REPOSITORY
from whgen.docs.pages import pages


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
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{page} links to {target}"
