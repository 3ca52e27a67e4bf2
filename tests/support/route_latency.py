"""How long a published route takes until a visitor is served through it, and what Traefik alone would take."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

import aiohttp

from monitor.adapters.traefik_router import TraefikRouter
from monitor.domain.route_table import Serving, route_table
from monitor.domain.routes import Provider, RouteTable
from tests.support.echo import Echo
from tests.support.traefik import TraefikServer
from tests.support.waiting import until

PAUSE_S = 0.8  # longer than Traefik takes for a reload: rounds do not queue


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds per round: ours from `publish` called, the peer's from its plain file renamed into place.

    `confirmed` are ours until Traefik's API agreed.
    """

    workspaces: int
    ours: tuple[float, ...]
    confirmed: tuple[float, ...]
    peer: tuple[float, ...]


async def route_latency(server: TraefikServer, router: TraefikRouter, workspaces: int, rounds: int = 5) -> Latency:
    """With `workspaces` routed (to one small server), publish one more, `rounds` times over."""
    echo = await Echo("all").start()
    try:
        async with aiohttp.ClientSession() as visitor:
            standing = [_serving(f"site-{number:04d}-app", echo.url) for number in range(workspaces)]
            await router.publish(_table(standing, echo.url))
            await until(lambda: _reaches(visitor, server, standing[-1].workspace), 30)
            ours, confirmed = [], []
            for number in range(rounds):
                more = [*standing, _serving(f"new-{number}", echo.url)]
                live, agreed = await _ours(visitor, server, router, _table(more, echo.url), f"new-{number}")
                ours.append(live)
                confirmed.append(agreed)
            return Latency(workspaces, tuple(ours), tuple(confirmed), await _peer(visitor, server, standing, rounds))
    finally:
        await echo.stop()


async def _ours(
    visitor: aiohttp.ClientSession, server: TraefikServer, router: TraefikRouter, table: RouteTable, name: str
) -> tuple[float, float]:
    await _settle()
    began = time.perf_counter()
    await router.publish(table)
    await _live(visitor, server, name)
    live = time.perf_counter() - began
    assert await router.confirm(table.of(name), 10) == ()
    return live, time.perf_counter() - began


async def _peer(
    visitor: aiohttp.ClientSession, server: TraefikServer, standing: list[Serving], rounds: int
) -> tuple[float, ...]:
    """The same Traefik with a plain file: one router, one strip and one service for each, nothing else."""
    ready = server.directory.parent / "peer.yml"
    target = server.directory / "slipway.yml"
    seconds = []
    for number in range(rounds):
        name = f"peer-{number}"
        ready.write_text(_plain([*standing, _serving(name, standing[0].url or "")]))
        await _settle()
        began = time.perf_counter()
        ready.replace(target)
        await _live(visitor, server, name)
        seconds.append(time.perf_counter() - began)
    return tuple(seconds)


def _plain(serving: list[Serving]) -> str:
    routers = {s.workspace: {"rule": f"PathPrefix(`/{s.workspace}/`)", "service": s.workspace,
                             "middlewares": [s.workspace]} for s in serving}  # fmt: skip
    middlewares = {s.workspace: {"stripPrefix": {"prefixes": [f"/{s.workspace}"]}} for s in serving}
    services = {s.workspace: {"loadBalancer": {"servers": [{"url": s.url}]}} for s in serving}
    return json.dumps({"http": {"routers": routers, "middlewares": middlewares, "services": services}})


def _serving(workspace: str, url: str) -> Serving:
    return Serving(workspace, 1, True, Provider.FILE, url)


def _table(serving: list[Serving], gate_url: str) -> RouteTable:
    return route_table(
        [one.workspace for one in serving],
        serving,
        gate_url=gate_url,
        dashboard_url="http://localhost:9",
        domain="localhost",
    )


async def _reaches(visitor: aiohttp.ClientSession, server: TraefikServer, name: str) -> bool:
    async with visitor.get(f"{server.url}/{name}/") as answer:
        if answer.status != 200:
            return False
        headers = dict((await answer.json())["headers"])
        return bool(headers.get("x-forwarded-prefix") == f"/{name}")


async def _live(visitor: aiohttp.ClientSession, server: TraefikServer, name: str) -> None:
    async with asyncio.timeout(30):
        while not await _reaches(visitor, server, name):
            await asyncio.sleep(0.005)


async def _settle() -> None:
    await asyncio.sleep(PAUSE_S)
