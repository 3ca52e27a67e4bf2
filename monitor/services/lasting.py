"""A loop that goes on for as long as the monitor does: what breaks in it is told, and it is begun again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from monitor.ports.clock import Clock

FIRST_S, LONGEST_S = 2.0, 60.0

log = logging.getLogger(__name__)


async def lasting(work: Callable[[], Awaitable[object]], clock: Clock, what: str) -> None:
    """Run `work` until it returns; whatever it raises is logged, and after a growing pause it is run again.

    All loops of a monitor share one task group, which a single exception would end: and with it everything.
    """
    pause = FIRST_S
    while True:
        # In a task of its own: a group that fails while it is cancelled would hide the cancellation from this one.
        async with asyncio.TaskGroup() as group:
            run = group.create_task(_failure(work), name=what)
        if (error := run.result()) is None:
            return
        log.error("%s broke off; it is begun again in %.0f s", what, pause, exc_info=error)
        await clock.sleep(pause)
        pause = min(pause * 2, LONGEST_S)


async def _failure(work: Callable[[], Awaitable[object]]) -> Exception | None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 told by whom it is given to
        return error
    return None
