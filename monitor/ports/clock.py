"""The clock, passed in: wall time for records, monotonic time for waiting."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells time; the only way any room learns it, so that a test can jump it.

    `wall_ns` may jump (NTP, a person, a suspended laptop): use it for what is written down, never to
    measure. `monotonic` only goes forward: use it for delays, ages and back-off. `sleep` returns after
    that many monotonic seconds.
    """

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        ...

    async def sleep(self, seconds: float) -> None: ...
