"""`slipway doctor` on this very machine, and what it says of a machine that lacks something."""

from __future__ import annotations

import gc
import json
import socket
from pathlib import Path

import pytest

from monitor.adapters import machine
from monitor.app.doctor_store import clock
from monitor.cli.command import _run
from monitor.domain.floors import Level
from tests.support.ports import free_port


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_BASE", str(tmp_path))
    monkeypatch.setenv("SLIPWAY_ENGINE", "process")
    monkeypatch.setenv("SLIPWAY_HTTP_PORT", str(free_port()))
    monkeypatch.setenv("SLIPWAY_DASHBOARD_PORT", str(free_port()))
    monkeypatch.setattr(machine, "free_bytes", lambda path: 50 * 2**30)
    return tmp_path


def _levels(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    code = _run(["doctor", "--json"])
    return code, {item["check"]: item["level"] for item in json.loads(capsys.readouterr().out)["items"]}


def test_it_looks_at_what_it_stands_on(capsys: pytest.CaptureFixture[str]) -> None:
    _, levels = _levels(capsys)
    assert {"Python", "aiohttp", "Traefik", "SeaweedFS", "Docker", "watched folders"} <= levels.keys()
    assert levels["port of the dashboard"] == "ok"


def test_a_taken_port_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("SLIPWAY_HTTP_PORT", str(other.getsockname()[1]))
        code, levels = _levels(capsys)
    assert (code, levels["port of the workspaces"]) == (5, "refused")


def test_little_space_and_few_watches(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda path: 2**30)
    monkeypatch.setattr(machine, "watch_limits", lambda: machine.WatchLimits(8192, 128))
    _, levels = _levels(capsys)
    assert levels["space for the data folder"] == "warning"
    assert levels["watched folders"] == "warning"


def test_a_misspelt_setting_is_told_with_the_one_that_is_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_HTTPPORT", "9000")
    monkeypatch.setenv("SLIPWAY_SOMEBODY_ELSES", "1")
    _run(["doctor", "--json"])
    (found,) = [one for one in json.loads(capsys.readouterr().out)["items"] if one["check"] == "settings"]
    assert (found["level"], found["hint"]) == ("warning", "is SLIPWAY_HTTP_PORT meant?")
    assert "SLIPWAY_HTTPPORT" in found["message"]


# The docker SDK leaves its socket to the garbage collector where nobody answers.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_absent_daemon_is_refused_only_where_it_was_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none.sock")
    for engine, level in (("auto", "warning"), ("docker", "refused")):
        monkeypatch.setenv("SLIPWAY_ENGINE", engine)
        assert _levels(capsys)[1]["Docker"] == level
    gc.collect()


def test_people_get_hints(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "watch_limits", lambda: machine.WatchLimits(8192, 128))
    _run(["doctor"])
    said = capsys.readouterr()
    assert "fs.inotify.max_user_watches" in said.err
    assert "warning" in said.out


def test_a_clock_that_is_off_is_told_which_way() -> None:
    assert clock(0.4).level is Level.OK
    assert clock(None).level is Level.OK
    assert "behind" in clock(400.0).message
    assert "ahead of" in clock(-400.0).message
    assert {clock(400.0).level, clock(-400.0).level} == {Level.WARNING}


def test_a_folder_nothing_can_be_written_to_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setattr(machine, "writable", lambda path: path != place / ".slipway")
    code, levels = _levels(capsys)
    assert (code, levels["data folder"], levels["space for the workspaces folder"]) == (5, "refused", "ok")


def test_one_port_for_both_is_refused_before_anything_starts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLIPWAY_HTTP_PORT", "SLIPWAY_DASHBOARD_PORT"):
        monkeypatch.setenv(name, "8090")
    assert _run(["up"]) == 2
    assert "cannot share port 8090" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "file", "said"),
    [
        (["--http-port", "http"], "", "SLIPWAY_HTTP_PORT is not usable: must be a whole number"),
        (["--http-port", "99999"], "", "SLIPWAY_HTTP_PORT is not usable: must be less than or equal to 65535"),
        ([], "log_json = 'maybe'", "SLIPWAY_LOG_JSON is not usable: must be true or false"),
        ([], "http_prot = 1", "SLIPWAY_HTTP_PROT is not usable: there is no setting of this name"),
    ],
)
def test_a_setting_is_refused_in_plain_words(
    capsys: pytest.CaptureFixture[str], place: Path, flags: list[str], file: str, said: str
) -> None:
    (place / ".slipway").mkdir()
    (place / ".slipway/slipway.toml").write_text(file)
    assert _run(["up", *flags]) == 2
    assert said in capsys.readouterr().err


def test_a_data_folder_that_is_a_file_is_named_as_one(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / ".slipway").write_text("")
    assert _run(["up"]) == 1
    assert f"the data folder {place / '.slipway'} cannot be used" in capsys.readouterr().err
