"""The entrypoint with real processes: what it copies, when it is ready, how edits come in, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.disguise import disguise
from tests.support.host_instance import HostInstance, session_pids
from tests.support.ports import free_port
from tests.support.waiting import until_sync

pytestmark = pytest.mark.live

Make = Callable[..., HostInstance]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[HostInstance] = []

    def new(**environment: str) -> HostInstance:
        made.append(HostInstance(tmp_path, **environment))
        return made[-1]

    yield new
    for instance in made:
        instance.__exit__()


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


# The working copy


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


# Commands


def test_setup_and_build_run_in_the_app_with_a_clean_view_and_are_not_the_apps_writing(make: Make) -> None:
    instance = make(
        SLIPWAY_SETUP="echo setup > order; env > seen",
        SLIPWAY_BUILD="mkdir -p out && cat order > out/built",
        SLIPWAY_CACHE="/nonexistent",
    )
    (instance.source / "in").write_text("x")
    instance.list_files("d1")
    instance.start_ready()
    seen = (instance.app / "seen").read_text()
    assert (instance.app / "out" / "built").read_text() == "setup\n"
    assert f"PATH={instance.app}/.venv/bin:{instance.app}/node_modules/.bin:" in seen
    ours = {line.partition("=")[0] for line in seen.splitlines() if line.startswith("SLIPWAY_")}
    assert ours <= {"SLIPWAY_SHARED"}, "of our own names, a command sees only where our helpers are"
    assert instance.ask("status")["written"] == []
    assert (instance.tmp / "home").is_dir()


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
@pytest.mark.parametrize("step", ["SLIPWAY_SETUP", "SLIPWAY_BUILD", "SLIPWAY_START"])
def test_a_failing_command_ends_with_its_code(make: Make, step: str, command: str, code: int) -> None:
    instance = make(**{step: f"echo its last words; {command}"})
    instance.start()
    assert instance.code() == code
    assert "its last words" in instance.said()
    assert not instance.mark.exists()


def test_install_copies_the_manifests_runs_and_ends_with_the_commands_code(make: Make) -> None:
    instance = make(SLIPWAY_INSTALL="cat manifest > installed; exit 3")
    (instance.source / "manifest").write_text("deps")
    (instance.source / "other").write_text("x")
    instance.list_files("", ["manifest"])
    assert instance.run_verb("install").returncode == 3
    assert names(instance.app) == {"manifest", "installed"}


def test_caches_are_used_only_where_there_is_a_cache_folder(make: Make, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    instance = make(SLIPWAY_CACHE=str(cache), SLIPWAY_SETUP="echo $PIP_CACHE_DIR $npm_config_cache > seen")
    instance.start_ready()
    assert (instance.app / "seen").read_text().split() == [f"{cache}/pip", f"{cache}/npm"]


# Data


def test_data_is_seeded_once_linked_and_never_overwritten(make: Make) -> None:
    instance = make(SLIPWAY_DATA_PATHS="storage\napp.sqlite3\nuploads/\nsub/cache")
    (instance.source / "storage").mkdir()
    (instance.source / "storage" / "seed").write_text("from the source")
    instance.list_files("d1")
    instance.start_ready()
    assert (instance.app / "storage" / "seed").read_text() == "from the source"
    (instance.app / "storage" / "seed").write_text("changed by the app")
    (instance.app / "app.sqlite3").write_text("database")
    (instance.app / "uploads" / "photo").write_text("photo")
    (instance.app / "sub" / "cache" / "x").write_text("x")

    (instance.source / "storage" / "seed").write_text("edited")
    instance.list_files("d2")
    assert instance.ask("sync")["ok"]
    assert names(instance.data) == {"storage/seed", "app.sqlite3", "uploads/photo", "sub/cache/x"}
    assert (instance.data / "storage" / "seed").read_text() == "changed by the app"
    assert instance.ask("status")["written"] == []

    (instance.source / "storage" / "seed").unlink()
    instance.list_files("d3")
    assert instance.ask("sync")["ok"]
    assert (instance.data / "storage" / "seed").exists()

    instance.terminate()
    (instance.source / "storage" / "seed").write_text("another start")
    instance.list_files("d4")
    instance.start_ready()
    assert (instance.app / "storage" / "seed").read_text() == "changed by the app"
    assert (instance.app / "app.sqlite3").read_text() == "database"


def test_a_data_path_that_leads_out_is_refused(make: Make) -> None:
    instance = make(SLIPWAY_DATA_PATHS="../source")
    instance.start()
    assert instance.code() == 2


# Ready


def test_the_mark_comes_with_the_first_accept_and_goes_with_the_end(make: Make) -> None:
    instance = make(SLIPWAY_START=f"until [ -e go ]; do sleep 0.01; done; exec {sys.executable} -m http.server $PORT")
    instance.list_files("d1")
    instance.start()
    until_sync(lambda: instance.ask("status")["child_pid"])
    assert not instance.mark.exists()
    (instance.app / "go").touch()
    instance.until_ready()
    with socket.create_connection(("127.0.0.1", instance.port)):
        pass
    status = instance.ask("status")
    assert status["ready"] is True
    assert status["listening"] == [f"0.0.0.0:{instance.port}"]
    assert instance.terminate() == 143
    assert not instance.mark.exists()


def test_somebody_elses_server_on_the_port_is_not_ours(make: Make) -> None:
    instance = make(SLIPWAY_START="exec sleep 60", SLIPWAY_START_TIMEOUT="0.5")
    with socket.create_server(("127.0.0.1", instance.port)):
        instance.start()
        until_sync(lambda: "nothing accepts on" in instance.said())
        assert not instance.mark.exists()


MUTE = "import socket; s = socket.create_server(('127.0.0.1', {port})); [s.accept() for _ in iter(int, 1)]"


def test_one_that_listens_elsewhere_and_is_no_web_server_is_not_ready_and_says_where_it_listens(make: Make) -> None:
    other = free_port()
    serve = f'exec {sys.executable} -c "{MUTE.format(port=other)}"'
    instance = make(SLIPWAY_START=serve, SLIPWAY_START_TIMEOUT="1")
    instance.list_files("d1")
    instance.start()
    until_sync(lambda: f"it listens on 127.0.0.1:{other} only" in instance.said())
    assert not instance.mark.exists()
    assert instance.ask("status")["listening"] == [f"127.0.0.1:{other}"]
    instance.list_files("d2")
    answer = instance.ask("sync")
    assert answer["ok"] is False
    assert f"127.0.0.1:{other}" in answer["reason"]


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_a_server_with_a_port_of_its_own_is_reached_by_ours_also_after_an_edit(make: Make, host: str) -> None:
    other = free_port()
    serve = f"exec {sys.executable} -m http.server {other} --bind 127.0.0.1"
    instance = make(HOST=host, SLIPWAY_START=serve)
    (instance.source / "page").write_text("first")
    instance.list_files("d1")
    instance.start()
    instance.until_ready()
    assert f"it listens on 127.0.0.1:{other}, not on $PORT ({instance.port})" in instance.said()
    seen = next(at for at in (host, _own_address()) if at != "0.0.0.0")
    assert _page(seen, instance.port) == "first"
    (instance.source / "page").write_text("second" * 100_000)
    instance.list_files("d2")
    assert instance.ask("sync")["ok"] is True
    assert _page(seen, instance.port) == "second" * 100_000


def _page(host: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{host}:{port}/page", timeout=5) as answer:
        return str(answer.read().decode())


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(trial.getsockname()[0])


# Edits


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


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_takes_the_whole_group_even_one_that_will_not(make: Make, number: signal.Signals) -> None:
    stubborn = f"{sys.executable} -m http.server $PORT --bind $HOST & trap '' TERM INT; while :; do sleep 1; done"
    instance = make(SLIPWAY_START=stubborn)
    instance.list_files("d1")
    instance.start_ready()
    assert instance.process is not None
    os.kill(instance.process.pid, number)
    assert instance.process.wait(5) == 137
    assert session_pids(instance.process.pid) == []


def test_a_graceful_server_gets_its_time_and_its_own_code(make: Make) -> None:
    serve = "import signal,sys,time,os,socket\n"
    serve += "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), print('bye', flush=True), os._exit(0)))\n"
    serve += "s=socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\nwhile True: s.accept()\n"
    instance = make(SLIPWAY_START=f"{sys.executable} server.py; exit $?")
    (instance.source / "server.py").write_text(serve)
    instance.list_files("d1")
    instance.start_ready()
    instance.terminate()
    assert "bye" in instance.said()


def test_ending_during_a_build_ends_the_build(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="echo building; sleep 60")
    instance.start()
    until_sync(lambda: "building" in instance.said())
    assert instance.terminate() == 143
    assert instance.process is not None
    assert session_pids(instance.process.pid) == []


# The socket


def test_the_socket_is_ours_alone(make: Make) -> None:
    instance = make()
    instance.start_ready()
    path = instance.tmp / "slipway" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_long_tmpdir_is_no_hindrance(make: Make, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    instance = make(TMPDIR=str(deep))
    instance.start_ready()
    assert instance.ask("status")["ready"] is True


def test_asking_where_nothing_runs_says_so(make: Make) -> None:
    answer = make().ask("sync")
    assert answer["ok"] is False
    assert "no entrypoint is running here" in answer["reason"]
