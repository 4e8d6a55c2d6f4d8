"""One file outside the generated folder, written whole or not at all. Neighbours: `output` owns folders and keeps a manifest."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from whgen.output_manifest import OutputError


def write_file(path: Path, texts: Iterable[str]) -> None:
    """Put texts into a file, one after the other; who reads it meanwhile sees the old one. A link stays one; what it leads to is written.

    Raises OutputError when that cannot be done; the file is then as it was.
    """
    place = Path(os.path.realpath(path))
    temporary = place.with_name(f".whgen-{os.getpid()}")
    try:
        if place.is_dir():
            raise OutputError(f"{path} is a folder; name a file in it", path)
        if path.absolute().parts[1:2] in (("dev",), ("proc",)) or (place.exists() and not place.is_file()):
            raise OutputError(f"{path} is a device or a pipe, not a file; leave the option away to print the text", path)
        if place.exists():
            # Replacing asks for the folder's permission only; a file that is read-only is meant to stay.
            place.open("ab").close()
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(texts)
        if place.exists():
            shutil.copymode(place, temporary)
        temporary.replace(place)
    except OSError as error:
        hint = f"there is no folder {path.parent}" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise OutputError(f"cannot write {path}: {hint}", path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
