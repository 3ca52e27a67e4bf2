"""A body as it comes, piece by piece: one that stops coming is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from monitor.errors import SlipwayError

CHUNK = 256 * 1024
PIECE_S = 30.0

Came = TypeVar("Came")


class Stalled(SlipwayError):
    """Nothing came for `PIECE_S` seconds."""

    reason = "timeout"
    status = 408


def pieces(request: web.Request) -> AsyncIterator[bytes]:
    """The whole body. Raises `Stalled`."""
    return paced(lambda: request.content.read(CHUNK))


async def paced(read: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    """What `read` gives until it gives nothing. Raises `Stalled`."""
    while piece := await in_time(read()):
        yield piece


async def in_time(coming: Awaitable[Came]) -> Came:
    """One piece. Raises `Stalled`."""
    try:
        async with asyncio.timeout(PIECE_S):
            return await coming
    except TimeoutError:
        raise Stalled("the body stopped coming", hint="send it again") from None
