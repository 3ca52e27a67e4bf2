"""What the entrypoint copies, and what it leaves alone."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.disguise import disguise
from tests.support.waiting import until_sync

pytestmark = pytest.mark.live


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_copies_exactly_what_is_listed_with_modes_times_and_links(make: Make) -> None:
    instance = make()
    (instance.source / "bin").mkdir()
    tool = instance.source / "bin" / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    os.utime(tool, ns=(1, 1_234_567_890_123_456_789))
    (instance.source / "link").symlink_to("bin/tool")
    (instance.source / "empty").mkdir()
    (instance.source / "unlisted").write_text("no")
    instance.list_files("d1", ["bin/tool", "link", "empty"])
    instance.start_ready()

    copied = instance.app / "bin" / "tool"
    assert names(instance.app) - {".container-ready", ".slipway-files"} == {"bin/tool", "link"}
    assert (instance.app / "empty").is_dir()
    assert (instance.app / "link").readlink() == Path("bin/tool")
    assert copied.stat().st_mtime_ns == tool.stat().st_mtime_ns
    assert stat.S_IMODE(copied.stat().st_mode) == 0o755


def test_never_reads_through_a_link_out_of_the_source(make: Make, tmp_path: Path) -> None:
    instance = make()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (instance.source / "out").symlink_to(outside)
    (instance.source / "fine").write_text("fine")
    instance.list_files("d1", ["out/secret", "../outside/secret", "/etc/hostname", "a//b", "./fine", "fine"])
    instance.start_ready()

    assert names(instance.app) - {".container-ready", ".slipway-files"} == {"fine"}


def test_hostile_names_arrive(make: Make) -> None:
    instance = make()
    hostile = ["-rf", "a\nb", " ", "é😀", os.fsdecode(b"not\xffutf8"), "x" * 255, "$(id)", "a'\"b"]
    for name in hostile:
        (instance.source / name).write_text(repr(name))
    instance.list_files("d1")
    instance.start_ready()
    assert {name for name in os.listdir(instance.app) if not name.startswith(".")} == set(hostile)


def test_the_sources_own_ready_mark_means_nothing(make: Make) -> None:
    instance = make(SLIPWAY_START="exec sleep 60")
    (instance.source / ".container-ready").write_text("")
    instance.list_files("d1")
    instance.start()
    until_sync(lambda: instance.ask("status")["child_pid"], what="the child to run")
    assert not instance.mark.exists()


def test_without_a_list_everything_but_dependencies_is_copied(make: Make) -> None:
    instance = make()
    for name in (
        "src/app.txt",
        "node_modules/x/i.js",
        ".git/config",
        ".hidden",
        "src/__pycache__/x.pyc",
        "vendor/kept",
    ):
        path = instance.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    instance.start_ready()
    assert names(instance.app) - {".container-ready", ".slipway-files"} == {"src/app.txt", ".hidden", "vendor/kept"}


def test_an_edit_replaces_adds_deletes_and_leaves_what_the_app_wrote(make: Make) -> None:
    instance = make()
    for name in ("index.html", "gone.txt", "pkg/gone.py", "shape", "folder/inside"):
        path = instance.source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    (instance.app / "mine.txt").write_text("the app's")
    (instance.app / "pkg" / "__pycache__").mkdir()
    (instance.app / "pkg" / "__pycache__" / "gone.pyc").write_text("compiled")

    (instance.source / "index.html").write_text("two")
    for name in ("gone.txt", "pkg/gone.py", "shape", "folder/inside"):
        (instance.source / name).unlink()
    (instance.source / "folder").rmdir()
    (instance.source / "folder").write_text("a file now")
    (instance.source / "shape").mkdir()
    (instance.source / "shape" / "file").write_text("a folder now")
    instance.list_files("d2")

    assert instance.ask("sync") == {"ok": True, "digest": "d2", "reason": "", "log": []}
    assert instance.get("/index.html") == "two"
    assert names(instance.app) - {".container-ready", ".slipway-files"} == {
        "index.html",
        "shape/file",
        "folder",
        "mine.txt",
    }
    assert not (instance.app / "pkg").exists()
    assert instance.ask("status")["written"] == ["mine.txt"]


def test_an_unchanged_file_is_left_alone_and_a_changed_one_is_a_new_file(make: Make) -> None:
    instance = make()
    for name in ("same", "edited"):
        (instance.source / name).write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    before = {name: (instance.app / name).stat().st_ino for name in ("same", "edited")}
    with (instance.app / "edited").open() as reader:
        (instance.source / "edited").write_text("two")
        instance.list_files("d2")
        assert instance.ask("sync")["ok"]
        assert reader.read() == "one"
    assert (instance.app / "same").stat().st_ino == before["same"]
    assert (instance.app / "edited").read_text() == "two"


def test_an_edit_that_puts_its_time_back_arrives_and_another_name_restarts_nothing(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="echo >> built")
    for name in ("page", "other"):
        (instance.source / name).write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    child = instance.ask("status")["child_pid"]

    os.link(instance.source / "page", instance.source / "backup")
    instance.list_files("d2", ["page", "other"])
    assert instance.ask("sync") == {"ok": True, "digest": "d2", "reason": "nothing changed", "log": []}
    assert instance.ask("status")["child_pid"] == child
    assert instance.ask("status")["digest"] == "d2"

    disguise(instance.source / "page", b"TWO")
    instance.list_files("d3", ["page", "other"])
    assert instance.ask("sync")["ok"]
    assert instance.get("/page") == "TWO"
    assert (instance.app / "built").read_text() == "\n\n"


def test_a_reader_never_finds_half_a_file(make: Make) -> None:
    instance = make()
    size = 64 << 20
    (instance.source / "big").write_bytes(b"1" * size)
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "big").write_bytes(b"2" * size)
    instance.list_files("d2")
    syncing = instance.begin("sync")
    while syncing.poll() is None:
        assert (instance.app / "big").stat().st_size == size
    assert json.loads(syncing.communicate()[0])["ok"] is True
    assert (instance.app / "big").read_bytes()[-1:] == b"2"


def test_what_went_while_nothing_ran_is_deleted_at_the_next_start(make: Make) -> None:
    instance = make()
    for name in ("stays", "goes"):
        (instance.source / name).write_text("x")
    instance.list_files("d1")
    instance.start_ready()
    assert instance.terminate() != 0
    (instance.source / "goes").unlink()
    instance.list_files("d2")
    instance.start_ready()
    assert not (instance.app / "goes").exists()
    assert instance.ask("status")["digest"] == "d2"


def test_a_listed_file_takes_the_place_of_an_apps_folder(make: Make) -> None:
    instance = make()
    (instance.app / "taken").mkdir()
    (instance.app / "taken" / "by the app").touch()
    (instance.source / "taken").write_text("x")
    instance.list_files("d1")
    instance.start_ready()
    assert (instance.app / "taken").read_text() == "x"
