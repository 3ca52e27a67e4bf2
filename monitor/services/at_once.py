"""The same work for many items, several at once, the answers in the items' order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from monitor.services.history.groups import first_of

AT_ONCE = 16

Item = TypeVar("Item")
Answer = TypeVar("Answer")


async def each(
    work: Callable[[Item], Awaitable[Answer]], items: Iterable[Item], at_once: int = AT_ONCE
) -> list[Answer]:
    """`work` of every item; the first failure ends the others and is raised as itself."""
    limit = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Answer:
        async with limit:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as error:
        raise first_of(error) from error
    return [task.result() for task in tasks]
