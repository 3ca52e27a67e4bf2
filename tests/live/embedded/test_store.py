"""The bundled S3 server as a real process: started, killed, adopted, stopped, its writes on disk."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from monitor.adapters.bucket import s3_client
from monitor.adapters.embedded.child import ChildSpec
from monitor.adapters.embedded.weed import BundledStore, bundled_store
from monitor.adapters.loopback import is_free
from monitor.adapters.object_store import ObjectStore
from tests.live.embedded.parts import pid, restarted, started, watched
from tests.support.waiting import until

pytestmark = pytest.mark.live
s3 = pytest.mark.s3


@pytest.fixture
async def a_store(tmp_path: Path) -> AsyncIterator[Callable[..., BundledStore]]:
    made = []

    def make(folder: Path = tmp_path / "store") -> BundledStore:
        made.append(bundled_store(folder, tmp_path / "logs"))
        return made[-1]

    yield make
    for bundled in made:
        await bundled.close()


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
