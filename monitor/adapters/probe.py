"""Probing an instance over TCP and HTTP."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress

import aiohttp

from monitor.ports.probe import Seen

PAGE_BYTES = 256 * 1024


class NetworkProbe:
    """The real `Probe`; call `close` when done."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def http(self, host: str, port: int, path: str, timeout_s: float) -> Seen:
        try:
            async with self._get(host, port, path, timeout_s) as response:
                return Seen(status=response.status)
        except TimeoutError:
            return Seen(problem=f"no answer to GET {path} within {timeout_s:g} s")
        except aiohttp.ClientConnectorError as error:
            return Seen(problem=f"connection refused or unreachable: {error.os_error.strerror or 'no route'}")
        except aiohttp.ClientError as error:
            return Seen(problem=f"answered something that is not HTTP: {type(error).__name__}")

    async def page(self, host: str, port: int, path: str, timeout_s: float) -> str:
        try:
            async with self._get(host, port, path, timeout_s, Accept="text/html") as response:
                if response.status != 200 or response.content_type != "text/html":
                    return ""
                body = b""
                while len(body) < PAGE_BYTES and (piece := await response.content.read(PAGE_BYTES - len(body))):
                    body += piece
                return body.decode("utf-8", "replace")
        except (TimeoutError, aiohttp.ClientError, OSError):
            return ""

    def _get(
        self, host: str, port: int, path: str, timeout_s: float, **headers: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32, force_close=True))
        return self._session.get(
            f"http://{host}:{port}{path}",
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            headers={"User-Agent": "slipway-probe", **headers},
        )

    async def accepts(self, host: str, port: int, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
