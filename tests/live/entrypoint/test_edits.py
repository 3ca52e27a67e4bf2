"""How edits come in while the server runs."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.waiting import until_sync

pytestmark = pytest.mark.live


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def test_a_failed_build_leaves_the_old_server_and_is_tried_again(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="cat source > index.html; cat told; ! grep -q broken source")
    (instance.source / "source").write_text("one")
    (instance.source / "told").write_text("what the compiler said\n")
    instance.list_files("d1")
    instance.start_ready()
    child = instance.ask("status")["child_pid"]

    (instance.source / "source").write_text("broken")
    instance.list_files("d2")
    for _ in range(2):
        answer = instance.ask("sync")
        assert (answer["ok"], answer["digest"]) == (False, "d1")
        assert "exit code 1" in answer["reason"]
        assert answer["log"] == ["what the compiler said"]
    status = instance.ask("status")
    assert (status["child_pid"], status["digest"], status["ready"]) == (child, "d1", True)

    (instance.source / "source").write_text("two")
    instance.list_files("d3")
    assert instance.ask("sync")["ok"]
    assert instance.get() == "two"
    assert instance.ask("status")["child_pid"] != child


def test_the_old_server_answers_while_the_build_runs(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="[ ! -e slow ] || until [ -e go ]; do sleep 0.01; done")
    (instance.source / "page").write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    (instance.app / "slow").touch()
    (instance.source / "new").touch()
    instance.list_files("d2")
    syncing = instance.begin("sync")
    until_sync(lambda: instance.said().count("slipway: build") == 2)
    assert instance.get("/page") == "one"
    assert instance.mark.exists()
    (instance.app / "go").touch()
    out, _ = syncing.communicate(timeout=20)
    assert json.loads(out)["ok"] is True


def test_an_edit_is_taken_up_before_anybody_asks_and_the_first_who_asks_is_told(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="echo built >> ../data/builds && test ! -e broken")
    (instance.source / "page").write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "page").write_text("two")
    instance.list_files("d2")
    until_sync(lambda: instance.get("/page") == "two")
    (instance.source / "broken").write_text("")
    instance.list_files("d3")
    builds = instance.data / "builds"
    until_sync(lambda: builds.read_text().count("built") == 3)
    told = instance.ask("sync")
    assert (told["ok"], told["digest"]) == (False, "d2")
    assert "the build failed" in told["reason"]
    assert builds.read_text().count("built") == 3
    assert instance.ask("sync")["ok"] is False
    assert builds.read_text().count("built") == 4


def test_a_server_that_needs_no_restart_keeps_running(make: Make) -> None:
    instance = make(SLIPWAY_RESTART="0")
    (instance.source / "page").write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    child = instance.ask("status")["child_pid"]
    (instance.source / "page").write_text("two")
    instance.list_files("d2")
    assert instance.ask("sync")["ok"]
    assert instance.get("/page") == "two"
    assert instance.ask("status")["child_pid"] == child


def test_direct_mode_copies_nothing(make: Make) -> None:
    instance = make(SLIPWAY_SOURCE_MODE="direct", SLIPWAY_RESTART="0")
    (instance.source / "page").write_text("one")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "page").write_text("two")
    assert instance.get("/page") == "two"
    instance.list_files("d2")
    assert instance.ask("sync") == {"ok": True, "digest": "d2", "reason": "", "log": []}
    assert names(instance.app) == {".container-ready"}


def test_syncs_are_served_one_after_the_other_and_a_served_state_at_once(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="mkdir lock || exit 9; sleep 0.2; rmdir lock")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "new").touch()
    instance.list_files("d2")
    answers: list[dict[str, object]] = []
    calls = [threading.Thread(target=lambda: answers.append(instance.ask("sync"))) for _ in range(4)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert [(answer["ok"], answer["digest"]) for answer in answers] == [(True, "d2")] * 4
    assert sorted(str(answer["reason"]) for answer in answers) == ["", *["nothing changed"] * 3]


def test_an_edit_that_kills_the_server_is_answered_before_the_end(make: Make) -> None:
    instance = make(SLIPWAY_START=f"[ ! -e bad ] || exit 5; exec {sys.executable} -m http.server $PORT --bind $HOST")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "bad").touch()
    instance.list_files("d2")
    answer = instance.ask("sync")
    assert answer["ok"] is False
    assert "exit code 5" in answer["reason"]
    assert instance.code() == 5


def test_a_server_that_will_not_start_in_time_fails_the_sync_only(make: Make) -> None:
    serve = f"[ ! -e slow ] || until [ -e go ]; do sleep 0.05; done; exec {sys.executable} -m http.server $PORT"
    instance = make(SLIPWAY_START=serve, SLIPWAY_START_TIMEOUT="1.5")
    instance.list_files("d1")
    instance.start_ready()
    (instance.source / "slow").touch()
    instance.list_files("d2")
    answer = instance.ask("sync")
    assert answer["ok"] is False
    assert "it listens nowhere" in answer["reason"]
    assert not instance.mark.exists()
    (instance.app / "go").touch()
    instance.until_ready()


def test_one_gigabyte_without_a_newline_keeps_memory_flat(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="[ ! -e noisy ] || head -c 200000000 /dev/zero | tr '\\0' x")
    instance.output = Path("/dev/null")
    instance.list_files("d1")
    instance.start()
    until_sync(instance.mark.exists, 20)
    (instance.source / "noisy").touch()
    instance.list_files("d2")
    answer = instance.ask("sync")
    assert answer["ok"]
    assert [len(line) for line in answer["log"]] == [2000]
    assert instance.process is not None
    peak = next(
        line for line in Path(f"/proc/{instance.process.pid}/status").read_text().splitlines() if "VmHWM" in line
    )
    assert int(peak.split()[1]) < 60_000
