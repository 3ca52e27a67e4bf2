"""The bundled S3 server and Traefik as real processes: started, killed, adopted, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from monitor.adapters.bucket import s3_client
from monitor.adapters.clock import SystemClock
from monitor.adapters.embedded.child import Child, ChildFailed, ChildSpec
from monitor.adapters.embedded.logs import keep_small
from monitor.adapters.embedded.ports import PortTaken, settle_ports
from monitor.adapters.embedded.process import Process
from monitor.adapters.embedded.supervisor import State, Supervisor
from monitor.adapters.embedded.traefik import BundledTraefik, bundled_traefik
from monitor.adapters.embedded.weed import BundledStore, bundled_store
from monitor.adapters.loopback import is_free
from monitor.adapters.object_store import ObjectStore
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.live
s3 = pytest.mark.s3
traefik = pytest.mark.traefik


@asynccontextmanager
async def watched(spec: ChildSpec) -> AsyncIterator[Supervisor]:
    """A supervisor at work, its process gone afterwards whatever happens."""
    supervisor = Supervisor(spec, SystemClock())
    supervisor.probe_every_s = 0.2
    try:
        await supervisor.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(supervisor.run())
            try:
                yield supervisor
            finally:
                await supervisor.stop()
    finally:
        await supervisor.child.stop()


@asynccontextmanager
async def started(spec: ChildSpec) -> AsyncIterator[Child]:
    """A child without a supervisor, as the backup scripts run the store."""
    child = Child(spec)
    try:
        await child.start()
        yield child
    finally:
        await child.stop()


@pytest.fixture
async def a_store(tmp_path: Path) -> AsyncIterator[Callable[..., BundledStore]]:
    made = []

    def make(folder: Path = tmp_path / "store") -> BundledStore:
        made.append(bundled_store(folder, tmp_path / "logs"))
        return made[-1]

    yield make
    for bundled in made:
        await bundled.close()


def a_traefik(tmp_path: Path, port: int) -> BundledTraefik:
    return bundled_traefik(tmp_path / "traefik", tmp_path / "logs", bind="127.0.0.1", port=port, install_id="test-1")


def pid(child: Child) -> int:
    assert child.process
    return child.process.pid


async def restarted(supervisor: Supervisor) -> bool:
    return supervisor.condition.state is State.READY and supervisor.condition.restarts > 0


@s3
async def test_a_killed_store_comes_back_with_all_it_kept(a_store: Callable[..., BundledStore]) -> None:
    bundled = a_store()
    store = ObjectStore(bundled.access)
    async with watched(bundled.spec) as supervisor:
        await store.put("kept", b"before the crash")
        first = pid(supervisor.child)
        os.kill(first, signal.SIGKILL)
        await until(lambda: restarted(supervisor), 30)
        assert pid(supervisor.child) != first
        assert "exit code -9" in supervisor.condition.reason
        assert await store.get("kept") == b"before the crash"
        client = s3_client(bundled.access)
        assert client.get_object(Bucket="slipway", Key="kept")["Body"].read() == b"before the crash"
        client.close()


async def taken(spec: ChildSpec) -> bool:
    return not any(is_free(port) for _, port in spec.listens)


@s3
async def test_stop_leaves_nothing(a_store: Callable[..., BundledStore]) -> None:
    spec = a_store().spec
    async with started(spec) as child:
        running = psutil.Process(pid(child))
        await until(lambda: taken(spec), 30)
        await child.stop()
        assert not running.is_running()
    assert all(is_free(port) for _, port in spec.listens)
    assert [path for path in (spec.pid_file, *spec.leavings) if path.exists()] == []


@s3
async def test_a_store_left_by_a_killed_monitor_is_adopted(a_store: Callable[..., BundledStore]) -> None:
    async with started(a_store().spec) as first:
        again = a_store()
        async with started(again.spec) as second:
            assert second.adopted
            assert second.process == first.process
            await ObjectStore(again.access).put("k", b"x")
        assert not first.running


@s3
async def test_a_leftover_is_found_without_its_pid_file(a_store: Callable[..., BundledStore]) -> None:
    async with started(a_store().spec) as first:
        first.spec.pid_file.unlink()
        async with started(a_store().spec) as second:
            assert second.process == first.process


@s3
async def test_two_stores_run_side_by_side_and_folders_may_be_relative(
    a_store: Callable[..., BundledStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = a_store(Path("one")), a_store(Path("other"))
    async with started(one.spec), started(other.spec):
        await ObjectStore(one.access).put("k", b"one")
        await ObjectStore(other.access).put("k", b"other")
        assert await ObjectStore(one.access).get("k") == b"one"
    assert (tmp_path / "one" / "data").is_dir()


@s3
async def test_the_store_keeps_its_secrets_and_stays_on_loopback(a_store: Callable[..., BundledStore]) -> None:
    bundled = a_store()
    async with started(bundled.spec) as child:
        running = psutil.Process(pid(child))
        secrets_made = json.loads((bundled.spec.cwd.parent / "credentials.json").read_text())
        said = " ".join([*running.cmdline(), *running.environ().values()])
        assert not [name for name, secret in secrets_made.items() if secret in said]
        assert {c.laddr.ip for c in running.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}
        assert running.environ().keys() <= {"PATH", "HOME", "SLIPWAY_CHILD", "SLIPWAY_CHILD_FINGERPRINT"}
        assert os.getsid(pid(child)) == pid(child)
    readable = [p for p in bundled.spec.cwd.parent.rglob("*.json") if p.stat().st_mode & 0o077]
    assert readable == []
    assert bundled.spec.cwd.parent.stat().st_mode & 0o777 == 0o700


@s3
async def test_keys_and_ports_outlive_a_restart(a_store: Callable[..., BundledStore]) -> None:
    first, second = a_store(), a_store()
    assert first.access == second.access
    taken = int(first.access.endpoint.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", taken)):
        third = a_store()
    assert third.access.endpoint != first.access.endpoint
    assert third.access.secret_key == first.access.secret_key


async def test_every_acknowledged_write_was_synced(a_store: Callable[..., BundledStore], tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no program strace to see the system calls with")
    bundled = a_store()
    store = ObjectStore(bundled.access)
    async with started(bundled.spec) as child:
        trace = tmp_path / "trace"
        argv = [strace, "-f", "-e", "trace=fsync,fdatasync", "-o", str(trace), "-p", str(pid(child))]
        tracer = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.PIPE)
        assert tracer.stderr
        assert b"attached" in await tracer.stderr.readline()
        for number in range(10):
            await store.put(f"k/{number}", b"x" * 1000)
        tracer.terminate()
        await tracer.communicate()
    assert trace.read_text().count("sync(") >= 10


@traefik
async def test_traefik_comes_back_and_a_changed_one_is_replaced(tmp_path: Path) -> None:
    async with watched(a_traefik(tmp_path, free_port()).spec) as supervisor:
        os.kill(pid(supervisor.child), signal.SIGKILL)
        await until(lambda: restarted(supervisor), 20)
    async with (
        started(a_traefik(tmp_path, free_port()).spec) as first,
        started(a_traefik(tmp_path, free_port()).spec) as second,
    ):
        assert not second.adopted
        assert not first.running
        assert second.running


MONITOR = """
import asyncio, sys
from pathlib import Path
from monitor.adapters.embedded.child import Child
from tests.live.test_embedded import a_traefik

