"""The daemon cut, hung, broken and restarted: away while it is, found again after, and nothing leaks (R31)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine import DockerEngine
from monitor.ports.engine import EngineAway, Instance, LaunchFailed, Running
from tests.contracts.engine_world import WS, ready
from tests.live.docker_proxy import DockerProxy, Fault
from tests.live.docker_world import DockerWorld, route_labels
from tests.support.process import Program
from tests.support.waiting import until

# The SDK leaves a socket it could not connect to the garbage collector.
pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning"),
]
CYCLES = 100


@pytest.fixture
def world(docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
    world = DockerWorld(docker_host, tmp_path)
    yield world
    world.close()


@pytest.fixture
async def wire(docker_host: str, tmp_path: Path) -> AsyncIterator[DockerProxy]:
    if not docker_host.startswith("unix://"):
        pytest.skip("the daemon is not behind a unix socket")
    async with DockerProxy(docker_host, tmp_path / "wire.sock") as wire:
        yield wire


@pytest.fixture
async def engine(world: DockerWorld, wire: DockerProxy) -> AsyncIterator[DockerEngine]:
    options = replace(world.options(), docker_host=wire.url, patience_s=1.5)
    engine = DockerEngine(options, SystemClock(), route_labels)
    yield engine
    wire.set(Fault.NONE)
    await engine.close()


async def up(world: DockerWorld, engine: DockerEngine) -> Instance:
    spec, launch = world.direct(), world.launch()
    await engine.prepare(spec, launch, lambda _line: None)
    return await ready(engine, await engine.start(spec, launch, 1))


async def test_no_daemon_at_all_is_away_with_a_hint(world: DockerWorld) -> None:
    options = replace(world.options(), docker_host=f"unix://{world.folder}/none.sock")
    engine = DockerEngine(options, SystemClock(), route_labels)
    with pytest.raises(EngineAway) as caught:
        await engine.check()
    assert "none.sock" in str(caught.value)
    assert "DOCKER_HOST" in caught.value.hint
    await engine.close()


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.HANG, Fault.ERROR])
async def test_a_fault_is_away_and_over_when_it_is_over(
    world: DockerWorld, wire: DockerProxy, engine: DockerEngine, fault: Fault
) -> None:
    running = await up(world, engine)
    wire.set(fault)
    spec, launch = world.direct(), world.launch()
    async with asyncio.timeout(15):
        for call in (engine.instances(), engine.check(), engine.start(spec, launch, 2), engine.forget(WS)):
            with pytest.raises(EngineAway):
                await call
    wire.set(Fault.NONE)
    assert [i.id for i in await until(engine.instances)] == [running.id]
    assert world.inspect(running.id)["State"]["Running"]
    assert await world.fetch(running) == "hello"


async def test_a_container_that_cannot_start_is_not_the_daemons_fault(
    world: DockerWorld, engine: DockerEngine
) -> None:
    spec, launch = world.direct(), world.launch()
    await engine.prepare(spec, launch, lambda _line: None)
    nowhere = replace(launch, source=world.folder / "nowhere")
    with pytest.raises(LaunchFailed):
        await engine.start(spec, nowhere, 1)
    assert world.api.containers(all=True, filters=world.filters(WS)) == []


async def test_a_cut_stream_of_hints_ends(world: DockerWorld, wire: DockerProxy, engine: DockerEngine) -> None:
    running = await up(world, engine)
    heard: list[str] = []

    async def listen() -> str:
        try:
            async for name in engine.hints():
                heard.append(name)
        except EngineAway:
            return "away"
        return "ended"

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())

        async def poked() -> bool:
            await asyncio.to_thread(world.api.kill, running.id, "SIGWINCH")
            return bool(heard)

        await until(poked)
        wire.set(Fault.CUT)
        async with asyncio.timeout(10):
            assert await listening in {"away", "ended"}
    assert set(heard) == {WS}


async def test_a_hundred_breaks_leak_no_thread_and_no_file(
    world: DockerWorld, wire: DockerProxy, engine: DockerEngine
) -> None:
    await engine.instances()

    async def once(fault: Fault) -> None:
        async with aclosing(engine.hints()) as hints, asyncio.TaskGroup() as group:
            first = group.create_task(anext(hints, None))
            await asyncio.sleep(0.01)
            wire.set(fault)
            first.cancel()
        with pytest.raises(EngineAway):
            await engine.instances()
        wire.set(Fault.NONE)
        await until(engine.check)

    await once(Fault.CUT)
    before = (threading.active_count(), len(os.listdir("/proc/self/fd")))
    for cycle in range(CYCLES):
        await once(Fault.ERROR if cycle % 2 else Fault.CUT)

    def settled() -> bool:
        return threading.active_count() <= before[0] + 12 and len(os.listdir("/proc/self/fd")) <= before[1] + 12

    await until(settled, 10, f"threads and files to be back near {before}")


async def test_a_restarted_daemon_is_found_again(world: DockerWorld) -> None:
    """A daemon of our own, so that nobody else's containers stop."""
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        pytest.skip("only root can run a second dockerd")
    engine_there = world.engine()
    await engine_there.prepare(world.direct(), world.launch(), lambda _line: None)
    tag = engine_there._images.tag("static")
    await engine_there.close()
    # Not pytest's folder: the path of a socket has room for about a hundred bytes.
    with TemporaryDirectory(prefix="slipway-") as folder, own_daemon(Path(folder)) as (daemon, url):
        await asyncio.to_thread(copy_image, world.host, url, tag)
        options = replace(world.options("other"), docker_host=url, patience_s=5.0, subnets="10.215.0.0/24")
        engine = DockerEngine(options, SystemClock(), route_labels)
        spec, launch = world.direct(), world.launch()
        running = await ready(engine, await engine.start(spec, launch, 1))
        assert await asyncio.to_thread(fetch_inside, daemon, running) == "hello"
        daemon.stop()
        with pytest.raises(EngineAway):
            await engine.instances()
        daemon.start()
        (found,) = await until(engine.instances, 20)
        assert (found.id, found.state) == (running.id, Running.EXITED)
        await engine.stop(found, 1)
        again = await ready(engine, await engine.start(spec, launch, 2))
        assert await asyncio.to_thread(fetch_inside, daemon, again) == "hello"
        await engine.purge(WS)
        await engine.close()


