"""A faulty wire to a real Docker daemon: passes, cuts, hangs, or answers every request with an error."""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum, auto
from pathlib import Path
from typing import Self

BROKEN_ANSWER = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\nConnection: close\r\n\r\n{"message": "broken"}'
)


class Fault(Enum):
    NONE = auto()
    CUT = auto()
    """Connections are closed as soon as they are made."""
    HANG = auto()
    """Connections are taken and never answered."""
    ERROR = auto()
    """Every request gets a 500."""


class DockerProxy:
    """Listens on `socket` and relays to the daemon's unix socket. Setting a fault also breaks what is connected."""

    def __init__(self, daemon: str, socket: Path) -> None:
        self._daemon = daemon.removeprefix("unix://")
        self._socket = socket
        self._fault = Fault.NONE
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = f"unix://{socket}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._socket)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        self._drop()
        await asyncio.sleep(0)

    def set(self, fault: Fault) -> None:
        self._fault = fault
        if fault is not Fault.HANG:
            self._drop()

    def _drop(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._fault is Fault.CUT:
                return
            if self._fault is Fault.ERROR:
                await reader.read(65_536)
                writer.write(BROKEN_ANSWER)
                await writer.drain()
                return
            await self._relay(reader, writer)
        except OSError:
            return
        finally:
            self._writers.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_unix_connection(self._daemon)
        self._writers.add(upstream[1])
        try:
            done = asyncio.gather(self._pump(reader, upstream[1]), self._pump(upstream[0], writer))
            await done
        finally:
            self._writers.discard(upstream[1])
            upstream[1].transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            while self._fault is Fault.HANG:
                await asyncio.sleep(0.02)
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
