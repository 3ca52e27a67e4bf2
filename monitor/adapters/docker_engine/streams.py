"""A response that goes on for long, read in a thread that cannot leak."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from docker.errors import DockerException
from docker.types import CancellableStream
from requests import Response

T = TypeVar("T")
Read = Callable[["Cut"], Iterator[T]]
_END = object()
_KEPT = 1_000


class Cut:
    """What ends a reading thread from outside: its open response is shut down, and it opens no other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._response: Response | None = None
        self.done = False

    def hold(self, response: Response) -> Response:
        """The thread's response of the moment; shut at once when the end was already called."""
        with self._lock:
            self._response = response
        if self.done:
            self.now()
        return response

    def now(self) -> None:
        """End it: called from any thread, more than once."""
        self.done = True
        with self._lock:
            response = self._response
        if response is not None:
            with suppress(OSError, AttributeError, DockerException):
                CancellableStream(iter(()), response).close()


class Follower(Generic[T]):
    """Hands what `read` yields in its own thread to the loop; the oldest is dropped when nobody takes it.

    `read` is given a `Cut` to register its responses with, and must bound every wait of its own.
    """

    def __init__(self, read: Read[T], name: str) -> None:
        self._read = read
        self._cut = Cut()
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[object] = asyncio.Queue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def items(self) -> AsyncGenerator[T]:
        """Everything read, until the stream ends; raises what `read` raised."""
        self._thread.start()
        try:
            while (item := await self._queue.get()) is not _END:
                if isinstance(item, BaseException):
                    raise item
                yield item  # type: ignore[misc]  # the queue holds T, an exception or the end
        finally:
            self._cut.now()

    def _run(self) -> None:
        try:
            for item in self._read(self._cut):
                self._hand(item)
        except Exception as error:  # noqa: BLE001  handed to whoever listens
            self._hand(None if self._cut.done else error)
        self._hand(_END)

    def _hand(self, item: object) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._put, item)

    def _put(self, item: object) -> None:
        if item is None:
            return
        if self._queue.qsize() >= _KEPT:
            self._queue.get_nowait()
        self._queue.put_nowait(item)


def frames(response: Response, stream: int | None = None) -> Iterator[bytes]:
    """The payloads of a multiplexed response (8-byte header: stream, length), of one stream or of both."""
    while len(header := _exactly(response, 8)) == 8:
        payload = _exactly(response, int.from_bytes(header[4:], "big"))
        if stream is None or header[0] == stream:
            yield payload


def _exactly(response: Response, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = response.raw.read(min(size - len(data), 65_536))
        if not piece:
            break
        data += piece
    return data
