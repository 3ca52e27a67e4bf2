"""Dependencies of the process engine: installed once from real registries, reused, and honest when they fail."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.ports.engine import EngineAway, LaunchFailed
from tests.support.process_engine import SERVER, Home, get, python_spec, ready

PIP = "python3 -m venv .venv && .venv/bin/pip install --disable-pip-version-check -q -r requirements.txt"
FLASK = """
import os
from flask import Flask
app = Flask(__name__)
@app.get("/")
def home():
    return "flask"
from wsgiref.simple_server import make_server
make_server("127.0.0.1", int(os.environ["PORT"]), app).serve_forever()
"""
EXPRESS = """
const app = require("express")();
app.get("/", (_, answer) => answer.send("express"));
app.listen(process.env.PORT, process.env.HOST);
"""


@pytest.mark.timeout(300)
async def test_flask_from_pip_is_installed_once_and_reused(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"app.py": FLASK, "requirements.txt": "flask\n"})
    spec = python_spec(start="python app.py", install=PIP, deps_files=("requirements.txt",), deps_key="flask-key")
    said: list[str] = []
    await engine.prepare(spec, launch, said.append)
    running = await ready(engine, await engine.start(spec, launch, 1), 60)
    assert await get(running) == "flask"
    await engine.stop(running, 3)

    (slot,) = _slots(home)
    before = (slot / ".venv" / "pyvenv.cfg").stat()
    await engine.prepare(spec, launch, _refuse)
    again = await ready(engine, await engine.start(spec, launch, 2), 60)
    assert await get(again) == "flask"
    after = (slot / ".venv" / "pyvenv.cfg").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.timeout(300)
async def test_express_from_npm(home: Home) -> None:
    engine = home.engine()
    package = '{"name": "x", "version": "1.0.0", "dependencies": {"express": "^4"}}'
    launch = home.launch({"app.js": EXPRESS, "package.json": package})
    spec = LaunchSpec(
        "web", ProjectType.NODE, "node", "node app.js", (os.geteuid(), os.getegid()),
        install="npm install --no-audit --no-fund", deps_files=("package.json",), deps_key="express-key",
    )  # fmt: skip
    await engine.prepare(spec, launch, lambda _: None)
    running = await ready(engine, await engine.start(spec, launch, 1), 60)
    assert await get(running) == "express"


async def test_what_the_install_left_outlives_restarts_and_the_rest_does_not(bare: Home) -> None:
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER, "lock": "1"})
    install = "mkdir -p node_modules/x && date +%N > node_modules/x/when && cp lock seen"
    spec = python_spec(install=install, deps_files=("lock",), deps_key="one")
    running = await ready(engine, await engine.start(spec, launch, 1))
    (slot,) = _slots(bare)
    when = (slot / "node_modules" / "x" / "when").read_text()
    (slot / "written").write_text("by the app")
    await engine.stop(running, 3)
    await ready(engine, await engine.start(spec, launch, 2))
    assert (slot / "node_modules" / "x" / "when").read_text() == when
    assert (slot / "seen").read_text() == "1"
    assert not (slot / "written").exists()


async def test_a_second_generation_at_once_gets_dependencies_of_its_own(bare: Home) -> None:
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER, "lock": "1"})
    spec = python_spec(install="mkdir node_modules", deps_files=("lock",), deps_key="one")
    first = await ready(engine, await engine.start(spec, launch, 1))
    second = await ready(engine, await engine.start(spec, launch, 2))
    assert len(_slots(bare)) == 2
    assert first.port != second.port
    await engine.stop(first, 3)
    await ready(engine, await engine.start(spec, launch, 3))
    assert len(_slots(bare)) == 2


async def test_a_failing_install_says_its_last_lines_and_leaves_nothing(bare: Home) -> None:
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER, "lock": "1"})
    install = "echo one; echo no such package >&2; (sleep 4322 &) ; exit 3"
    spec = python_spec(install=install, deps_files=("lock",), deps_key="bad")
    said: list[str] = []
    with pytest.raises(LaunchFailed) as failure:
        await engine.prepare(spec, launch, said.append)
    assert "code 3" in failure.value.message
    assert [line for line in failure.value.log if not line.startswith("slipway")] == ["one", "no such package"]
    assert said[-2:] == list(failure.value.log)[-2:]
    assert _slots(bare) == []
    assert not (bare.data / "process" / "app" / "install").exists()
    assert b"4322" not in b"".join(_command_lines())


async def test_the_extra_ca_and_the_installs_environment_reach_installs(bare: Home) -> None:
    engine = bare.engine()
    ca = bare.root / "ca.pem"
    ca.write_text("certificate")
    ca.chmod(0o600)
    config = type(engine.config)(
        bare.data, "test-ca", engine.config.runtimes, extra_ca=ca, install_env={"HTTPS_PROXY": "http://proxy:1"}
    )
    engine = type(engine)(config, engine.clock)
    bare.engines.append(engine)
    launch = bare.launch({"server.py": SERVER, "lock": "1"})
    install = 'cat "$SSL_CERT_FILE" > seen; echo " $HTTPS_PROXY" >> seen'
    spec = python_spec(install=install, deps_files=("lock",), deps_key="ca")
    running = await ready(engine, await engine.start(spec, launch, 1))
    (slot,) = _slots(bare)
    assert (slot / "seen").read_text() == "certificate http://proxy:1\n"
    assert "HTTPS_PROXY" not in await get(running, "/env")


async def test_the_key_follows_what_the_install_is_made_of(bare: Home) -> None:
    engine = bare.engine()
    spec = python_spec(install="x", deps_files=("lock",))
    one = await engine.deps_key(spec, {"lock": b"1"})
    assert one == await engine.deps_key(spec, {"lock": b"1"})
    assert one != await engine.deps_key(spec, {"lock": b"2"})
    assert one != await engine.deps_key(python_spec(install="y", deps_files=("lock",)), {"lock": b"1"})


async def test_old_app_folders_go(bare: Home) -> None:
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER, "lock": "1"})
    for number in range(4):
        spec = python_spec(install="mkdir node_modules", deps_files=("lock",), deps_key=f"key{number}")
        await engine.prepare(spec, launch, lambda _: None)
    half = bare.data / "process" / "app" / "apps" / "half-0"
    half.mkdir()
    await engine.sweep({"app"})
    assert {slot.name for slot in _slots(bare)} == {"key2-0", "key3-0"}


async def test_a_machine_without_room_for_a_process_is_said_as_such(
    bare: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*argv: str, **how: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    spec = python_spec(install="true", deps_key="none")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", refused)
    with pytest.raises(EngineAway, match="no process can be started"):
        await bare.engine().prepare(spec, bare.launch({"server.py": SERVER}), lambda line: None)


def _slots(home: Home) -> list[Path]:
    return sorted(path for path in home.data.glob("process/*/apps/*") if path.is_dir())


def _refuse(line: str) -> None:
    raise AssertionError(f"installed again: {line}")


def _command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found
