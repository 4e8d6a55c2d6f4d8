"""The generated folder: nobody's work is lost, whatever is killed, edited, full or read-only in between."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whgen import output
from whgen.output import BACKUP_FOLDER, MANIFEST_NAME, WORK_FOLDER, EditedFilesError, OutputError, compare, diff, write

Render = dict[PurePosixPath, str]


def render(**files: str) -> Render:
    """`models__a="x"` is the file models/a.sql with the text x."""
    return {PurePosixPath(name.replace("__", "/") + ".sql"): text for name, text in files.items()}


def paths(*names: str) -> tuple[PurePosixPath, ...]:
    return tuple(PurePosixPath(name) for name in names)


def files(root: Path) -> dict[str, bytes]:
    """All files but whgen's own: its work folder and its manifest."""
    found = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if name != MANIFEST_NAME and not name.startswith(f"{WORK_FOLDER}/")}


def backups(root: Path) -> list[bytes]:
    return sorted(p.read_bytes() for p in (root / BACKUP_FOLDER).rglob("*") if p.is_file())


def encoded(wanted: Render) -> dict[str, bytes]:
    return {str(path): text.encode() for path, text in wanted.items()}


def refusal(root: Path, wanted: Render, *, force: bool = False) -> OutputError | None:
    try:
        write(root, wanted, force=force)
    except OutputError as error:
        return error
    return None


A = render(dbt_project="one\n", models__a="a1\n", models__old__b="b1\n", models__c="c\n", deep__x="x\n")
B = render(dbt_project="two\n", models__a="a2\n", models__c="c\n", models__new__d="d2\n", deep="now a file\n")
B[PurePosixPath("deep")] = B.pop(PurePosixPath("deep.sql"))
C = render(dbt_project="three\n", models__a="a1\n", models__new__e="e\n", models__old__b="b3\n", deep__x="x\n")


def test_a_write_creates_changes_removes_and_leaves_alone(tmp_path: Path) -> None:
    assert write(tmp_path, A).created == tuple(sorted(A))
    (tmp_path / "models/old/mine.sql").write_text("mine")
    (tmp_path / "models/a.sql").unlink()
    before = (tmp_path / "models/c.sql").stat().st_mtime_ns
    found = write(tmp_path, B)
    assert found.created == paths("deep", "models/a.sql", "models/new/d.sql")
    assert found.changed == paths("dbt_project.sql")
    assert found.removed == paths("deep/x.sql", "models/old/b.sql")
    assert found.unchanged == paths("models/c.sql")
    assert files(tmp_path) == encoded(B) | {"models/old/mine.sql": b"mine"}
    assert (tmp_path / "models/c.sql").stat().st_mtime_ns == before
    assert compare(tmp_path, B).is_current
    assert diff(tmp_path, B) == ""
    assert write(tmp_path, {}).removed == tuple(sorted(B))
    assert [p.name for p in tmp_path.rglob("*.sql")] == ["mine.sql"]


def test_an_edit_is_refused_shown_and_with_force_kept(tmp_path: Path) -> None:
    write(tmp_path, A)
    (tmp_path / "models/a.sql").write_bytes(b"mine \xff")
    with pytest.raises(EditedFilesError, match=r"models/a\.sql") as caught:
        write(tmp_path, B)
    assert caught.value.comparison.edited == paths("models/a.sql")
    assert caught.value.diff == "--- a/models/a.sql\n+++ b/models/a.sql\n@@ -1 +1 @@\n-a2\n+mine \\xff\n\\ No newline at end of file\n"
    assert files(tmp_path) == encoded(A) | {"models/a.sql": b"mine \xff"}
    for edit in (b"mine \xff", b"mine too", b"mine \xff"):
        (tmp_path / "models/a.sql").write_bytes(edit)
        write(tmp_path, B, force=True)
        assert files(tmp_path) == encoded(B)
    assert backups(tmp_path) == [b"mine too", b"mine \xff"]
    kept = next(p for p in (tmp_path / BACKUP_FOLDER).rglob("*") if p.is_file() and p.read_bytes() == b"mine too")
    kept.write_text("an edited backup")
    (tmp_path / "models/a.sql").write_text("mine too")
    write(tmp_path, B, force=True)
    assert backups(tmp_path) == [b"an edited backup", b"mine too", b"mine \xff"]


