"""One process that keeps a folder's history as the monitor does, and says on stdout how long it took (JSON).

Reads from stdin, as JSON: folder, scratch, and the fields of an S3 access (its bucket exists).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.cli.ending import end
from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Revision
from monitor.services.history.history import History
from tests.support.faults import FaultyStore

NAME = "bench"


async def measure(folder: Path, scratch: Path, access: S3Access, prefix: str) -> dict[str, float]:
    """First history, unchanged passes and single saves of one folder, each with the look before it.

    A save is looked for where the watcher's hint says, an unchanged pass everywhere."""
    clock = SystemClock()
    files = DiskFiles(clock)
    store = FaultyStore(ObjectStore(access))
    spool, cache = FolderStore(scratch / "spool", create=True), FolderStore(scratch / "cache", create=True)
    history = History(store, files, clock, spool=spool, cache=cache, install="bench", prefix=prefix)
    await history.open()

    async def keep(touched: frozenset[str] | None = None) -> tuple[float, Revision | None]:
        began = time.perf_counter()
        revision = await history.commit(NAME, folder, await files.follow(folder, Overrides(), touched))
        return time.perf_counter() - began, revision

    first, revision = await keep()
    assert revision is not None
    found = {"first_s": first, "files": revision.header.files, "bytes": revision.header.bytes}
    store.calls.clear()
    found["unchanged_s"] = min([(await keep())[0] for _ in range(5)])
    found["unchanged_requests"] = len(store.calls)
    saves = []
    for turn in range(10):
        place = folder / "saved.txt"
        place.write_text(f"turn {turn}")
        await asyncio.sleep(0.05)  # the debounce is longer than this: the file is at rest
        saves.append((await keep(frozenset({place.name})))[0])
    found["one_save_s"] = sorted(saves)[len(saves) // 2]
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await history.close()
    return found


def main() -> None:
    given = json.load(sys.stdin)
    folder, scratch, prefix = Path(given.pop("folder")), Path(given.pop("scratch")), given.pop("prefix")
    print(json.dumps(asyncio.run(measure(folder, scratch, S3Access(**given), prefix))), flush=True)
    end(0)


if __name__ == "__main__":
    main()
