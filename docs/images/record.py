"""Record a command as it looks on a terminal of 100 columns: python docs/images/record.py docs/images/build.svg whgen build"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text


def record(command: list[str]) -> str:
    """What the command leaves on the screen."""
    main, side = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "50"}
    environment.pop("CI", None)
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, close_fds=True):
        os.close(side)
        chunks = []
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
    text = b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")
    # What the bar drew and took away again is not on the screen at the end.
    lines: list[str] = []
    for part in re.split(r"(\x1b\[\d*A|\x1b\[2K|\r|\n|\x1b\[\?25[lh])", text):
        if part == "\n":
            lines.append("")
        elif re.fullmatch(r"\x1b\[(\d*)A", part):
            del lines[len(lines) - int(part[2:-1] or 1) :]
        elif part in ("\x1b[2K", "\r"):
            lines = lines or [""]
            lines[-1] = ""
        elif part and not part.startswith("\x1b[?25"):
            lines = lines or [""]
            lines[-1] += part
    return "\n".join(lines).rstrip("\n")


if __name__ == "__main__":
    target, *command = sys.argv[1:]
    console = Console(record=True, width=100, file=Path(os.devnull).open("w"))  # noqa: SIM115
    shown = f"$ {' '.join(Path(c).name for c in command)}\n" + record(command)
    # Some viewers fold spaces.
    console.print(Text.from_ansi(shown.replace("  ", "\u00a0\u00a0")))
    # The picture stands for itself: whoever looks at it fetches no font.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="whgen"), flags=re.DOTALL)
    Path(target).write_text(picture.replace("Fira Code", "DejaVu Sans Mono"), encoding="utf-8")