def test_an_edited_file_that_is_to_go_and_a_foreign_file_in_the_way_count_as_edited(tmp_path: Path) -> None:
    write(tmp_path, A)
    (tmp_path / "models/old/b.sql").write_text("mine")
    (tmp_path / "models/new").mkdir()
    (tmp_path / "models/new/d.sql").write_text("also mine")
    assert compare(tmp_path, B).edited == paths("models/new/d.sql", "models/old/b.sql")
    write(tmp_path, B, force=True)
    assert files(tmp_path) == encoded(B)
    assert backups(tmp_path) == [b"also mine", b"mine"]


class FoldingPath(type(Path())):  # type: ignore[misc]
    """A path on a disk that takes `A.sql` and `a.sql` for one file."""

    def __truediv__(self, key: object) -> Path:
        return super().__truediv__(str(key).lower())


@pytest.mark.parametrize("disk", [Path, FoldingPath])
def test_a_change_of_case_only_leaves_the_new_name(tmp_path: Path, disk: type[Path]) -> None:
    write(disk(tmp_path), render(models__A="a"))
    for text in ("a", "B"):
        write(disk(tmp_path), render(models__A=text.upper()))
        assert not compare(disk(tmp_path), render(models__a=text)).edited
        write(disk(tmp_path), render(models__a=text))
        assert files(tmp_path) == {"models/a.sql": text.encode()}


def test_a_comparison_during_a_write_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, A)
    parse, meanwhile = output.parse, iter([B])
    monkeypatch.setattr(output, "parse", lambda *read: (parse(*read), [write(tmp_path, w) for w in meanwhile])[0])
    assert compare(tmp_path, B).is_current


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "models/a.sql": lambda place: (place / "sub").mkdir(parents=True),
    "models/new": lambda place: place.write_text("mine"),
    "models": lambda place: place.symlink_to("../outside"),
    "deep/x.sql": lambda place: place.unlink() or place.symlink_to("../../outside/d.sql"),
    "models/c.sql": os.mkfifo,
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_what_stands_in_the_way_is_named_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/d.sql").write_text("theirs")
    root, place = tmp_path / "root", tmp_path / "root" / name
    write(root, render(deep__x="x\n"))
    place.parent.mkdir(exist_ok=True)
    IN_THE_WAY[name](place)
    before = files(root)
    with pytest.raises(OutputError, match=re.escape(str(place))) as caught:
        write(root, B, force=True)
    assert caught.value.path == place
    assert place.is_symlink() or place.exists()
    assert files(root) == before
    assert [p.read_text() for p in (tmp_path / "outside").iterdir()] == ["theirs"]


def test_a_root_that_is_a_file_and_a_name_too_long(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for use in (compare, diff, write):
        with pytest.raises(OutputError, match="file"):
            use(tmp_path / "file", A)
    with pytest.raises(OutputError, match="shorten the names"):
        write(tmp_path / "root", {PurePosixPath("x" * 300): ""})


def test_an_edit_during_the_write_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, A)
    prune = output._prune
    monkeypatch.setattr(output, "_prune", lambda state: ((tmp_path / "models/a.sql").write_text("mine"), prune(state)))
    with pytest.raises(OutputError, match="saved by somebody else"):
        write(tmp_path, B)
    monkeypatch.undo()
    assert compare(tmp_path, B).edited == paths("models/a.sql")


TOUCHES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree"}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Run `work` in a process that kills itself at the n-th call that touches the disk; False when it ended before that."""
    child = os.fork()
    if not child:
        seen = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            assert not opens or WORK_FOLDER in str(arguments[0]), "a file is to appear whole, by a rename"
            if event in TOUCHES or opens:
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        sys.addaudithook(hook)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def settled(root: Path, wanted: Render) -> None:
    """The next write of anything finds no edit, and leaves nothing of the writes that were killed."""
    assert compare(root, wanted).edited == ()
    write(root, wanted)
    assert compare(root, wanted).is_current
    assert files(root) == encoded(wanted) | {"models/old/mine.txt": b"mine"}
    assert sorted(p.name for p in (root / WORK_FOLDER).iterdir()) == [".gitignore", "lock"]
    assert {p for p in root.rglob("*") if p.is_dir() and not any(p.iterdir())} == set()


