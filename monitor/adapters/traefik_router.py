"""Traefik as the router: one file it watches, and its own API asked what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from monitor.domain.route_difference import (
    ActualRouter,
    Extra,
    Mismatch,
    RouterState,
    mismatches,
    unexpected,
)
from monitor.domain.route_render import file_text
from monitor.domain.routes import Route, RouteTable
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.router import RouterAway

T = TypeVar("T")

FILE_NAME = "slipway.yml"
# Traefik reads the whole folder again for every event in it, but hears none from folders below.
STAGING = ".staging"
PAGE = 1000
ONE_BY_ONE = 12
"""Up to so many routes are asked for singly; beyond that, listing everything is cheaper."""

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.1
ANSWER_S = 5.0


class TraefikRouter:
    """The `Router` over `directory`, which Traefik's file provider watches, and its API at `api_url`.

    Make it anywhere; use and close it inside one event loop.
    """

    def __init__(self, directory: Path, api_url: str, clock: Clock) -> None:
        self._path = directory / FILE_NAME
        self._api = api_url.rstrip("/")
        self._clock = clock
        self._rendered: tuple[RouteTable, str] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="router-file")
        self._session: aiohttp.ClientSession | None = None

    async def check(self) -> str:
        return str((await self._get("version"))["Version"])

    async def publish(self, table: RouteTable) -> bool:
        if self._rendered is None or self._rendered[0] != table:
            self._rendered = table, file_text(table)
        text = self._rendered[1]
        return await asyncio.get_running_loop().run_in_executor(self._disk, _replace, self._path, text)

    async def confirm(self, routes: Sequence[Route], timeout_s: float) -> tuple[Mismatch, ...]:
        async def look() -> tuple[Mismatch, ...]:
            return mismatches(routes, await self._seen(routes))

        return await self._until_none(look, timeout_s)

    async def gone(self, routes: Sequence[Route], timeout_s: float) -> tuple[str, ...]:
        async def look() -> tuple[str, ...]:
            seen = await self._seen(routes)
            return tuple(route.full_name for route in routes if route.full_name in seen.routers)

        return await self._until_none(look, timeout_s)

    async def actual(self) -> RouterState:
        routers, services, middlewares = (
            await self._list("routers"),
            await self._list("services"),
            await self._list("middlewares"),
        )
        return RouterState(
            {entry["name"]: _router(entry) for entry in routers},
            {entry["name"]: _urls(entry) for entry in services},
            frozenset(entry["name"] for entry in middlewares),
        )

    async def unexpected(self, wanted: RouteTable) -> tuple[Extra, ...]:
        return unexpected(wanted, await self.actual())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        self._disk.shutdown(wait=False)

    async def _until_none(self, look: Callable[[], Awaitable[tuple[T, ...]]], timeout_s: float) -> tuple[T, ...]:
        """Ask ever more slowly until nothing is left; what is left at last, or the last failure to ask."""
        deadline = self._clock.monotonic() + timeout_s
        pause = FIRST_PAUSE_S
        while True:
            away = None
            left: tuple[T, ...] = ()
            try:
                left = await look()
            except RouterAway as error:
                away = error
            time_left = deadline - self._clock.monotonic()
            if away is None and (not left or time_left <= 0):
                return left
            if away is not None and time_left <= 0:
                raise away
            await self._clock.sleep(min(pause, time_left))
            pause = min(pause * 1.5, LONGEST_PAUSE_S)

    async def _seen(self, routes: Sequence[Route]) -> RouterState:
        """As much of the router's state as these routes are about, by whichever way is cheaper."""
        if len(routes) > ONE_BY_ONE:
            return await self.actual()
        routers = {route.full_name: await self._one("routers", route.full_name) for route in routes}
        services = {}
        for name in sorted({route.full_service for route in routes}):
            services[name] = await self._one("services", name)
        return RouterState(
            {name: _router(entry) for name, entry in routers.items() if entry is not None},
            {name: _urls(entry) for name, entry in services.items() if entry is not None},
        )

    async def _one(self, section: str, name: str) -> dict[str, Any] | None:
        entry: dict[str, Any] | None = await self._get(f"http/{section}/{name}")
        return entry

    async def _list(self, section: str) -> list[dict[str, Any]]:
        """Every entry of a section, page by page; Traefik names the next page, and 1 after the last."""
        entries: list[dict[str, Any]] = []
        page = 1
        while True:
            part, following = await self._ask(f"http/{section}", {"page": str(page), "per_page": str(PAGE)})
            entries += part or []
            if following <= page:
                return entries
            page = following

    async def _get(self, what: str) -> Any:
        return (await self._ask(what, {}))[0]

    async def _ask(self, what: str, query: dict[str, str]) -> tuple[Any, int]:
        """The API's answer (None for 404) and the next page's number."""
        session = self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S))
        try:
            async with session.get(f"{self._api}/api/{what}", params=query) as response:
                if response.status == 404:
                    return None, 1
                response.raise_for_status()
                return await response.json(), int(response.headers.get("X-Next-Page") or 1)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise RouterAway(
                f"Traefik's API does not answer: {error or type(error).__name__}",
                hint="see whether Traefik runs; its log says why it does not",
            ) from None


def _replace(path: Path, text: str) -> bool:
    """Put `text` there in one step; False where it is there already.

    Not synced to disk: after a power cut the table is computed and compared anew.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text("utf-8") == text:
            return False
    staging = path.parent / STAGING
    try:
        staging.mkdir(parents=True, exist_ok=True)
        fresh = staging / path.name
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise SlipwayError(
            f"the routes cannot be written to {path}: {error.strerror}",
            hint="free some disk space or mend the folder's permissions",
        ) from error
    return True


def _router(entry: dict[str, Any]) -> ActualRouter:
    provider = entry["provider"]
    return ActualRouter(
        name=entry["name"],
        rule=entry.get("rule", ""),
        priority=int(entry.get("priority", 0)),
        service=_full(entry.get("service", ""), provider),
        middlewares=tuple(_full(name, provider) for name in entry.get("middlewares") or ()),
        enabled=entry.get("status") == "enabled",
        errors=tuple(entry.get("error") or ()),
    )


def _urls(entry: dict[str, Any]) -> tuple[str, ...]:
    servers = (entry.get("loadBalancer") or {}).get("servers") or ()
    return tuple(str(server.get("url", "")) for server in servers)


def _full(name: str, provider: str) -> str:
    return name if "@" in name else f"{name}@{provider}"
