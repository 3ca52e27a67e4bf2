"""An answer that is made while it is sent: a failure before its first byte is an error, a later one breaks it off."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from monitor.web.answers import HEADERS


async def streamed(request: web.Request, chunks: AsyncIterator[bytes], kind: str, name: str) -> web.StreamResponse:
    """Send `chunks` as the file `name`. The reader's pace is ours; one that goes away ends the work.

    What is broken off ends without the mark of a whole answer, so that nobody takes half a file for one.
    """
    headers = {**HEADERS, "Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    ready = (chunk async for chunk in chunks if chunk)
    first = await anext(ready, b"")
    await response.prepare(request)
    try:
        await response.write(first)
        async for chunk in ready:
            await response.write(chunk)
    except BaseException:
        if request.transport is not None:
            request.transport.abort()
        raise
    await response.write_eof()
    return response