async def main():
    await Child(a_traefik(Path(sys.argv[1]), int(sys.argv[2])).spec).start()
    print("started", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@traefik
async def test_what_a_killed_process_started_is_adopted_by_the_next(tmp_path: Path) -> None:
    port = free_port()
    argv = [sys.executable, "-c", MONITOR, str(tmp_path), str(port)]
    earlier = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert earlier.stdout
    assert await earlier.stdout.readline() == b"started\n"
    earlier.kill()
    await earlier.communicate()
    async with watched(a_traefik(tmp_path, port).spec) as supervisor:
        assert supervisor.child.adopted
        os.kill(pid(supervisor.child), signal.SIGKILL)
        await until(lambda: restarted(supervisor), 60)
        assert not supervisor.child.adopted


@traefik
async def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is in use"):
            await Child(a_traefik(tmp_path, port).spec).start()


def a_script(tmp_path: Path, code: str, *, says: bool = True, **changed: object) -> ChildSpec:
    """A small program of ours, to see what is done with bad ones."""

    async def ready() -> bool:
        return says and (tmp_path / "up").exists()

    settings: dict[str, object] = {"stop_grace_s": 0.5, "ready_within_s": 5.0, **changed}
    return ChildSpec(
        "script", (sys.executable, "-c", code), {}, tmp_path, tmp_path / "logs" / "log", tmp_path / "pid", ready,
        **settings,  # type: ignore[arg-type]
    )  # fmt: skip


UP = "import pathlib, time, signal; pathlib.Path('up').touch(); "


async def test_one_that_ends_at_once_says_why(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="ended while starting: no room left"):
        await Child(a_script(tmp_path, "raise SystemExit('no room left')")).start()


async def test_one_that_never_answers_is_stopped_again(tmp_path: Path) -> None:
    child = Child(a_script(tmp_path, UP + "time.sleep(600)", says=False, ready_within_s=0.5))
    with pytest.raises(ChildFailed, match="did not answer within"):
        await child.start()
    assert not child.running


async def test_one_that_ignores_term_is_killed(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + UP + "time.sleep(600)"
    async with started(a_script(tmp_path, code)) as child:
        process = child.process
        assert process
        await child.stop()
        assert not process.running


async def test_one_that_turns_deaf_is_restarted(tmp_path: Path) -> None:
    async with watched(a_script(tmp_path, UP + "time.sleep(600)")) as supervisor:
        first = pid(supervisor.child)
        (tmp_path / "up").unlink()
        await until(lambda: restarted(supervisor), 20)
        assert pid(supervisor.child) != first
        assert "did not answer" in supervisor.condition.reason


async def test_an_end_before_anybody_watches_counts_as_one(tmp_path: Path) -> None:
    supervisor = Supervisor(a_script(tmp_path, UP + "time.sleep(600)"), SystemClock())
    await supervisor.start()
    os.kill(pid(supervisor.child), signal.SIGKILL)
    await until(lambda: not supervisor.child.running, 10)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(supervisor.run())
        await until(lambda: restarted(supervisor), 15)
        assert supervisor.condition.reason == "it ended with exit code -9"
        await supervisor.stop()


async def test_one_that_keeps_dying_is_tried_again_with_pauses(tmp_path: Path) -> None:
    code = UP + "time.sleep(0.05); raise SystemExit(7)"
    async with watched(a_script(tmp_path, code)) as supervisor:
        await until(lambda: supervisor.condition.restarts >= 2, 20)
        assert "7" in supervisor.condition.reason or "ended" in supervisor.condition.reason


async def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    spec = a_script(tmp_path, UP + "time.sleep(600)")
    spec.pid_file.write_text(json.dumps({"pid": os.getpid(), "start": 1}))
    async with started(spec) as child:
        assert pid(child) != os.getpid()
    innocent = Process.of(os.getpid())
    assert innocent
    spec.pid_file.write_text(json.dumps({"pid": innocent.pid, "start": innocent.start}))
    async with started(spec) as child:
        assert not child.adopted


async def test_stopping_ends_the_supervisor_even_between_two_tries(tmp_path: Path) -> None:
    supervisor = Supervisor(a_script(tmp_path, "raise SystemExit(1)"), SystemClock())
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(supervisor.run())
        await until(lambda: supervisor.condition.restarts >= 2, 10)
        await supervisor.stop()
    assert supervisor.condition.state is State.STOPPED


def test_a_log_is_kept_small_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old " * 100)
        keep_small(log, max_bytes=100)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "log.1").read_bytes() == b"old " * 100


def test_ports_differ_and_leave_room_for_their_partners(tmp_path: Path) -> None:
    ports = settle_ports(tmp_path / "ports", [str(n) for n in range(20)], offset=10_000)
    every = [p + shift for p in ports.values() for shift in (0, 10_000)]
    assert len(set(every)) == 40
    (tmp_path / "ports").write_text("{broken")
    assert settle_ports(tmp_path / "ports", ["a"]).keys() == {"a"}
