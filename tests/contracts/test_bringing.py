"""What a command left is copied out of a tree its processes may still change: nothing else is read or written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.adapters.data_stage import ANSWER, answer_of
from monitor.adapters.docker_engine import inside
from monitor.adapters.process_engine import edits
from monitor.adapters.process_engine.bringing import Bringing
from monitor.errors import Refused
from monitor.ports.engine import LaunchFailed


def everything(path: str) -> bool:
    return True


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    top, into = tmp_path / "top", tmp_path / "into"
    top.mkdir()
    into.mkdir()
    return top, into


def test_files_links_and_folders_come_and_nothing_else(places: tuple[Path, Path]) -> None:
    top, into = places
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "program").write_text("run")
    (top / "a" / "b" / "program").chmod(0o4755)
    (top / "out").symlink_to("/etc")
    os.mkfifo(top / "pipe")
    (top / os.fsdecode(b"odd-\xff")).write_text("odd")
    (top / "no" / "deep").mkdir(parents=True)
    Bringing(lambda path: path.split("/")[0] != "no").copy(top, into)
    assert sorted(os.listdir(into)) == sorted(["a", "out", os.fsdecode(b"odd-\xff")])
    assert (into / "a/b/program").stat().st_mode & 0o7777 == 0o755
    assert os.readlink(into / "out") == "/etc"


@pytest.mark.parametrize("when", ["before it is opened", "between two looks"])
def test_a_folder_that_becomes_a_link_leads_nowhere(places: tuple[Path, Path], when: str) -> None:
    """The one who changes it waits for the moment in which the name was judged."""
    top, into = places
    secret = top.parent / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    (top / "a").mkdir()
    (top / "a" / "key").write_text("mine")

    def swapping(path: str) -> bool:
        if path == ("a" if when == "before it is opened" else "a/key"):
            (top / "a").rename(top / "was")
            (top / "a").symlink_to(secret)
        return path.split("/")[0] != "was"

    Bringing(swapping).copy(top, into)
    found = [path for path in into.rglob("*") if path.is_file() and not path.is_symlink()]
    assert all(path.read_text() == "mine" for path in found)
    assert not (into / "a").is_symlink() or not found
    assert (secret / "key").read_text() == "secret"
    assert os.listdir(secret) == ["key"]


def test_it_is_not_copied_without_end(places: tuple[Path, Path]) -> None:
    top, into = places
    with (top / "sparse").open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(Refused, match="more than can be brought back"):
        Bringing(everything).copy(top, into)
    assert not (into / "sparse").exists()


@pytest.mark.parametrize(
    "made",
    [
        lambda place: os.mkfifo(place),
        lambda place: place.symlink_to("/dev/zero"),
        lambda place: place.write_text("[" * 100_000),
    ],
)
def test_an_answer_that_is_no_file_is_none(tmp_path: Path, made: Callable[[Path], None]) -> None:
    made(tmp_path / ANSWER)
    with pytest.raises(LaunchFailed):
        answer_of(tmp_path / "content")


def test_what_an_instance_answers_may_be_anything() -> None:
    """Its own processes write it: lists in lists without end, too."""
    assert not edits._answer(b"[" * 100_000).ok
    with pytest.raises(LaunchFailed):
        inside._parsed(b"[" * 100_000, "sync")
