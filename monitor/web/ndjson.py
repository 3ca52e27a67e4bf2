"""A stream of JSON lines: one value a line, as they come, until there are no more or nobody reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiohttp import web

from monitor.web.answers import HEADERS, as_text

TYPE = "application/x-ndjson"
SEND_S = 10.0


async def streamed_lines(request: web.Request, values: AsyncIterator[Any]) -> web.StreamResponse:
    """Send each value at once; a reader that takes nothing for ten seconds is cut off."""
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": TYPE})
    await response.prepare(request)
    try:
        async for value in values:
            async with asyncio.timeout(SEND_S):
                await response.write(as_text(value).encode() + b"\n")
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        return response
    with suppress(ConnectionError):
        await response.write_eof()
    return response
