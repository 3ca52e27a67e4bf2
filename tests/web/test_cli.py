"""The command line against a real control socket: data on stdout, talk on stderr, exit codes, hints."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from monitor.cli.command import _run
from monitor.cli.views import newer
from monitor.domain.state import Failure, SyncState
from monitor.domain.workspace import Phase, Unnamed
from monitor.web.control import control_socket
from tests.support.face import HOSTILE, Stage, populate
from tests.support.waiting import until

Said = tuple[int, str, str]
Slipway = Callable[..., Awaitable[Said]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own, and nothing of the developer's environment."""
    for name in [name for name in os.environ if name.startswith("SLIPWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLIPWAY_BASE", str(tmp_path))
    (tmp_path / "workspaces").mkdir()
    return tmp_path


@pytest.fixture
def slipway(capsys: pytest.CaptureFixture[str]) -> Slipway:
    """Runs one command; gives its exit code, stdout and stderr."""

    async def run(*argv: str) -> Said:
        capsys.readouterr()
        code = await asyncio.to_thread(_run, list(argv))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
async def running(stage: Stage, place: Path) -> AsyncIterator[Stage]:
    """A face behind the control socket of the place."""
    async with asyncio.TaskGroup() as group:
        jobs = group.create_task(stage.jobs.run())
        async with control_socket(stage.face, place / ".slipway"):
            yield stage
        jobs.cancel()


async def test_where_none_runs_it_says_so(slipway: Slipway, place: Path) -> None:
    for argv in (["status"], ["list"], ["start", "x"], ["logs"], ["token", "new"]):
        code, out, err = await slipway(*argv)
        assert (code, out) == (1, "")
        assert "no monitor runs" in err
        assert "hint: " in err
    code, out, _ = await slipway("list", "--json")
    assert (code, json.loads(out)["error"]["reason"]) == (1, "not-running")
    (log := place / ".slipway/logs/monitor.log").parent.mkdir(parents=True)
    assert str(log) not in err
    log.write_text("it ended\n")
    assert f"what it said last is in {log}" in (await slipway("logs"))[2]


@pytest.mark.parametrize(
    "argv", [["nothing"], ["start"], ["logs", "-n", "0", "x"], ["list", "--wrong"], ["token", "new", "--ttl", "soon"]]
)
async def test_wrong_words_are_exit_code_two(slipway: Slipway, argv: list[str]) -> None:
    code, out, err = await slipway(*argv)
    assert (code, out) == (2, "")
    assert "--help" in err


@pytest.mark.parametrize("argv", [[], ["snapshot"], ["backup"], ["token"]])
async def test_a_group_alone_shows_its_help_as_it_is(slipway: Slipway, argv: list[str]) -> None:
    code, out, err = await slipway(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: slipway ")
    assert "\nCommands:\n" in err


async def test_list_and_status(running: Stage, slipway: Slipway) -> None:
    populate(running)
    code, out, err = await slipway("list")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[1:]] == sorted(running.registry.states)
    assert "cannot be a workspace" in err
    code, out, _ = await slipway("list", "--json")
    assert {w["name"] for w in json.loads(out)["items"]} == set(running.registry.states)
    code, out, err = await slipway("status")
    assert "3 serving" in out
    assert "file notifications" in err
    code, out, _ = await slipway("status", "--json")
    assert json.loads(out)["workspaces"]["failed"] == 1


async def test_one_workspace_with_its_evidence(running: Stage, slipway: Slipway) -> None:
    populate(running)
    code, out, _ = await slipway("status", "ledger")
    assert code == 0
    assert HOSTILE in out
    assert "127.0.0.1:5000" in out
    code, out, _ = await slipway("status", "ledger", "--json")
    assert json.loads(out)["failure"]["exit_code"] == 1


async def test_what_waits_for_an_answer_and_how_long_it_is_up_are_told(running: Stage, slipway: Slipway) -> None:
    running.add("shop", sync=SyncState(revision=2, waiting="120 of 130 files are gone"))
    said = (await slipway("status", "shop"))[1]
    assert "120 of 130 files are gone" in said
    assert "slipway sync shop --confirm-deletes" in said
    running.face.desk.facts = lambda: {
        "version": "0",
        "engine": "fake",
        "router": "ok",
        "store": "ok",
        "uptime_s": 93_784,
        "protected": False,
    }
    _, out, err = await slipway("status")
    assert "1 d 2 h" in out
    assert "not protected against disk loss" in err


async def test_a_place_for_copies_that_is_not_there_is_said_to_be_missing(slipway: Slipway, place: Path) -> None:
    code, _, err = await slipway("backup", "add", "nas", "--path", str(place / "unmounted"))
    assert (code, "is not there: nothing is copied until it is" in err) == (0, True)
    assert "is not there" not in (await slipway("backup", "add", "here", "--path", str(place)))[2]


async def test_a_commands_own_flags_are_not_ours(running: Stage, slipway: Slipway) -> None:
    code, out, err = await slipway("run", "nobody", "--", "npm", "test", "--json")
    assert (code, out) == (4, "")
    assert "error: " in err


async def test_control_codes_do_not_reach_the_terminal(running: Stage, slipway: Slipway) -> None:
    failure = Failure("it exited", log=("\x1b]0;owned\x07\x1b[2J", "caf\udce9"))
    running.add("odd", folder="caf\udce9", phase=Phase.FAILED, failure=failure, reason="\x1b[31m")
    running.registry.set_unnamed((Unnamed("\x1b[2J", "no"),))
    for argv in (["logs", "odd"], ["status", "odd"], ["list"]):
        code, out, err = await slipway(*argv)
        assert code == 0
        assert "\x1b" not in out + err
        assert "\\x1b" in out + err


@pytest.mark.parametrize(("verb", "after"), [("start", "serving"), ("stop", "stopped"), ("restart", "serving")])
async def test_verbs_wait_until_it_is_so(running: Stage, slipway: Slipway, verb: str, after: str) -> None:
    running.add("shop", phase=Phase.FAILED, reason="it exited")
    code, out, err = await slipway(verb, "shop")
    assert (code, out) == (0, "")
    assert f"shop is {after}" in err
    assert running.asked == [("shop", verb)]
    code, out, _ = await slipway(verb, "shop", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer.get("result", answer)["phase"] == after


async def test_progress_is_told_and_no_wait_does_not_wait(running: Stage, slipway: Slipway) -> None:
    running.obeys = False
    running.add("shop", phase=Phase.STARTING, progress=("installing: 14 of 21",))
    code, out, err = await slipway("start", "shop", "--no-wait", "--json")
    assert (code, json.loads(out)["kind"]) == (0, "start")
    waiting = asyncio.ensure_future(slipway("start", "shop"))
    await until(lambda: len(running.asked) == 2 and len(running.jobs.jobs()) == 2)
    await until(lambda: running.jobs.jobs()[0].progress)
    await asyncio.sleep(0.3)
    running.registry.update("shop", phase=Phase.SERVING, progress=())
    code, out, err = await waiting
    assert code == 0
    assert "start shop: installing: 14 of 21" in err


async def test_a_failure_is_the_workspaces_own_words(running: Stage, slipway: Slipway) -> None:
    running.obeys = False
    running.add("shop", phase=Phase.FAILED, reason="it exited with code 1", hint="read its log")
    code, out, err = await slipway("start", "shop")
    assert (code, out) == (1, "")
    assert "it exited with code 1" in err
    assert "hint: read its log" in err


async def test_what_is_not_there_is_exit_code_four(running: Stage, slipway: Slipway) -> None:
    for argv in (["status", "no"], ["stop", "no"], ["logs", "../status"], ["token", "revoke", "no"]):
        code, out, err = await slipway(*argv)
        assert (code, out) == (4, ""), err


async def test_what_stands_in_the_way_is_exit_code_five(running: Stage, slipway: Slipway) -> None:
    running.obeys = False
    running.add("shop", phase=Phase.STARTING)
    starting = asyncio.ensure_future(slipway("start", "shop"))
    await until(lambda: running.jobs.jobs())
    running.face.desk.stop("shop")
    code, _, err = await starting
    assert "meanwhile" in err
    assert code == 5


async def test_logs(running: Stage, slipway: Slipway) -> None:
    running.add("shop", phase=Phase.FAILED, failure=Failure("it exited", log=("one", "two", "three")))
    assert (await slipway("logs", "shop", "-n", "2"))[1] == "two\nthree\n"
    assert json.loads((await slipway("logs", "shop", "--json"))[1]) == {"lines": ["one", "two", "three"]}
    assert (await slipway("logs", "-n", "1"))[1] == "line 299\n"


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        ([], ["a"], ["a"]),
        (["a", "b"], ["a", "b"], []),
        (["a", "b"], ["b", "c"], ["c"]),
        (["a"], ["x", "y"], ["x", "y"]),
        (["a", "b", "a"], ["b", "a", "c"], ["c"]),
        (["a", "a"], ["a", "a", "a"], ["a"]),
        (["a"], [], []),
    ],
)
def test_following_prints_each_line_once(seen: list[str], now: list[str], expected: list[str]) -> None:
    assert newer(seen, now) == expected


