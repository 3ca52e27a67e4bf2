"""Copying a data volume: databases between two transactions whatever is written, other files at rest."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.volume_programs import AS_APP, PROGRAMS, a_place, copy, give
from tests.support.waiting import until_sync

HAMMER = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
store.execute(f"pragma journal_mode={sys.argv[2]}")
store.execute("pragma synchronous=off")
for table in ("a", "b", "total"):
    store.execute(f"create table {table} (n int, filler text)")
store.execute("insert into total values (0, '')")
while True:
    store.execute("begin immediate")
    n = store.execute("select n from total").fetchone()[0] + 1
    store.execute("insert into a values (?, ?)", (n, "a" * 500))
    if n % 7 == 0:
        store.execute("delete from a where n % 5 = 0 and n < ?", (n,))
        store.execute("delete from b where n % 5 = 0 and n < ?", (n,))
    store.execute("insert into b values (?, ?)", (n, "b" * 500))
    store.execute("update total set n = ?", (n,))
    store.execute("commit")
"""
"""Writes as fast as it can; after every transaction `a` and `b` hold the same numbers, up to `total`."""


@pytest.fixture
def place() -> Iterator[Path]:
    with a_place() as place:
        yield place


@contextmanager
def hammering(database: Path, mode: str) -> Iterator[subprocess.Popen[bytes]]:
    writer = subprocess.Popen([sys.executable, "-I", "-c", AS_APP + HAMMER, str(database), mode])
    try:
        until_sync(lambda: database.exists() and _numbers(database)[0] > 5, 20, what="rows")
        yield writer
    finally:
        writer.kill()
        writer.wait()


def _numbers(database: Path) -> tuple[int, list[int], list[int]]:
    with closing(sqlite3.connect(database, timeout=20)) as store:
        (total,) = store.execute("select n from total").fetchone()
        a, b = ([n for (n,) in store.execute(f"select n from {table} order by n")] for table in "ab")
        return total, a, b


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_database_that_is_written_all_the_time_is_one_moment_of_it(place: Path, mode: str) -> None:
    volume = place / "volume"
    totals, marks = [], []
    with hammering(volume / "app.db", mode) as writer:
        for number in range(5):
            answer = copy(volume, place / f"copy-{number}")
            assert (answer["said"], answer["state"], answer["unstable"], answer["unread"]) == ("", "copied", [], [])
            assert os.listdir(place / f"copy-{number}") == ["app.db"]
            total, a, b = _checked(place / f"copy-{number}" / "app.db")
            assert a == b
            assert a[-1] == total
            totals.append(total)
            marks.append(answer["mark"]["digest"])
        assert writer.poll() is None, "the writer was not disturbed"
    assert totals == sorted(totals)
    assert totals[-1] > totals[0]
    assert len(set(marks)) == len(marks)


def _checked(database: Path) -> tuple[int, list[int], list[int]]:
    with closing(sqlite3.connect(database)) as store:
        assert store.execute("pragma integrity_check").fetchall() == [("ok",)]
    return _numbers(database)


def test_a_writer_that_was_killed_leaves_a_database_that_is_kept_as_it_can_be_read(place: Path) -> None:
    """A hot journal or log is not part of the copy: what it says is."""
    volume = place / "volume"
    for mode in ("wal", "delete"):
        with hammering(volume / f"{mode}.db", mode):
            pass
    first = copy(volume, place / "first")
    again = copy(volume, place / "again", first["mark"])
    if again["state"] == "copied":
        # Opening it may have tidied it up: the same rows, and so the same bytes and times.
        assert _stamps(place / "again") == _stamps(place / "first")
        again = copy(volume, place / "third", again["mark"])
    assert again["state"] == "unchanged", again
    for mode in ("wal", "delete"):
        assert _checked(place / "first" / f"{mode}.db")[1:] == _numbers(volume / f"{mode}.db")[1:]


