"""What an instance on this machine does not get: our environment, our account, more than its limits, our files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from monitor.adapters.process_engine import evidence, observing, procfs, starting
from monitor.domain.launch import Limits
from monitor.ports.engine import Running
from tests.support.process_engine import SERVER, Home, do, find, get, python_spec, ready
from tests.support.waiting import until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")


async def test_the_instance_gets_nothing_of_the_monitors_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_TOKEN", "canary-in-our-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-in-our-environment")
    engine = home.engine()
    spec = python_spec(env=(("MINE", "yes"), ("SLIPWAY_APP", "/etc"), ("LD_PRELOAD", "x.so")))
    running = await ready(engine, await engine.start(spec, home.launch({"server.py": SERVER}), 1))
    seen = dict(line.split("=", 1) for line in (await get(running, "/env")).splitlines())
    assert "canary" not in str(seen)
    assert seen["MINE"] == "yes"
    assert seen["HOST"] == "127.0.0.1"
    assert "LD_PRELOAD" not in seen
    for pid in procfs.members(f"SLIPWAY_INSTANCE={engine.config.install_id}/app/1".encode(), None):
        assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()


@AS_ROOT
async def test_root_gives_up_being_root(home: Home) -> None:
    engine = home.engine()
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    pids = procfs.members(f"SLIPWAY_INSTANCE={engine.config.install_id}/app/1".encode(), None)
    status = await do(running, "answer = open('/proc/self/status').read()")
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in status.splitlines())}
    assert fields["Uid"] == fields["Gid"] == ["65532"] * 4
    assert fields["Groups"] == []
    assert fields["CapEff"] == ["0000000000000000"]
    assert fields["NoNewPrivs"] == ["1"]
    others = [Path(f"/proc/{pid}/status").read_text() for pid in pids if procfs.look(pid).name != "bwrap"]  # type: ignore[union-attr]
    assert others
    assert all("\nUid:\t65532\t65532" in text for text in others)


async def test_limits_are_in_force(home: Home) -> None:
    engine = home.engine()
    spec = python_spec(limits=Limits(memory=256 * 1024 * 1024, pids=100, nofile=300))
    running = await ready(engine, await engine.start(spec, home.launch({"server.py": SERVER}), 1))
    code = (
        "import resource as r; answer = [r.getrlimit(w)[1] for w in (r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_NPROC)]"
    )
    assert await do(running, code) == str([300, 0, 1600])
    grab = "try:\n bytearray(2 << 30)\n answer = 'got it'\nexcept MemoryError:\n answer = 'refused'"
    assert await do(running, grab) == "refused"


async def test_what_is_private_is_hidden_where_bubblewrap_works(home: Home) -> None:
    engine = home.engine()
    if any("bubblewrap" in warning for warning in (await engine.check()).warnings):
        pytest.skip("bubblewrap is not in use")
    (home.data / "secret").write_text("monitor's own")
    (home.data / "secret").chmod(0o644)
    other = await engine.start(python_spec("other"), home.launch({"server.py": SERVER}), 1)
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    await ready(engine, other)
    seen = await do(
        running, f"import os; answer = os.listdir({str(home.data)!r}) + os.listdir('{home.data}/process')"
    )
    assert "secret" not in seen
    assert "other" not in seen
    pids = await do(running, "import os; answer = len([p for p in os.listdir('/proc') if p.isdigit()])")
    assert int(pids) < 8


async def test_a_flood_without_a_newline_keeps_disk_and_memory_flat(bare: Home) -> None:
    engine = bare.engine()
    flood = "import os\nfor _ in range(3200): os.write(1, b'x' * 65536)\nos.write(1, b'\\x1b[31mend\\x07')\n"
    started = await engine.start(python_spec(start="python3 flood.py"), bare.launch({"flood.py": flood}), 1)
    folder = bare.data / "process" / "app" / "1"
    peak = 0

    async def over() -> bool:
        nonlocal peak
        found = await find(engine, started)
        peak = max(peak, sum(path.stat().st_size for path in folder.glob("log*")))
        return found is not None and found.state is Running.EXITED

    await until(over, 60)
    assert 0 < peak <= 2 * starting.LOG_BYTES
    logged = await engine.logs(started, 10)
    assert len(logged) <= 10
    assert all(len(line) <= evidence.LINE_LIMIT + 2 and "\x1b" not in line for line in logged)


async def test_nobody_else_can_write_what_we_read_back(bare: Home) -> None:
    engine = bare.engine()
    await ready(engine, await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    folder = bare.data / "process" / "app" / "1"
    for path in [folder, folder / "control", folder / "record.json", folder / "running.json", folder / observing.LOG]:
        found = path.stat()
        assert found.st_uid == os.geteuid()
        assert not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    assert not (folder / "plan.json").exists()