def fetch_inside(daemon: Program, instance: Instance) -> str:
    """The instance's page, asked for in the daemon's own network namespace."""
    get = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode(), end='')"
    command = ["nsenter", "--net", "--target", str(daemon.pid), sys.executable, "-c", get]
    command.append(f"http://{instance.host}:{instance.port}/")
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


class own_daemon:
    """A second dockerd with folders and a network namespace of its own: started in ours, it would remove the
    first one's bridge and packet filter."""

    def __init__(self, folder: Path) -> None:
        run = folder / "run"
        run.mkdir()
        self.url = f"unix://{run}/docker.sock"
        argv = ["unshare", "--net", "dockerd", "--host", self.url]
        argv += ["--data-root", folder / "data", "--exec-root", run / "exec"]
        argv += ["--pidfile", run / "pid", "--bridge=none", "--iptables=false", "--log-level=warn"]
        self.daemon = Program(argv, ready=self._answers, log=folder / "dockerd.log", stop_timeout=30)

    def _answers(self) -> bool:
        done = subprocess.run(["docker", "--host", self.url, "version"], capture_output=True, check=False, timeout=10)
        return done.returncode == 0

    def __enter__(self) -> tuple[Program, str]:
        self.daemon.start()
        return self.daemon, self.url

    def __exit__(self, *exc: object) -> None:
        self.daemon.stop()


def copy_image(source: str, target: str, tag: str) -> None:
    save = ["docker", "--host", source, "save", tag]
    with subprocess.Popen(save, stdout=subprocess.PIPE) as saving:
        load = ["docker", "--host", target, "load", "--quiet"]
        subprocess.run(load, stdin=saving.stdout, check=True, capture_output=True)
