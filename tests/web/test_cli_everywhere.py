"""What every command has: `--quiet`, names completed by the shell; and `slipway open`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli.command import _run
from monitor.cli.progress import rate
from monitor.domain.workspace import Phase
from tests.support.face import Stage
from tests.web.test_cli import Slipway, place, running, slipway

__all__ = ["place", "running", "slipway"]


async def test_quiet_leaves_what_was_asked_for_and_errors(running: Stage, slipway: Slipway) -> None:
    running.add("blog", phase=Phase.STOPPED)
    assert await slipway("start", "blog") == (0, "", "blog is serving\n")
    assert await slipway("stop", "blog", "-q") == (0, "", "")
    assert await slipway("--quiet", "start", "blog") == (0, "", "")
    code, out, _ = await slipway("list", "--quiet")
    assert code == 0
    assert "blog" in out
    code, out, err = await slipway("stop", "nobody", "--quiet")
    assert (code, out) == (4, "")
    assert err.startswith("error: there is no workspace 'nobody'\nhint: ")
    assert (await slipway("stop", "blog"))[2] == "blog is stopped\n", "the next command talks again"


@pytest.mark.parametrize(
    ("words", "found"), [("stop bl", {"blog"}), ("status ", {"blog", "shop"}), ("sto", {"stop"})]
)
async def test_names_and_verbs_are_completed(
    running: Stage,
    slipway: Slipway,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    found: set[str],
) -> None:
    running.add("blog", phase=Phase.STOPPED)
    running.add("shop", phase=Phase.SERVING)
    code, script, _ = await slipway("completion", "bash")
    assert code == 0
    assert "_SLIPWAY_COMPLETE=bash_complete" in script
    monkeypatch.setenv("_SLIPWAY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"slipway {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(f"slipway {words}x".split()) - 1))
    with pytest.raises(SystemExit):
        await slipway("anything")
    said = {line.split(",")[1] for line in capsys.readouterr().out.split()}
    assert found <= said
    assert {name for name in said if name in {"blog", "shop"}} <= found


async def test_names_are_not_completed_where_no_monitor_runs(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SLIPWAY_COMPLETE", "fish_complete")
    monkeypatch.setenv("COMP_WORDS", "slipway stop ")
    monkeypatch.setenv("COMP_CWORD", "")
    with pytest.raises(SystemExit):
        _run([])
    assert capsys.readouterr().out.strip() == ""


async def test_open_prints_the_address_and_opens_it_where_there_is_a_desktop(
    running: Stage, slipway: Slipway, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    running.add("blog", phase=Phase.STOPPED, reason="stopped on purpose")
    code, out, err = await slipway("open", "blog")
    assert (code, out) == (0, "http://localhost:8080/blog/\n")
    assert err == "! blog is stopped: stopped on purpose\n"
    assert opened == ["http://localhost:8080/blog/"]
    assert json.loads((await slipway("open", "blog", "--json"))[1]) == {"url": "http://localhost:8080/blog/"}
    assert (await slipway("open", "blog", "--print"))[0] == 0
    monkeypatch.delenv("DISPLAY")
    assert (await slipway("open"))[0] == 0
    assert len(opened) == 1
    assert (await slipway("open", "nobody"))[0] == 4


def test_rates_are_of_bytes_or_of_what_is_counted() -> None:
    assert rate(4_100_000, 80_000_000) == "4.1 MB/s"
    assert rate(12.3, 8_000) == "12/s"
    assert rate(None, 10) == rate(1, None) == ""
