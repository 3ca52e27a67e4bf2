"""One reader of the live stream: what it is sent, and every way its connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import WSCloseCode, WSMessage, web

from monitor.services.registry import Event, Subscription

SEND_S = 10.0
CHECK_S = 2.0


class Client:
    """A WebSocket whose upgrade is done: `token_id` is "" where none is needed, `place` the address it comes from.

    `gone` is set at its end.
    """

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, place: str = "") -> None:
        self.token_id = ""
        self.place = place
        self.gone = asyncio.Event()
        self._socket = socket
        self._transport = transport
        self._end = asyncio.Event()
        self._why: tuple[int, str] = (WSCloseCode.GOING_AWAY, "")

    def end(self, code: int, why: str) -> None:
        """Ask for a polite end; `watch` carries it out."""
        self._why = (code, why)
        self._end.set()

    async def first(self) -> WSMessage | None:
        """The client's first message, None where it is told to end before it sent one."""
        async with asyncio.TaskGroup() as group:
            said = group.create_task(self._socket.receive(), name="events: first message")
            ended = group.create_task(self._end.wait(), name="events: end before proof")
            await asyncio.wait({said, ended}, return_when=asyncio.FIRST_COMPLETED)
            said.cancel()
            ended.cancel()
        return None if said.cancelled() else said.result()

    async def watch(self, still_good: Callable[[str], bool]) -> None:
        """Close once asked to end, or once the token is no longer good (expiry tells nobody: look)."""
        while not self._end.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._end.wait()
            if not self._end.is_set() and not still_good(self.token_id):
                self.end(WSCloseCode.POLICY_VIOLATION, "the token is no longer good")
        await self.close(*self._why)

    async def forward(self, first: list[str], subscription: Subscription, text: Callable[[Event], str]) -> None:
        """Send `first`, then every event, until the connection ends or the client fell too far behind."""
        with suppress(ConnectionError):
            for told in first:
                await self._send(told)
            while not self._socket.closed:
                event = await subscription.queue.get()
                if subscription.lost:
                    self.end(WSCloseCode.TRY_AGAIN_LATER, "too slow: connect again")
                    return
                await self._send(text(event))

    async def drain_input(self) -> None:
        """Read (and ignore) what the client says until the connection is over."""
        async for _ in self._socket:
            pass

    async def refuse(self, why: str, *, for_good: bool) -> None:
        """Close what was not let in, unless it is told to end already; without `for_good` it may try again."""
        if not self._end.is_set():
            self.end(WSCloseCode.POLICY_VIOLATION if for_good else WSCloseCode.TRY_AGAIN_LATER, why)
        await self.close(*self._why)

    async def close(self, code: int, why: str) -> None:
        """A close handshake where the client takes part in one, else none."""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(CHECK_S):
                await self._socket.close(code=code, message=why.encode())

    def cut(self) -> None:
        """Drop the connection itself: what is still buffered is lost."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """The end. One that left data unread would hold its connection for ever: a polite close waits for it."""
        self.gone.set()
        if self._transport is not None and self._transport.get_write_buffer_size() > 0:
            self._transport.abort()

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_str(text)
        except TimeoutError:
            self.cut()
            raise ConnectionResetError("the client does not read") from None
