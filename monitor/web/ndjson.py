"""A stream of JSON lines: one value a line, as they come, until there are no more or nobody may or does read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from monitor.web.answers import HEADERS, as_text
from monitor.web.guard import STILL

TYPE = "application/x-ndjson"
SEND_S = 10.0
CHECK_S = 2.0


class _Over(Exception):
    """The token is no longer good."""


async def streamed_lines(request: web.Request, values: AsyncIterator[Any]) -> web.StreamResponse:
    """Send each value at once; a reader that takes nothing for ten seconds is cut off, and one whose token ends."""
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": TYPE})
    await response.prepare(request)
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watched(request.get(STILL)), name="json lines: token")
            await _sent(response, values)
            watch.cancel()
    except BaseExceptionGroup as errors:
        if not isinstance(errors.exceptions[0], TimeoutError | ConnectionError | _Over):
            raise errors.exceptions[0] from None
        if request.transport is not None:
            request.transport.abort()
    with suppress(ConnectionError):
        await response.write_eof()
    return response


async def _sent(response: web.StreamResponse, values: AsyncIterator[Any]) -> None:
    async for value in values:
        async with asyncio.timeout(SEND_S):
            await response.write(as_text(value).encode() + b"\n")


async def _watched(still_good: Callable[[], bool] | None) -> None:
    """Expiry tells nobody: look."""
    while still_good is not None:
        await asyncio.sleep(CHECK_S)
        if not still_good():
            raise _Over
