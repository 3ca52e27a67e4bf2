"""One process that restores a workspace as the monitor does, and says on stdout how long it took (JSON).

Reads from stdin, as JSON: root (of the workspaces), scratch, prefix, job (`keep` or `restore`), and the fields of an
S3 access (its bucket exists).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.placing.disk import DiskPlacing
from monitor.adapters.s3_access import S3Access
from monitor.cli.ending import end
from monitor.services.history.history import History
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.safety import HistorySafety
from monitor.services.restore.wish import Wish

NAME = "bench"


async def measure(job: str, root: Path, scratch: Path, prefix: str, access: S3Access) -> dict[str, float]:
    """Keep the workspace's first revision, or restore it: everything a person waits for, safety revision included."""
    clock = SystemClock()
    files, placing, store = DiskFiles(clock), DiskPlacing(), ObjectStore(access)
    spool, cache = FolderStore(scratch / "spool", create=True), FolderStore(scratch / "cache", create=True)
    history = History(store, files, clock, spool=spool, cache=cache, install="bench", prefix=prefix)
    await history.open()
    folder = root / NAME
    began = time.perf_counter()
    if job == "keep":
        await history.commit(NAME, folder, await files.walk(folder))
    else:
        chosen = await Choosing(history.archive, clock).choose(NAME, revision=1)
        restorer = Restorer(history.archive, files, placing, clock, root, HistorySafety(history, files))
        result = await restorer.run(Wish(chosen))
        assert not result.incomplete, list(result.lines())
    seconds = time.perf_counter() - began
    await history.close()
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    root, scratch = Path(given.pop("root")), Path(given.pop("scratch"))
    job, prefix = given.pop("job"), given.pop("prefix")
    print(json.dumps(asyncio.run(measure(job, root, scratch, prefix, S3Access(**given)))), flush=True)
    end(0)


if __name__ == "__main__":
    main()