async def test_tokens(running: Stage, slipway: Slipway) -> None:
    code, out, err = await slipway("token", "new", "--scope", "read", "--ttl", "7d", "--note", "hall")
    secret = out.strip()
    assert code == 0
    found = running.access.check(secret)
    assert found is not None
    assert found.expires_ns - found.created_ns == 7 * 86400 * 10**9
    assert secret not in err
    code, out, _ = await slipway("token", "list")
    assert "hall" in out
    assert secret not in out
    assert (await slipway("token", "revoke", found.id))[0] == 0
    assert running.access.check(secret) is None


async def test_detect_and_explain_need_no_monitor(slipway: Slipway, place: Path) -> None:
    shop = place / "workspaces" / "My Shop"
    shop.mkdir()
    (shop / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (shop / "server.js").write_text("")
    code, out, _ = await slipway("detect", str(shop), "--json")
    answer = json.loads(out)
    assert (code, answer["type"]) == (0, "node")
    assert {
        "evidence",
        "version",
        "package_manager",
        "install",
        "build",
        "start",
        "port",
        "output_dir",
        "base_path",
    } <= (answer.keys())
    code, out, _ = await slipway("explain", "my-shop", "node_modules/x.js", "--json")
    assert (code, json.loads(out)["kept"]) == (0, False)
    assert json.loads((await slipway("explain", "my-shop", "server.js", "--json"))[1])["kept"] is True
    assert (await slipway("explain", "my-shop", "../x"))[0] == 2
    assert (await slipway("explain", "none", "x"))[0] == 4
    assert (await slipway("detect", str(place / "none")))[0] == 4
    (shop / "slipway.yaml").write_text("start: x\nstrat: y\n")
    code, _, err = await slipway("detect", str(shop))
    assert code != 0
    assert "line 2" in err


async def test_as_its_own_process_it_reads_no_terminal_and_no_colour_is_colour_free(
    running: Stage, place: Path
) -> None:
    populate(running)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *["-m", "monitor", "list", "--data", str(place / ".slipway")],
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", "LC_ALL": "C", "FORCE_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate()
    assert child.returncode == 0, err
    assert b"ledger" in out
    assert b"\x1b[3" not in out


async def test_whoever_has_read_enough_makes_it_no_failure(running: Stage, place: Path) -> None:
    """`slipway list | head`."""
    populate(running)
    reading, writing = os.pipe()
    os.close(reading)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *["-m", "monitor", "list", "--data", str(place / ".slipway")],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    _, err = await child.communicate()
    assert child.returncode == 0, err
    assert b"Traceback" not in err
