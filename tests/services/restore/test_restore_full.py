"""A disk that fills up, in a small tmpfs of its own: nothing half done, a clear error, and then it works."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCENE = """
import asyncio, os, pathlib, sys
from monitor.adapters.memory_store import MemoryStore
from monitor.errors import SlipwayError
from tests.support.restoring import Spot

async def main(outside, disk):
    # The history's own folders are on another disk than the workspaces.
    spot = Spot(disk)
    for name in ("spool", "cache"):
        (outside / name).mkdir()
        os.symlink(outside / name, disk / "workspaces" / name)
    for number in range(6):
        await spot.desk.write(f"d{number}/f", os.urandom(50_000))
    await spot.desk.write("changed", b"one")
    seq = await spot.keep()
    wanted = spot.now()
    for number in range(6):
        (spot.folder / f"d{number}/f").write_bytes(b"two")
    (spot.folder / "changed").write_bytes(b"two")
    before = spot.now()
    failures = 0
    for filler in (990_000, 900_000, 850_000, 800_000, 760_000, 740_000, 720_000, 700_000, 650_000):
        fill = disk / "fill"
        try:
            fill.write_bytes(bytes(filler))
        except OSError:
            pass
        for check in (True, False):
            if not check:
                import monitor.services.restore.restorer as restorer
                restorer.check_room = lambda plan, free: None
            try:
                await spot.restore(seq)
            except SlipwayError as error:
                failures += 1
                assert "full" in error.message or "room" in error.message, error.message
                assert error.hint
                now = spot.now()
                assert now == before, "half done"
            else:
                assert spot.now() == wanted
                print("failed", failures)
                assert failures > 3
                return
    raise AssertionError("it never had enough room")

asyncio.run(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
"""


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    outside, disk = tmp_path / "outside", tmp_path / "disk"
    outside.mkdir()
    disk.mkdir()
    (tmp_path / "scene.py").write_text(SCENE)
    mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" "$3" "$4" "$1"'
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh", disk, sys.executable, tmp_path / "scene.py", outside]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=Path(__file__).parents[3],
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"},
    )
    if "unshare failed" in done.stderr or "permission denied" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "failed" in done.stdout
