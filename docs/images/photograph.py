"""Photograph the documentation of the example, after `make build`, and the plan of the story: python docs/images/photograph.py

It needs a Chromium, on the PATH or named by WHGEN_CHROMIUM. Look at the pictures before they are committed.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent
REPOSITORY = IMAGES.parents[1]
CHROMIUM = os.environ.get("WHGEN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# Of each picture the page of the site, how high it is, and whether it is dark.
PAGES = {
    "site-start.png": ("", 900, False),
    "site-fact.png": ("#/table/fact_flight", 900, False),
    "site-column.png": ("#/column/fact_flight/route_key", 900, True),
}
# A comment as hosts of git show it.
COMMENT = """\
<!doctype html><meta charset="utf-8"><style>
* { box-sizing: border-box }
body { margin: 0; padding: 20px; width: 1000px; background: #fff; color: #1f2328; font: 14px/1.5 "Noto Sans", "DejaVu Sans", sans-serif }
.comment { border: 1px solid #d1d9e0; border-radius: 6px }
.head { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e }
.head b { color: #1f2328 }
.bot { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px; margin: 0 4px }
.body { padding: 16px }
.body > :first-child { margin-top: 0 } .body > :last-child { margin-bottom: 0 }
table { border-collapse: collapse; margin: 0 0 16px }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left } tr:nth-child(2n) td { background: #f6f8fa }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 12px "DejaVu Sans Mono", monospace }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px 0; margin: 10px 0; overflow: hidden }
pre code { display: block; background: none; padding: 0; line-height: 1.5 }
pre span { display: block; padding: 0 16px; min-height: 18px }
.add { background: #dafbe1; color: #116329 } .del { background: #ffebe9; color: #82071e } .at { color: #0550ae; font-weight: bold }
ul { padding-left: 2em; margin: 0 0 16px } li + li { margin-top: 4px } details { margin: 0 0 8px } summary { cursor: default }
.dot { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: 3px; vertical-align: -1px }
</style><div class="comment"><div class="head"><b>github-actions</b> <span class="bot">bot</span> commented</div>
<div class="body">BODY</div></div>
"""
# Not every machine has a font with these.
DOTS = {"🔴": "#d1242f", "🟡": "#d4a72c", "🟢": "#2da44e"}
KINDS = {"+": "add", "-": "del", "@": "at"}


def coloured(code: str, language: str, _attributes: str) -> str:
    """Lines of a diff in their colours."""
    if language != "diff":
        return html.escape(code)
    lines = (f'<span class="{KINDS.get(line[:1], "")}">{html.escape(line)}</span>' for line in code.splitlines())
    return "".join(lines)


def comment() -> str:
    """The page of the comment that the story tells of, with one of its folds open."""
    story = (REPOSITORY / "examples/story/README.md").read_text(encoding="utf-8")
    quoted = [line for line in story.splitlines() if line.startswith(">")]
    text = "\n".join(line.removeprefix(">").removeprefix(" ") for line in quoted)
    body = MarkdownIt("commonmark", {"html": True, "highlight": coloured}).enable("table").render(text)
    body = body.replace(
        "<details><summary>SQL of <code>stg_shop__orders</code>", "<details open><summary>SQL of <code>stg_shop__orders</code>"
    )
    for dot, colour in DOTS.items():
        body = body.replace(dot, f'<span class="dot" style="background: {colour}"></span>')
    return COMMENT.replace("BODY", body)


def photograph(browser: Any, folder: Path) -> None:
    """Take all pictures, with what they show in a folder that is thrown away."""
    for name, (place, height, is_dark) in PAGES.items():
        context = browser.new_context(viewport={"width": 1280, "height": height}, color_scheme="dark" if is_dark else "light")
        page = context.new_page()
        page.goto((folder / "index.html").as_uri() + place)
        page.wait_for_selector("h1")
        page.screenshot(path=IMAGES / name)
        context.close()
    file = folder / "comment.html"
    file.write_text(comment(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.goto(file.as_uri())
    page.screenshot(path=IMAGES / "plan.png", full_page=True)


def main() -> None:
    """Write the site, and photograph it and the plan."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        site = Path(temporary) / "site"
        subprocess.run([sys.executable, "-m", "whgen", "-q", "docs", "--out", str(site)], cwd=REPOSITORY, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        photograph(browser, site)
        browser.close()


if __name__ == "__main__":
    main()
