"""The file of an embedded database that nobody sees half-built: a build works on a copy, which takes the file's place when it is good.

In: the path of the file. Out: the copy, and at the end one rename. Whoever has the file open keeps what they have; who opens it sees the
last good build, whole. Beside the file lies a hidden folder with the copy, the build before, and the lock that keeps builds apart.
"""

from __future__ import annotations

import contextlib
import filecmp
import getpass
import json
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whgen.file_lock import try_lock


class PublishError(Exception):
    """The file cannot be copied, held or replaced."""


class HeldError(PublishError):
    """Another build has the lock; `who` and `since` say whose."""

    def __init__(self, who: str, since: str) -> None:
        super().__init__(f"{who} has been at it since {since}")


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A database file with what is kept beside it."""

    live: Path

    @property
    def folder(self) -> Path:
        """The folder beside it, which begins with a dot."""
        return self.live.parent / f".{self.live.name}.whgen"

    @property
    def audit(self) -> Path:
        """The copy that is built and tested. It has the name of the file, which is the name of the database in views."""
        return self.folder / "audit" / self.live.name

    @property
    def previous(self) -> Path:
        """What the file was before the last build that was published."""
        return self.folder / "previous" / self.live.name

    @property
    def _leaving(self) -> Path:
        return self.folder / "leaving" / self.live.name

    @contextlib.contextmanager
    def locked(self, doing: str) -> Iterator[None]:
        """Keep other builds away. The lock dies with its process. Raises HeldError, PublishError."""
        with _explained(self.live):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        holder = self.folder / "holder.json"
        try:
            if not try_lock(descriptor):
                raise HeldError(*_told(holder))
            with _explained(self.live):
                who = f"{_user()} on {socket.gethostname()} (process {os.getpid()}, whgen {doing})"
                holder.write_text(json.dumps({"who": who, "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}), encoding="utf-8")
                self._recover()
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def begun(self, *, goes_on: bool) -> Iterator[None]:
        """Make the copy, unless what the last build left shall go on. While it is built nobody else writes into the file: it would be lost.

        Raises PublishError where another program writes into the file.
        """
        with contextlib.ExitStack() as held, _explained(self.live):
            goes_on = goes_on and self.audit.exists()
            if not goes_on:
                shutil.rmtree(self.audit.parent, ignore_errors=True)
                self.audit.parent.mkdir(parents=True)
            if self.live.exists():
                held.callback((_held(self.live) if goes_on else self._copied(self.audit)).close)
            yield

    def _copied(self, to: Path) -> Any:
        """A connection that keeps other programs from writing, once the file is copied."""
        while True:
            _held(self.live).close()
            before = self.live.stat()
            shutil.copyfile(self.live, to)
            # Only now: the system lets go of the locks of a file when this process closes it, whoever in it took them.
            found = _held(self.live)
            after = self.live.stat()
            if (before.st_mtime_ns, before.st_size, before.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino):
                return found
            found.close()

    def publish(self) -> None:
        """Put the copy in the place of the file, which becomes the previous one. Raises PublishError; the file is then as it was."""
        with _explained(self.live):
            _held(self.audit).close()
            self._swap(self.audit)

    def roll_back(self) -> None:
        """Let the file and the previous one change places. Raises PublishError; the file is then as it was."""
        with _explained(self.live), contextlib.closing(_held(self.live)):
            self._swap(self.previous)

    def carry(self, schema: str, tables: Sequence[str], other: Path) -> str:
        """Add the rows of tables that only the other file has to those of the live one; what kept them from it, or nothing.

        That is done in a copy, too: nobody could read the file while it is written.
        """
        if not (self.live.exists() and other.exists()):
            return ""
        noted = self.folder / "noted" / self.live.name
        try:
            with _explained(self.live):
                noted.parent.mkdir(exist_ok=True)
                with contextlib.closing(self._copied(noted)):
                    with contextlib.closing(_opened(noted, read_only=False)) as connection:
                        _add_rows(connection, other, schema, tables)
                    _put_into_place(noted, self.live)
        except PublishError as problem:
            return str(problem)
        except _driver().Error as problem:
            return str(problem).splitlines()[0]
        return ""

    def _swap(self, new: Path) -> None:
        for folder in (self._leaving.parent, self.previous.parent):
            folder.mkdir(exist_ok=True)
        self._leaving.unlink(missing_ok=True)
        if self.live.exists():
            try:
                # A second name, so that at no moment there is no file.
                self._leaving.hardlink_to(self.live)
            except OSError:
                part = self._leaving.with_suffix(".part")
                shutil.copyfile(self.live, part)
                part.replace(self._leaving)
        _put_into_place(new, self.live)
        if self._leaving.exists():
            self._leaving.replace(self.previous)

    def _recover(self) -> None:
        """Finish what a swap was killed in: the file that was leaving has left if another one has its place."""
        if not self._leaving.exists():
            return
        if self.live.exists() and _is_same(self.live, self._leaving):
            self._leaving.unlink()
        else:
            self._leaving.replace(self.previous)


def _put_into_place(new: Path, live: Path) -> None:
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    if live.exists():
        shutil.copymode(live, new)
    new.replace(live)


def _add_rows(connection: Any, other: Path, schema: str, tables: Sequence[str]) -> None:
    path, own = str(other).replace("'", "''"), _quoted(schema)
    connection.execute(f"ATTACH '{path}' AS other (READ_ONLY)")
    connection.execute("BEGIN")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {own}")
    found = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'other' AND schema_name = ?"
    there = {name for (name,) in connection.execute(found, [schema]).fetchall()}
    for table in (t for t in tables if t in there):
        ours, theirs = f"{own}.{_quoted(table)}", f"other.{own}.{_quoted(table)}"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {ours} AS SELECT * FROM {theirs} LIMIT 0")
        connection.execute(f"INSERT INTO {ours} BY NAME SELECT * FROM {theirs} EXCEPT SELECT * FROM {ours}")
    connection.execute("COMMIT")


def _is_same(one: Path, other: Path) -> bool:
    # Where files cannot have two names, it is a copy.
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _driver() -> Any:
    import duckdb

    return duckdb


def _opened(path: Path, *, read_only: bool) -> Any:
    try:
        return _driver().connect(str(path), read_only=read_only)
    except _driver().Error as problem:
        raise PublishError(str(problem)) from problem


def _held(path: Path) -> Any:
    """A connection that keeps other programs from writing. What one that was killed left in the log is in the file from now on."""
    if path.with_name(f"{path.name}.wal").exists():
        _opened(path, read_only=False).close()
    return _opened(path, read_only=True)


def _told(holder: Path) -> tuple[str, str]:
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        return str(found["who"]), str(found["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another build", "a moment ago"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


@contextlib.contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise PublishError(f"{problem.filename or file}: {problem.strerror or problem}") from problem
