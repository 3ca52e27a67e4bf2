"""The hop: between the router and an app that does not know its prefix, putting its answers right as they stream.

Redirects, cookie paths, pages and style sheets are changed; everything else passes byte by byte, as it comes. It
keeps no state: each request says where it goes (`monitor.domain.prefix.hop`). WebSockets and event streams
never get here, the router sends them straight on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from monitor.domain.prefix.hop import HEADER, SHIM_PATH, Hop, hop_of
from monitor.web import hop_answers
from monitor.web.hop_bodies import changed_body

CONNECT_S = 5.0
TRIES, PAUSE_S = 8, 0.15
"""Bridges an app's restart, as the router does on its own ways (about a second)."""

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "expect", HEADER.lower()),
    }
)
_SHIM = (Path(__file__).parent / "static" / "prefix.js").read_bytes()
SHIM_TAG = hashlib.sha256(_SHIM).hexdigest()[:12]
_LINES = 64 * 1024
_NEVER_REPEATED = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Sessions:
    """Connections to instances: kept for what may be repeated, fresh for what may not.

    An app that closes an idle connection at the moment it is used again would fail the request; nobody may
    repeat a POST, so none is sent on a connection that could be closing.
    """

    def __init__(self) -> None:
        self.kept = _session(aiohttp.TCPConnector(limit=0, keepalive_timeout=1.5))
        self.fresh = _session(aiohttp.TCPConnector(limit=0, force_close=True))

    def of(self, method: str) -> aiohttp.ClientSession:
        return self.fresh if method in _NEVER_REPEATED else self.kept

    async def close(self) -> None:
        await self.kept.close()
        await self.fresh.close()


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        max_line_size=_LINES,
        max_field_size=_LINES,
    )


SESSIONS = web.AppKey("sessions", Sessions)
KEPT = web.RequestKey("kept", frozenset[str])


def hop_app() -> web.Application:
    """The hop as an application."""
    app = web.Application()
    app.cleanup_ctx.append(_sessions)
    app.on_response_prepare.append(_only_what_it_said)
    app.router.add_route("*", "/{path:.*}", _answer)
    return app


async def _sessions(app: web.Application) -> AsyncIterator[None]:
    app[SESSIONS] = Sessions()
    yield
    await app[SESSIONS].close()


async def _only_what_it_said(request: web.Request, response: web.StreamResponse) -> None:
    """The server's own Server and Content-Type are not the app's."""
    kept = request.get(KEPT)
    if kept is not None:
        for name in ("Server", "Content-Type"):
            if name.lower() not in kept:
                response.headers.popall(name, None)


async def _answer(request: web.Request) -> web.StreamResponse:
    hop = hop_of(request.headers.get(HEADER, ""))
    if hop is None:
        return web.Response(status=404, text="nothing answers here\n")
    if request.path.removeprefix(hop.prefix).removeprefix(hop.inside) == SHIM_PATH:
        return web.Response(
            body=_SHIM, content_type="text/javascript", charset="utf-8", headers={"Cache-Control": "max-age=86400"}
        )
    async with AsyncExitStack() as stack:
        try:
            answer = await stack.enter_async_context(await _asked(request, hop))
        except (aiohttp.ClientError, TimeoutError) as error:
            return web.Response(status=502, text=f"Bad Gateway: the app does not answer ({type(error).__name__})\n")
        return await _passed_on(request, hop, answer)


async def _asked(request: web.Request, hop: Hop) -> aiohttp.ClientResponse:
    """The app's answer, once its headers are there; a refused connection is tried again for a moment."""
    url = URL(hop.to + hop.asked(request.raw_path), encoded=True)
    session = request.app[SESSIONS].of(request.method)
    body = request.content if request.can_read_body else None
    for left in reversed(range(TRIES)):
        try:
            return await session.request(
                request.method,
                url,
                headers=_forwarded(request),
                data=body,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Content-Type", "Accept-Encoding"),
            )
        except aiohttp.ClientConnectorError:
            if not left:
                raise
            await asyncio.sleep(PAUSE_S)
    raise AssertionError("unreachable")


def _forwarded(request: web.Request) -> CIMultiDict[str]:
    """The visitor's headers; only what we can read ourselves is accepted, cached pages only if they went this way."""
    named = {word.strip().lower() for word in request.headers.get("Connection", "").split(",")}
    headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in HOP_BY_HOP and name.lower() not in named
    )
    hop_answers.prepare_request(headers)
    return headers


async def _passed_on(request: web.Request, hop: Hop, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    mount = hop.mount(request.host)
    shim = f'<script src="{hop.prefix}{SHIM_PATH}?{SHIM_TAG}" data-prefix="{hop.prefix}"></script>'
    tls = request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    body = changed_body(request.method, answer, mount, shim)
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    response.headers.extend(hop_answers.headers(answer.headers, mount, changes_body=body is not None, tls=tls))
    request[KEPT] = frozenset(name.lower() for name in answer.headers)
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            if sent := body.feed(piece) if body else piece:
                await response.write(sent)
    except aiohttp.ClientError:
        # What is not whole must not look whole.
        if request.transport is not None:
            request.transport.abort()
        raise
    if body and (rest := body.close()):
        await response.write(rest)
    await response.write_eof()
    return response
