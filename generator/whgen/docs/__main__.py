"""`python -m whgen.docs FOLDER`: write the generated pages of the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

from whgen.docs.pages import pages

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{folder / name}: written")
