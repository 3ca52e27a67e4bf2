"""A process killed with -9 at every step of a copy between folders; a new one goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from monitor.adapters.folder_store import FolderStore
from tests.services.destinations.worlds import World, begin, objects_in, restorable, write_some

COPY = """
import asyncio, os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from monitor.adapters.clock import SystemClock
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.destinations import Terms
from monitor.services.destinations.destination import Destination, Means, Place
from tests.support.faults import Fault, FaultyStore, writes

async def main(top, at):
    source, there = FolderStore(top / "primary"), FolderStore(top / "there", create=True)
    faulty = FaultyStore(there)
    if at >= 0:
        mode = "after" if at % 2 else "before"
        faulty.arm(Fault(mode, at=at // 2, match=writes, then=lambda: os.kill(os.getpid(), signal.SIGKILL)))
    with ThreadPoolExecutor(2) as pool:
        means = Means(source, DiskStateFiles(top / "state"), SystemClock(), pool)
        outcome = await Destination(Terms("nas", "folder"), Place(faulty), means).run()
    print("copied", sum(outcome.copied.values()))
    source.close(), there.close()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def copy(top: Path, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COPY, str(top), str(at)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )


async def test_a_copy_killed_at_every_step_is_never_half_and_goes_on(world: World, tmp_path: Path) -> None:
    primary = FolderStore(tmp_path / "primary", create=True)
    await begin(primary)
    shop = await write_some(primary, revisions=2)
    primary.close()
    wanted = objects_in(tmp_path / "primary")
    step, killed = 0, True
    while killed:
        run = copy(tmp_path, step)
        killed = run.returncode == -signal.SIGKILL
        assert killed or run.returncode == 0, run.stderr
        restorable(objects_in(tmp_path / "there"), shop)
        if killed:
            done = copy(tmp_path, -1)
            assert done.returncode == 0, done.stderr
        assert objects_in(tmp_path / "there") == wanted, f"step {step}"
        shutil.rmtree(tmp_path / "there")
        shutil.rmtree(tmp_path / "state")
        step += 3
    assert step > len(wanted)
