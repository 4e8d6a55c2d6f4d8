"""How fast `whgen lsp` answers: `python benchmarks/lsp.py [N]` types into specs of N source tables as an editor does, over stdio.

Measured are the times from a change of one character to the diagnostics of the file that it was typed in, and to the answer to a
completion that is asked for at once; in a source, a dimension and a fact. What a change means for other files is the whole check, in a
process of its own: the time from the last keystroke to it is printed, and has no bound.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from lsprotocol import types
from measure import median, verdict

from lsp_client import Editor

BOUND = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=int, nargs="?", default=1000)
    parser.add_argument("--strokes", type=int, default=30, help="characters that are typed in each file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        make = Path(__file__).with_name("make_specs.py")
        subprocess.run([sys.executable, make, str(arguments.tables), str(root)], check=True, capture_output=True)
        return 0 if _judged(root, arguments.strokes) else 1


def _judged(root: Path, strokes: int) -> bool:
    kept = True
    with Editor(root) as editor:
        began = time.perf_counter()
        files = {noun: sorted((root / "specs").glob(f"{noun}s/*.yml"))[-1] for noun in ("source", "dimension", "fact")}
        for path in files.values():
            editor.open(path)
        editor.until_known(f"fact_{files['fact'].stem}")
        print(f"the whole project is known after {time.perf_counter() - began:.1f} s")
        for noun, path in files.items():
            shown, completed = _typed(editor, path, strokes)
            for what, took in (("diagnostics", shown), ("completion", completed)):
                worst = sorted(took)[-2]
                kept &= verdict(f"{noun}: {what}, median", median(took), BOUND)
                kept &= verdict(f"{noun}: {what}, slowest but one of {len(took)}", worst, BOUND)
        _tell_the_whole(editor, files["source"])
    return kept


def _typed(editor: Editor, path: Path, strokes: int) -> tuple[list[float], list[float]]:
    """Seconds to the diagnostics, and to a completion, after each of some characters that are typed into an expression."""
    text = editor.texts[path]
    line = next(n for n, words in enumerate(text.split("\n")) if "expr: " in words)
    words = text.split("\n")[line]
    end = words.index("expr: ") + len("expr: ") + words.split("expr: ")[1].startswith(("'", '"'))
    document = types.TextDocumentIdentifier(uri=path.as_uri())
    shown, completed = [], []
    for n in range(strokes):
        letter = "abcdefghij"[n % 10]
        with editor.news:
            rounds = editor.rounds.get(path.as_uri(), 0)
        began = time.perf_counter()
        editor.put(path, ((line, end), (line, end), letter))
        editor.until(path, lambda _, rounds=rounds: editor.rounds.get(path.as_uri(), 0) > rounds)  # type: ignore[misc]
        shown.append(editor.times[path.as_uri()] - began)
        end += 1
        # A person types no faster, and the process that checks the whole is at work meanwhile.
        time.sleep(0.08)
        began = time.perf_counter()
        editor.put(path, ((line, end), (line, end), letter))
        end += 1
        params = types.CompletionParams(text_document=document, position=types.Position(line, end))
        found = editor.request("text_document_completion_async", params)
        completed.append(time.perf_counter() - began)
        assert any(item.label == "date_trunc" for item in found.items), "an expression is completed"
        time.sleep(0.12)
    editor.put(path, ((line, end - 2 * strokes), (line, end), ""))
    editor.until_codes(path)
    return shown, completed


def _tell_the_whole(editor: Editor, source: Path) -> None:
    """Print how long it takes until another file shows what a change of a source means for it."""
    text = editor.texts[source]
    name = next(line.strip().split(":")[0] for line in text.split("\n") if "Number of the" in line)
    line = next(n for n, words in enumerate(text.split("\n")) if "Number of the" in words)
    start = text.split("\n")[line].index("as: ") + 4
    while any(editor.shown.values()):
        time.sleep(0.1)
    began = time.perf_counter()
    editor.put(source, ((line, start), (line, start), "x"))
    while not any(found for uri, found in editor.shown.items() if uri != source.as_uri()):
        time.sleep(0.01)
    print(f"another file that uses `{name}` shows that it is gone after {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
