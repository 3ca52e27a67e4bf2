"""Each framework, whole: dropped as it is, built and started, visited by a real browser below its prefix.

The browser loads the page from this machine and from its address on the network, follows the link, reloads, sends
the form and comes back by its redirect, and listens on a WebSocket and an event stream where the framework has
them. Three run by default; all of them with `scripts/test -m frameworks`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from monitor.domain.prefix.ways import WAYS
from tests.live.frameworks.apps import APPS
from tests.live.frameworks.parts import App
from tests.support.slipway import Slipway

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Response

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.browser, pytest.mark.timeout(1800)]
QUICK = ("express", "flask", "vite")
"""One that is not told, one that is told for each request, one whose build is told."""
BUILT_S = 900.0
SHOWN = """text => {
  const inside = (root) => [...root.querySelectorAll("*")].some(({ shadowRoot }) =>
    shadowRoot && (shadowRoot.textContent.includes(text) || inside(shadowRoot)));
  return document.body.innerText.includes(text) || inside(document)
    || [...document.querySelectorAll("textarea")].some((field) => field.value.includes(text));
}"""
ENGINES: tuple[tuple[str, list[Any]], ...] = (("docker", [pytest.mark.docker]), ("process", []))


def cases() -> Iterator[Any]:
    for engine, marks in ENGINES:
        for name, app in APPS.items():
            quick = name in QUICK and engine == "process"
            more = [] if quick else [pytest.mark.frameworks]
            yield pytest.param(engine, app, id=f"{engine}-{name}", marks=[*marks, *more])


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Slipway]]:
    """One Slipway for each engine that is used, seen from the network too."""
    running: dict[str, Slipway] = {}
    yield running
    for slipway in running.values():
        slipway.close()


@pytest.mark.parametrize(("engine", "app"), list(cases()))
async def test_a_project_lives_under_its_prefix(
    engines: dict[str, Slipway], browser: Browser, engine: str, app: App
) -> None:
    if engine not in engines:
        engines[engine] = Slipway(engine, bind="0.0.0.0")
        await asyncio.to_thread(engines[engine].start)
    slipway, name = engines[engine], f"my-{app.name}"
    await asyncio.to_thread(slipway.drop, name, app.files)
    try:
        await asyncio.to_thread(slipway.until_serving, name, BUILT_S)
        prefix = await asyncio.to_thread(judged, slipway, name)
        assert prefix["ok"] is True, prefix
        assert prefix["strayed"] == 0, prefix
        for host in dict.fromkeys(["localhost", address()]):
            await patiently(visited, browser, f"http://{host}:{slipway.port}/{name}", app)
        await patiently(on_its_own_host, browser, f"http://{name}.localhost:{slipway.port}/", app)
    finally:
        slipway.delete(name)
        await asyncio.to_thread(slipway.until_gone, name, 60)


def judged(slipway: Slipway, name: str) -> dict[str, Any]:
    def verdict() -> dict[str, Any]:
        found = slipway.state(name)["prefix"]
        assert found is not None
        assert found["ok"] is not False, found
        return dict(found)

    return slipway.until(verdict, 30, f"the verdict on '{name}'")


async def visited(browser: Browser, url: str, app: App) -> None:
    context = await browser.new_context()
    context.set_default_timeout(20_000)
    page = await context.new_page()
    asked: list[Response] = []
    page.on("response", lambda answer: asked.append(answer))
    try:
        await page.goto(f"{url}/")
        await reads(page, app)
        if app.server:
            await talks(page, app)
            cookies = {cookie["name"]: cookie["path"] for cookie in await context.cookies(f"{url}/")}
            assert cookies["seen"] == f"{urlsplit(url).path}/"
        if app.about:
            await follows(page, url)
        if app.server or app.form:
            await page.get_by_role("button", name="Send").click()
            await page.wait_for_url(lambda there: there.endswith("word=pear"))
            assert page.url.startswith(f"{url}"), page.url
            await page.get_by_role("heading", name="Shop").first.wait_for()
        await plays(page, app)
        own = [one for one in asked if urlsplit(one.url).netloc == urlsplit(url).netloc]
        lacking = "" if app.events else "/events"
        bad = [f"{one.status} {one.url}" for one in own if one.status >= 400]
        assert [one for one in bad if not (lacking and one.endswith(lacking))] == []
    finally:
        await context.close()


async def follows(page: Page, url: str) -> None:
    """The link leads below the prefix, and the page behind it is there for who comes straight to it."""
    about = page.get_by_role("heading", name="About").first
    await page.get_by_role("link", name="About").first.click()
    await about.wait_for()
    assert urlsplit(page.url).path.startswith(f"{urlsplit(url).path}/"), page.url
    await page.reload()
    await about.wait_for()
    await page.goto(f"{url}/")


async def reads(page: Page, app: App) -> None:
    heading = page.get_by_role("heading", name="Shop").first
    await heading.wait_for()
    if app.styled:
        await page.wait_for_function("getComputedStyle(document.querySelector('h1')).color === 'rgb(1, 2, 3)'")
        await page.wait_for_function("document.title === 'ready'")


async def talks(page: Page, app: App) -> None:
    """What the page's own script asked for from the root came from this workspace."""
    await page.wait_for_function("document.body.dataset.api === 'fetched'")
    if app.socket:
        await page.wait_for_function("document.body.dataset.socket === 'echo hello'")
    if app.events:
        await page.wait_for_function("document.body.dataset.event === 'streamed'")


async def plays(page: Page, app: App) -> None:
    if app.click:
        await page.get_by_role("button", name=app.click).first.click()
    if app.shows:
        await page.wait_for_function(SHOWN, arg=app.shows)


async def on_its_own_host(browser: Browser, url: str, app: App) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    try:
        await page.goto(url)
        await reads(page, app)
    finally:
        await context.close()


async def patiently(
    visit: Callable[[Browser, str, App], Awaitable[None]], browser: Browser, url: str, app: App
) -> None:
    """Chromium gives up all it loads whenever an interface comes or goes, as beside other tests' containers."""
    for left in reversed(range(4)):
        before = interfaces()
        try:
            await visit(browser, url, app)
        except Exception:
            if not left or interfaces() == before:
                raise
        else:
            return


def interfaces() -> set[tuple[str, int]]:
    return {(path.name, path.stat().st_ino) for path in Path("/sys/class/net").iterdir()}


def address() -> str:
    """This machine's address on its network, loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return "localhost"
        return str(trial.getsockname()[0])


def test_every_framework_the_table_calls_tested_is_started_here() -> None:
    started = {app.framework or app.name for app in APPS.values()}
    assert {way.framework for way in WAYS if way.tested} <= started
