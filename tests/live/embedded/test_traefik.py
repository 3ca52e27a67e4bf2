"""The bundled Traefik as a real process: killed, replaced, adopted, its port taken."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from monitor.adapters.embedded.child import Child
from monitor.adapters.embedded.ports import PortTaken
from tests.live.embedded.parts import a_traefik, pid, restarted, started, watched
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.live
traefik = pytest.mark.traefik


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
from tests.live.embedded.parts import a_traefik

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
