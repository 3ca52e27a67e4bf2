"""Detects a number of folders in one process and says on stdout what one took (JSON): argv is how many."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.cli.ending import end
from monitor.domain.detection import MAX_BYTES, detect, wanted_paths
from tests.support.corpus import cases


async def measure(root: Path, count: int) -> dict[str, float]:
    """Unpack the corpus until there are `count` folders, then detect each: what is wanted is read, and decided."""
    every, files = cases(), DiskFiles(SystemClock())
    folders = [every[number % len(every)].unpack(root / str(number)) for number in range(count)]
    took: dict[int, list[float]] = defaultdict(list)
    for number, folder in enumerate(folders):
        tree = await files.walk(folder)
        began = time.perf_counter()
        wanted = frozenset(wanted_paths(tree))
        detect(tree, await files.read_texts(folder, tree, wanted.__contains__, MAX_BYTES))
        took[number % len(every)].append((time.perf_counter() - began) * 1000)
    files.close()
    kinds = [statistics.median(times) for times in took.values()]
    return {"folders": count, "median_ms": statistics.median(kinds), "worst_ms": max(kinds)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="slipway-detect-") as scratch:
        print(json.dumps(asyncio.run(measure(Path(scratch), int(sys.argv[1])))), flush=True)
    end(0)
