"""The docker SDK in bounded threads of its own, every call with a time-out, every failure in our words."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import requests
import urllib3
from docker import APIClient
from docker.errors import APIError, DockerException
from docker.utils import kwargs_from_env

from monitor.errors import NotFound, SlipwayError
from monitor.ports.engine import EngineAway

T = TypeVar("T")
Act = Callable[[APIClient], T]

QUICK_THREADS, LONG_THREADS = 12, 16
QUICK_S, LONG_S = 20.0, 900.0
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, DockerException, OSError)


class Gone(NotFound):
    """Docker knows no such container, image, network or volume (404)."""

    reason = "docker-gone"


class Declined(SlipwayError):
    """Docker answers, and will not do this: asking again gives the same answer. `status` is its HTTP status."""

    reason = "docker-declined"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class DockerClient:
    """One daemon, asked through two pools of threads: quick questions, and work that takes minutes.

    A workspace that installs for a quarter of an hour can so never keep another one's question waiting.
    """

    def __init__(self, docker_host: str = "", *, quick_s: float = QUICK_S) -> None:
        self.host = docker_host or os.environ.get("DOCKER_HOST", "")
        self._timeouts = {"quick": quick_s, "long": LONG_S}
        self._pools = {
            "quick": ThreadPoolExecutor(QUICK_THREADS, thread_name_prefix="docker"),
            "long": ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="docker-long"),
        }
        self._clients: dict[str, APIClient] = {}
        self._lock = threading.Lock()

    async def ask(self, act: Act[T]) -> T:
        """Run a question in a thread; asked twice before giving up, as a kept-alive connection may be stale.

        Raises `Gone`, and `EngineAway` for everything else.
        """
        try:
            return await self._run("quick", lambda api: _twice(act, api))
        except Declined as error:
            raise EngineAway(
                f"Docker cannot answer: {error.message}", hint="look at the Docker daemon's log"
            ) from error

    async def do(self, act: Act[T]) -> T:
        """Run a change to its end even when cancelled: what a thread makes must be known to whoever cleans up.

        Raises `Gone`, `Declined`, or `EngineAway` (nothing is known about what happened).
        """
        return await self._run("quick", act, settle=True)

    async def work(self, act: Act[T]) -> T:
        """Run something long; raises as `do` does. Cancelled, it is left to its time-out."""
        return await self._run("long", act)

    def api(self, kind: str = "quick") -> APIClient:
        """The SDK's client, made on first use; only to be called in a thread. Raises `EngineAway`."""
        with self._lock:
            if kind not in self._clients:
                self._clients[kind] = self._connect(kind)
            return self._clients[kind]

    async def close(self) -> None:
        """Let go of threads and connections; calls under way end with their time-outs."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    async def _run(self, kind: str, act: Act[T], *, settle: bool = False) -> T:
        future = asyncio.get_running_loop().run_in_executor(self._pools[kind], self._attempt, kind, act)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if settle and not future.cancelled():
                await asyncio.wait([future])
            future.add_done_callback(_seen)
            raise

    def _attempt(self, kind: str, act: Act[T]) -> T:
        api = self.api(kind)
        try:
            return act(api)
        except APIError as error:
            raise _said(error, api) from error
        except _BROKEN as error:
            raise _away(self.host, error) from error

    def _connect(self, kind: str) -> APIClient:
        environment = {**os.environ, "DOCKER_HOST": self.host} if self.host else dict(os.environ)
        pool = QUICK_THREADS if kind == "quick" else LONG_THREADS
        try:
            return APIClient(
                version="auto",
                timeout=self._timeouts[kind],  # type: ignore[arg-type]  # requests takes fractions
                max_pool_size=pool,
                **kwargs_from_env(environment=environment),
            )
        except _BROKEN as error:
            raise _away(self.host, error) from error


def _twice(act: Act[T], api: APIClient) -> T:
    try:
        return act(api)
    except requests.exceptions.ConnectionError:
        return act(api)


def _said(error: APIError, api: APIClient) -> SlipwayError:
    """What an HTTP error means: 5xx is blamed on the daemon unless it otherwise answers well."""
    status = error.response.status_code if error.response is not None else 500
    said = str(error.explanation or error)
    if status == 404:
        return Gone(said)
    if status == 503 or (status >= 500 and not _answers(api)):
        return EngineAway(f"Docker does not work: {said}", hint="look at the Docker daemon's log")
    return Declined(said, status)


def _answers(api: APIClient) -> bool:
    try:
        return bool(api.ping())
    except _BROKEN:
        return False


def _away(host: str, error: BaseException) -> EngineAway:
    return EngineAway(
        f"no Docker daemon answers at {host or 'the default socket'} ({_plainly(error)})",
        hint="start Docker, or set DOCKER_HOST to where it listens",
    )


_PLAIN = {
    "FileNotFoundError": "there is no such socket",
    "PermissionError": "this user may not open it",
    "ConnectionRefusedError": "nobody listens there",
}


def _plainly(error: BaseException) -> str:
    said = _short(error)
    return next((plain for name, plain in _PLAIN.items() if name in said), said)


def _short(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}…"


def _seen(future: asyncio.Future[T]) -> None:
    if not future.cancelled():
        future.exception()
