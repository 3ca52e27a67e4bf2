"""The machine's own clock."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The real `Clock`."""

    def wall_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
