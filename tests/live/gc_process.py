"""A process that collects garbage, repacks or purges, and kills itself at its N-th write: for `test_history_gc`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.cli.ending import end
from monitor.domain.history.revision import Writer
from monitor.domain.retention_policy import Policy
from monitor.services.gc.collecting import Collector
from monitor.services.gc.purging import Purger
from monitor.services.gc.repacking import Repacker
from tests.support.alone import Alone
from tests.support.faults import Fault, FaultyStore, writes

NEWEST_ONLY = Policy(all=0, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, safety=0)


class FixedClock:
    """Says what it was told."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns

    def wall_ns(self) -> int:
        return self._now_ns

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    how = json.loads(sys.argv[1])
    store = FaultyStore(ObjectStore(S3Access(**how["access"])))
    if how["at"] is not None:
        store.arm(Fault(how["mode"], at=how["at"], match=writes, then=die))
    clock, ground, prefix = FixedClock(how["now_ns"]), Alone(Writer("child", 1, "n")), how["prefix"]
    with ThreadPoolExecutor(1) as pool:
        if how["what"] == "collect":
            await Collector(store, clock, pool, ground, prefix=prefix).collect("shop", NEWEST_ONLY)
        elif how["what"] == "repack":
            repacker = Repacker(store, clock, pool, ground, prefix=prefix, least_bytes=1)
            await repacker.repack("shop", NEWEST_ONLY)
        else:
            await Purger(store, ground, prefix=prefix).purge("shop")


if __name__ == "__main__":
    asyncio.run(main())
    end(0)