def _stamps(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_everything_else_comes_as_it_is_and_what_says_that_something_runs_stays(place: Path) -> None:
    volume = place / "volume"
    (volume / "uploads" / "empty").mkdir(parents=True)
    (volume / "uploads" / "picture.png").write_bytes(os.urandom(3_000_000))
    (volume / "uploads" / "closed").write_text("x")
    (volume / "uploads" / "closed").chmod(0o400)
    (volume / "out").symlink_to("/etc/passwd")
    (volume / "folder-out").symlink_to("/etc")
    (volume / os.fsdecode(b"odd \xff\n")).write_text("odd")
    (volume / "app.pid").write_text("1")
    (volume / "app.lock").write_text("")
    (volume / "yarn.lock").write_text("kept: it says something")
    (volume / "notes.db-wal").write_text("no database beside it")
    (volume / "broken.db").write_bytes(b"SQLite format 3\x00" + os.urandom(5000))
    os.mkfifo(volume / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(volume / "app.sock"))
        give(volume)
        answer = copy(volume, place / "copy")
    assert answer["state"] == "copied"
    assert {path for path, _ in answer["left_out"]} == {"app.pid", "app.lock", "pipe", "app.sock"}
    assert (answer["unstable"], answer["unread"]) == ([], [])
    skip = {"app.pid", "app.lock", "pipe", "app.sock"}
    assert _picture(place / "copy") == {k: v for k, v in _picture(volume).items() if k not in skip}


def _picture(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in folder.rglob("*"):
        info, name = path.lstat(), str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_dir():
            found[name] = info.st_mode
        else:
            found[name] = (info.st_mode, info.st_mtime_ns, path.read_bytes() if path.is_file() else None)
    return found


def test_a_file_that_never_rests_comes_as_it_is_and_is_named(place: Path) -> None:
    volume = place / "volume"
    (volume / "still").write_text("still")
    grow = "import sys\nfile = open(sys.argv[1], 'ab', 0)\nwhile file.tell() < 1 << 28: file.write(b'more\\n')"
    writer = subprocess.Popen([sys.executable, "-I", "-c", AS_APP + grow, str(volume / "growing.log")])
    try:
        until_sync((volume / "growing.log").exists, 5, what="the file")
        for number in range(5):
            answer = copy(volume, place / f"copy-{number}")
            assert (place / f"copy-{number}" / "still").read_text() == "still"
            assert (place / f"copy-{number}" / "growing.log").read_text().startswith("more\n")
            # On a busy machine the writer itself may rest for longer than a copy takes.
            if answer["unstable"]:
                break
    finally:
        writer.kill()
        writer.wait()
    assert answer["unstable"] == ["growing.log"]
    assert answer["mark"]["digest"] == "", "it is copied again next time, whatever it looks like"


def test_more_than_the_limit_is_not_copied(place: Path) -> None:
    volume = place / "volume"
    (volume / "large").write_bytes(bytes(1000))
    answer = copy(volume, place / "copy", limit=999)
    assert (answer["state"], answer["bytes"], os.listdir(place / "copy")) == ("too-large", 1000, [])


def test_what_grew_since_it_was_measured_is_not_copied_without_end(place: Path) -> None:
    """An app may write as fast as its copy is read, or make a file of a terabyte after the look."""
    source = (PROGRAMS / "volume_copy.py").read_text()
    module: dict[str, Any] = {"__name__": "volume_copy"}
    exec(compile(source, "volume_copy.py", "exec"), module)
    (place / "volume" / "small").write_text("small")
    (place / "copy").mkdir()
    look = module["Look"](str(place / "volume"))
    os.truncate(place / "volume" / "small", 1 << 40)
    asked = {"into": str(place / "copy"), "limit": 1 << 20, "room": 1 << 30, "known": None, "owner": None}
    with pytest.raises(module["TooLarge"]):
        module["Copy"](look, asked).run()
    assert (place / "copy" / "small").stat().st_size <= 1 << 20


def test_what_may_run_as_its_owner_does_not_as_the_copys_owner(place: Path) -> None:
    """The copy belongs to whoever runs the monitor: a set-user-ID program of an app would be theirs."""
    volume = place / "volume"
    (volume / "program").write_text("#!/bin/sh")
    (volume / "folder").mkdir()
    give(volume)
    (volume / "program").chmod(0o6755)
    (volume / "folder").chmod(0o2775)
    copy(volume, place / "copy")
    assert (place / "copy" / "program").stat().st_mode & 0o7777 == 0o755
    assert (place / "copy" / "folder").stat().st_mode & 0o7777 == 0o2775


def test_what_has_no_room_is_not_begun(place: Path) -> None:
    """A file with holes is small in the volume: whatever limit a workspace sets itself, the disk is not filled."""
    with (place / "volume" / "holes").open("wb") as file:
        file.truncate(1 << 43)
    give(place / "volume")
    with pytest.raises(AssertionError, match="not enough room"):
        copy(place / "volume", place / "copy", limit=1 << 60)
    assert os.listdir(place / "copy") == []
