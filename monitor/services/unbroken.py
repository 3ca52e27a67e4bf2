"""Work that is past the point of no return: a cancellation meanwhile is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Found = TypeVar("Found")


async def to_the_end(work: Coroutine[Any, Any, Found], name: str) -> Found:
    """What `work` returns or raises, once it is over whoever cancels; it must end by itself in a bounded time."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    cancelled = 0
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled += 1
    if (current := asyncio.current_task()) is not None:
        for _ in range(cancelled):
            current.uncancel()
    return task.result()
