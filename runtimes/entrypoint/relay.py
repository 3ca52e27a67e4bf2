"""A server that listens elsewhere than on PORT, made reachable there: every connection is passed on to it.

Many projects have a port written into them, or listen on localhost only. Whoever listens somewhere, answers HTTP
there and has left PORT alone for a while is meant.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time

_PATIENCE_S = 3.0
"""So long the sockets must have stayed as they are: tools open others before the one that counts."""
_ANSWER_S = 2.0
_DEBUGGERS = frozenset({5678, 5858, 9229, 9230, 24678})
"""Ports of debuggers and of bundlers' reload channels, which answer HTTP and are no page."""
_BYTES = 65536

Address = tuple[str, int]


class Search:
    """Which of the sockets a server opened is the one to pass on to."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._since = time.monotonic()

    def found(self, sockets: list[str]) -> Address | None:
        """The address that answers HTTP, once `sockets` (`address:port`) have stayed the same for a while."""
        if sockets != self._seen:
            self._seen, self._since = sockets, time.monotonic()
        if not sockets or time.monotonic() - self._since < _PATIENCE_S:
            return None
        self._since = time.monotonic()
        asked = [(code, port, host) for host, port in map(_split, sockets) if (code := _status(host, port))]
        asked.sort(key=lambda one: (one[0] in {400, 426, 501}, one[0] >= 500, one[1]))
        return (asked[0][2], asked[0][1]) if asked else None


class Relay:
    """Passes connections to `address` on to `target`, until `close`. Raises `OSError` where `address` is taken."""

    def __init__(self, address: Address, target: Address) -> None:
        self._target = target
        self._listening = socket.create_server(address, backlog=512)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; returns when the address is free again."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop), self._listening:
            server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, sock=self._listening))
            self._loop.run_forever()
            server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            with contextlib.closing(far_writer):
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _split(at: str) -> Address:
    host, _, port = at.rpartition(":")
    host = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), int(port)


def _status(host: str, port: int) -> int | None:
    """The status a first page has there, None where nobody answers in HTTP."""
    if port in _DEBUGGERS:
        return None
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=_ANSWER_S) as asking:
        asking.settimeout(_ANSWER_S)
        asking.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = re.match(rb"HTTP/1\.[01] (\d{3})", asking.recv(_BYTES))
        return int(answer[1]) if answer else None
    return None
