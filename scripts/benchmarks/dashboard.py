"""The dashboard over 1,000 workspaces: first card, event → shown, and the API under 50 clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiohttp import ClientSession, TCPConnector

from monitor.domain.access import Scope
from monitor.domain.workspace import Phase
from monitor.settings import Settings
from monitor.web.server import dashboard
from scripts.benchmarks.figures import Figure, median
from tests.live.conftest import CHROMIUM_FLAGS
from tests.support import components
from tests.support.face import Stage
from tests.support.ports import free_port

WORKSPACES = 1000
ROUNDS = 15
CLIENTS, EACH = 50, 4
LONGEST_S = 120.0
# Resolves with the time of the frame that shows the card's new reason.
WATCH = """(name) => {
  const field = document.querySelector(`[data-name="${name}"] .reason`);
  window.shown = new Promise((resolve) => new MutationObserver(() =>
    requestAnimationFrame(() => resolve(Date.now()))).observe(field, { childList: true, subtree: true }));
}"""
CARD = """() => new Promise((done) => {
  const look = () => document.querySelector(".card") ? done() : setTimeout(look, 5);
  look();
})"""


def figures() -> Iterator[Figure]:
    """Raises `LookupError` without Chromium for the figures that need one."""
    for name, seconds in asyncio.run(_served()).items():
        yield Figure(name, seconds, "s")
    found = components.find("browser")
    if found.missing:
        raise LookupError(found.missing)
    first, shown = asyncio.run(asyncio.wait_for(_seen(found.where), LONGEST_S))
    yield Figure(f"page opened → first card, {WORKSPACES} workspaces", median(first), "s")
    took = median(shown)
    yield Figure(f"event → shown, {WORKSPACES} workspaces", took, "s", target="< 0.2 s", met=took < 0.2)


def _stage() -> tuple[Stage, str]:
    stage = Stage()
    for number in range(WORKSPACES):
        stage.add(f"ws-{number:04}", type="node", phase=Phase.SERVING, reason="generation 1 answers", generation=1)
    return stage, stage.access.new(Scope.ADMIN)[1]


async def _seen(chromium: str) -> tuple[list[float], list[float]]:
    from playwright.async_api import async_playwright

    stage, secret = _stage()
    first: list[float] = []
    shown: list[float] = []
    async with dashboard(stage.face, Settings(dashboard_port=free_port())) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        for _ in range(3):
            page = await browser.new_page()
            began = time.time()
            await page.goto(f"{url}/#token={secret}")
            await page.evaluate(CARD)
            first.append(time.time() - began)
        await page.wait_for_timeout(1500)
        for number in range(ROUNDS):
            name = f"ws-{number:04}"
            await page.evaluate(WATCH, name)
            began = time.time()
            stage.registry.update(name, reason=f"change {number}")
            shown.append(await page.evaluate("window.shown") / 1000 - began)
        await browser.close()
    return first, shown


async def _served() -> dict[str, float]:
    stage, secret = _stage()
    headers = {"Authorization": f"Bearer {secret}"}
    found: dict[str, float] = {}
    async with (
        dashboard(stage.face, Settings(dashboard_port=free_port())) as url,
        ClientSession(headers=headers, connector=TCPConnector(limit=CLIENTS)) as session,
    ):
        for what, path in (("list of 1,000", "/api/workspaces"), ("status", "/api/status")):
            times = sorted(await _crowd(lambda path=path: _get(session, url + path)))  # type: ignore[misc]
            found[f"API {what}, {CLIENTS} clients, p50"] = times[len(times) // 2]
            found[f"API {what}, {CLIENTS} clients, p99"] = times[int(len(times) * 0.99)]
    return found


async def _crowd(ask: Callable[[], Awaitable[Any]]) -> list[float]:
    times: list[float] = []

    async def client() -> None:
        for _ in range(EACH):
            began = time.monotonic()
            await ask()
            times.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    return times


async def _get(session: ClientSession, url: str) -> None:
    async with session.get(url) as response:
        response.raise_for_status()
        await response.read()
