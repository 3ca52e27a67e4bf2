"""One process that mirrors a folder as the monitor does, and says on stdout how long it took (JSON).

Reads from stdin, as JSON: folder, scratch, prefix, and the fields of an S3 access (its bucket exists).
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
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.adapters.state_files import DiskStateFiles
from monitor.cli.ending import end
from monitor.services.mirror import Mirror

NAME = "bench"


async def measure(folder: Path, scratch: Path, access: S3Access, prefix: str) -> dict[str, float]:
    """One first mirror, the walk before it included."""
    clock = SystemClock()
    files = DiskFiles(clock)
    mirror = Mirror(ObjectStore(access), files, DiskStateFiles(scratch), clock, prefix=prefix)
    began = time.perf_counter()
    state = await mirror.sync(NAME, folder, await files.walk(folder))
    seconds = time.perf_counter() - began
    assert not state.pending, state.error
    await mirror.close()
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    given = json.load(sys.stdin)
    folder, scratch, prefix = Path(given.pop("folder")), Path(given.pop("scratch")), given.pop("prefix")
    print(json.dumps(asyncio.run(measure(folder, scratch, S3Access(**given), prefix))), flush=True)
    end(0)


if __name__ == "__main__":
    main()