def start(root: Path) -> Path:
    write(root, A)
    (root / "models/old/mine.txt").write_text("mine")
    return root


def test_a_write_killed_at_any_step_is_completed_by_the_next_one(tmp_path: Path) -> None:
    step = 0
    while killed_at(step, lambda: write(root, B)) if (root := start(tmp_path / f"r{step}")) else False:
        settled(root, (B, C, A)[step % 3])
        step += 1
    assert step >= 20
    for first in range(2, step, 3):
        for second in range(1, step, 4):
            root = start(tmp_path / f"r{first}-{second}")
            assert killed_at(first, lambda root=root: write(root, B))
            killed_at(second, lambda root=root: write(root, C))
            settled(root, (A, B, C)[second % 3])


def test_a_forced_write_killed_at_any_step_loses_no_edit(tmp_path: Path) -> None:
    for step in range(100):
        root = start(tmp_path / str(step))
        (root / "models/a.sql").write_text("my edit")
        (root / "models/old/b.sql").write_text("my other edit")
        was_killed = killed_at(step, lambda root=root: write(root, B, force=True))
        write(root, C, force=True)
        assert {b"my edit", b"my other edit"} <= {*backups(root)}
        assert compare(root, C).is_current
        if not was_killed:
            break
    assert not was_killed


def test_a_second_process_waits_and_then_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def second() -> None:
        assert "somebody else is generating into" in str(refusal(tmp_path, A))
        assert compare(tmp_path, A).created

    monkeypatch.setattr(output, "LOCK_WAIT_SECONDS", 0.3)
    with output._lock(tmp_path):
        assert not killed_at(10**6, second)
    write(tmp_path, A)


def test_many_processes_at_once_leave_one_whole_project(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(killed_at, 10**6, lambda w=w: [write(tmp_path, w) for _ in range(9)]) for w in (A, B, C, B)]:
            assert not done.result()
    assert files(tmp_path) in (encoded(A), encoded(B), encoded(C))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_the_disk_refusing_any_step_is_explained_and_completable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    refused, step, left = 0, 0, -1

    def failing(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left == -1:
                raise OSError(number, os.strerror(number))
            return real(*arguments, **options)

        return call

    while left < 0:
        root, left, step = start(tmp_path / str(step)), step, step + 1
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", failing(Path.write_bytes))
            for name in ("mkdir", "replace", "unlink"):
                patch.setattr(os, name, failing(getattr(os, name)))
            if error := refusal(root, B):
                refused += 1
                assert re.search(f"{root}.*: {os.strerror(number)}; ", error.message)
        settled(root, C)
    assert refused >= 15


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here; the simulated refusals above still ran")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_and_a_read_only_disk(small_disk: Path) -> None:
    root = start(small_disk / "root")
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        write(root, B | render(big="x" * 99999))
    assert compare(root, A).is_current
    settled(root, C)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert compare(root, C).is_current
    assert diff(root, A).startswith("--- a/dbt_project.sql\n+++ b/dbt_project.sql\n")
    with pytest.raises(OutputError, match="Read-only file system"):
        write(root, A)


ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["write", "force"]), st.sampled_from([A, B, C]), st.integers(0, 60)),
    st.tuples(st.sampled_from(["edit", "delete"]), st.sampled_from([*map(str, A | B | C)]), st.just(0)),
)


@settings(max_examples=80, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=14))
def test_no_sequence_of_writes_kills_and_edits_loses_an_edit(actions: list[tuple[str, object, int]]) -> None:
    mine: set[bytes] = set()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, (action, subject, step) in enumerate(actions):
            if isinstance(subject, dict):
                # A small step kills the writer there; the other half of the writes run to their end.
                forced = action == "force"
                if step < 30:
                    killed_at(step, lambda wanted=subject, forced=forced: refusal(root, wanted, force=forced))
                elif not refusal(root, subject, force=forced):
                    assert compare(root, subject).is_current
            elif (place := root / str(subject)).parent.is_dir() and not place.is_dir():
                mine -= {files(root).get(str(subject), b"")} - {*backups(root)}
                place.unlink(missing_ok=True)
                if action == "edit":
                    place.write_bytes(b"edit %d" % number)
                    mine.add(b"edit %d" % number)
            assert mine <= {*files(root).values(), *backups(root)}
