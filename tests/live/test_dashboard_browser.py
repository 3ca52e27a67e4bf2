"""The dashboard in a real browser: live without a reload, signed in by token, deaf to hostile pages and texts."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.state import Failure, SyncState
from monitor.domain.workspace import Phase
from monitor.settings import Settings
from monitor.web.server import dashboard
from tests.support import screenshots
from tests.support.accessibility import serious
from tests.support.complaints import of as watched
from tests.support.face import HOSTILE, Stage, populate
from tests.support.ports import free_port
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

pytestmark = pytest.mark.browser
WAIT_MS = 60_000


@dataclass(slots=True)
class Shown:
    """A dashboard in a browser, and everything the browser complained about."""

    stage: Stage
    settings: Settings
    secret: str
    token_id: str
    page: Page
    complaints: list[str]

    @property
    def url(self) -> str:
        return self.settings.dashboard

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.url}/#token={self.secret}")
        await self.page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)

    async def card(self, name: str, phase: str) -> None:
        await self.page.wait_for_selector(f'.card[data-name="{name}"][data-phase="{phase}"]', timeout=WAIT_MS)


@pytest.fixture
async def shown(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Shown]:
    stage, settings = Stage(), Settings(dashboard_port=free_port())
    token, secret = stage.access.new(Scope.ADMIN)
    context = await browser.new_context()
    page = await context.new_page()
    # What this stage has no service for answers 404, which browsers complain of.
    shown = Shown(stage, settings, secret, token.id, page, watched(page, but="404 (Not Found)"))
    async with dashboard(stage.face, settings):
        yield shown
        await screenshots.keep(context, request.node.name)
        await context.close()


async def test_a_card_appears_and_turns_to_serving_without_a_reload(shown: Shown) -> None:
    await shown.sign_in()
    await shown.page.evaluate("window.sameDocument = true")
    assert await shown.page.is_visible("#empty")
    shown.stage.add("shop", type="node", phase=Phase.STARTING, progress=("installing: 1 of 2",))
    await shown.card("shop", "starting")
    assert "installing: 1 of 2" in await shown.page.inner_text('.card[data-name="shop"]')
    shown.stage.registry.update("shop", phase=Phase.SERVING, progress=(), reason="it answers")
    await shown.card("shop", "serving")
    assert await shown.page.get_attribute(".card .site", "href") == "http://localhost:8080/shop/"
    assert await shown.page.get_attribute(".card .host", "href") == "http://shop.localhost:8080/shop/"
    shown.stage.registry.remove("shop")
    await shown.page.wait_for_selector(".card", state="detached", timeout=WAIT_MS)
    assert await shown.page.evaluate("window.sameDocument") is True
    assert shown.complaints == []


@pytest.mark.parametrize("part", ["main.js", "dom.js", "views/card.js", "css/base.css"])
async def test_a_part_that_is_lost_on_its_way_is_fetched_again(shown: Shown, part: str) -> None:
    losses = 2

    async def lose(route: Route) -> None:
        nonlocal losses
        losses -= 1
        await (route.abort("connectionreset") if losses >= 0 else route.continue_())

    await shown.page.route(f"**/static/dashboard/{part}", lose)
    await shown.sign_in()
    await until(lambda: losses < 0)
    await until(lambda: shown.page.evaluate("sessionStorage.getItem('slipway-loaded-again') === null"))


async def test_what_is_asked_and_lost_on_its_way_is_asked_again(shown: Shown) -> None:
    populate(shown.stage)
    await shown.sign_in()
    lost: list[str] = []

    async def lose(route: Route) -> None:
        lost.append(route.request.url)
        await (route.abort("connectionreset") if lost.count(route.request.url) == 1 else route.continue_())

    await shown.page.route("**/api/doctor", lose)
    await shown.page.goto(f"{shown.url}/#/system")
    await until(lambda: len(lost) == 2)


async def test_buttons_ask_and_the_keyboard_is_enough(shown: Shown) -> None:
    populate(shown.stage)
    await shown.sign_in()
    page = shown.page
    async with _jobs(shown.stage):
        await page.focus('.card[data-name="atlas"] [data-do="stop"]')
        await page.keyboard.press("Enter")
        await shown.card("atlas", "stopped")
        await page.click('.card[data-name="atlas"] [data-do="start"]')
        await shown.card("atlas", "serving")
    assert shown.stage.asked == [("atlas", "stop"), ("atlas", "start")]
    await page.keyboard.press("/")
    await page.keyboard.type("wiki")
    assert await page.locator(".card:visible").count() == 1
    await page.fill("#search", "")
    await page.click("#phases button:has-text('failed')")
    assert await page.locator(".card:visible").get_attribute("data-name") == "ledger"
    assert page.url.endswith("#/?phase=failed")
    await page.reload()
    await shown.card("ledger", "failed")
    assert await page.locator(".card:visible").count() == 1


async def test_what_vanished_at_once_is_asked_about_and_confirmed_by_button(shown: Shown) -> None:
    populate(shown.stage)
    await shown.sign_in()
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url.removeprefix(shown.url)}")
        await route.fulfill(json={})

    await shown.page.route("**/confirm-deletes", note)
    await shown.page.goto(f"{shown.url}/#/w/atlas")
    button = shown.page.locator("[data-do='confirm-deletes']")
    await shown.page.wait_for_selector("h1:has-text('atlas')")
    assert not await button.is_visible()
    shown.stage.registry.update("atlas", sync=SyncState(revision=7, waiting="240 files are gone at once"))
    await button.wait_for(timeout=WAIT_MS)
    assert "240 files are gone at once" in await shown.page.inner_text(".top")
    await button.click()
    await until(lambda: asked == ["POST /api/workspaces/atlas/confirm-deletes"])


async def test_cards_are_walked_sorted_and_opened_by_keys(shown: Shown) -> None:
    populate(shown.stage)
    await shown.sign_in()
    page = shown.page
    await shown.card("wiki", "serving")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    assert await _focused(page) == "blog"
    await page.keyboard.press("k")
    assert await _focused(page) == "atlas"
    await page.select_option("select[aria-label='Sort by']", "phase")
    await page.wait_for_selector(".card:first-of-type[data-name=ledger]")
    await page.select_option("select[aria-label='Show only one type']", "php")
    assert await page.locator(".card:visible .name").all_inner_texts() == ["wiki", "thesis-2019"]
    await page.keyboard.press("Escape")
    await page.focus(".card:visible .name")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".top h1:has-text('wiki')")
    await page.keyboard.press("?")
    assert "next, previous" in await page.inner_text("dialog")
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("o")
    await page.wait_for_selector(".cards")


async def test_light_and_dark_by_choice_and_kept(shown: Shown) -> None:
    await shown.sign_in()
    back = "getComputedStyle(document.body).backgroundColor"
    light = await shown.page.evaluate(back)
    await shown.page.click("#theme")
    assert await shown.page.evaluate(back) != light
    await shown.page.reload()
    assert await shown.page.get_attribute("html", "data-theme") == "dark"


COUNTING = """() => {
  window.touched = new Set();
  new MutationObserver((records) => records.forEach(({ target }) => {
    const card = (target.nodeType === 1 ? target : target.parentElement).closest(".card");
    window.touched.add(card ? card.dataset.name : "list");
  })).observe(document.getElementById("workspaces"), {
    subtree: true, childList: true, attributes: true, characterData: true,
  });
}"""


async def test_of_a_thousand_cards_only_the_changed_one_is_touched(shown: Shown) -> None:
    for number in range(1000):
        shown.stage.add(f"ws-{number:04}", type="node", phase=Phase.STOPPED, reason="stopped on purpose")
    await shown.sign_in()
    page = shown.page
    await page.wait_for_selector(".card:nth-of-type(1000)", state="attached", timeout=WAIT_MS)
    await page.wait_for_timeout(500)
    await page.evaluate(COUNTING)
    began = time.monotonic()
    shown.stage.registry.update("ws-0500", reason="changed now")
    changed = '.card[data-name="ws-0500"] .reason:has-text("Changed now")'
    await page.wait_for_selector(changed, state="attached", timeout=WAIT_MS)
    took = time.monotonic() - began
    touched = [name for name in await page.evaluate("[...window.touched]") if name != "ws-0500"]
    assert not [name for name in touched if not await _on_screen(page, name)], "only what is seen is sampled"
    assert took < 1.0, f"shown after {took:.3f} s"


async def _on_screen(page: Page, name: str) -> bool:
    """Cards on the screen may be told their last snapshot meanwhile."""
    box = await page.locator(f'.card[data-name="{name}"]').bounding_box() if name != "list" else None
    return box is not None and box["y"] < 1200


async def _focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.closest('.card')?.dataset.name"))


async def test_nothing_serious_stands_in_anybodys_way(shown: Shown) -> None:
    populate(shown.stage)
    page = shown.page
    await page.emulate_media(reduced_motion="reduce")
    await shown.sign_in()
    await shown.card("wiki", "serving")
    schemes: tuple[Any, ...] = ("light", "dark")
    for width, scheme in itertools.product((1280, 390), schemes):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=scheme)
        for view in ("#/", "#/w/ledger", "#/w/nobody"):
            await page.goto(f"{shown.url}/{view}")
            await page.wait_for_timeout(200)
            assert await serious(page) == [], (width, scheme, view)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, view)


async def test_signing_in_by_hand_and_out(shown: Shown) -> None:
    page = shown.page
    await page.goto(shown.url)
    await page.fill("input[name=token]", "guessed")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#login-error:not(:empty)", timeout=WAIT_MS)
    await page.fill("input[name=token]", shown.secret)
    await page.keyboard.press("Enter")
    await page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)
    await page.reload()
    await page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)
    assert shown.secret not in page.url
    assert await page.context.cookies() == []
    await page.click("#sign-out")
    await page.wait_for_selector("#login:not([hidden])", timeout=WAIT_MS)
    assert await page.evaluate("sessionStorage.length") == 0


async def test_a_revoked_token_shows_nothing_any_more(shown: Shown) -> None:
    populate(shown.stage)
    await shown.sign_in()
    await shown.card("wiki", "serving")
    shown.stage.access.revoke(shown.token_id)
    await shown.page.wait_for_selector("#login:not([hidden])", timeout=WAIT_MS)
    assert await shown.page.locator(".card").count() == 0


async def test_a_lost_connection_is_shown_and_heals(browser: Browser) -> None:
    stage, settings = Stage(), Settings(dashboard_port=free_port())
    _, secret = stage.access.new(Scope.READ)
    page = await browser.new_page()
    async with dashboard(stage.face, settings) as url:
        await page.goto(f"{url}/#token={secret}")
        await page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)
    await page.wait_for_selector('body[data-connection="lost"]', timeout=WAIT_MS)
    assert "connection lost" in await page.inner_text("#connection")
    stage.add("meanwhile", phase=Phase.SERVING)
    async with dashboard(stage.face, settings):
        await page.wait_for_selector('.card[data-name="meanwhile"]', timeout=WAIT_MS)
        await page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)
        await page.close()


async def test_hostile_texts_stay_texts(shown: Shown) -> None:
    odd: Any = dict.fromkeys(("folder", "type", "reason", "hint", "description", "icon", "changing"), HOSTILE)
    for name in ("evidence", "warnings", "progress"):
        odd[name] = (HOSTILE,)
    odd["failure"] = Failure(HOSTILE, HOSTILE, 1, (HOSTILE,), (HOSTILE,), (HOSTILE,), 1)
    shown.stage.registry.update("odd", phase=Phase.FAILED, url="javascript:document.title='owned'", **odd)
    shown.stage.registry.banner(HOSTILE, HOSTILE)
    await shown.sign_in()
    await shown.card("odd", "failed")
    assert await shown.page.locator("main img, #banners img").count() == 0
    assert (await shown.page.inner_text(".card .reason")).startswith("<img")
    assert await shown.page.get_attribute(".card .site", "href") is None
    await shown.page.click(".card .name")
    await shown.page.wait_for_selector(".top h1")
    assert await shown.page.locator("main img, #banners img").count() == 0
    assert await shown.page.locator(".top a[href^=javascript]").count() == 0
    assert "owned" not in await shown.page.title()


ATTACK = """async (target) => {
  const outcome = {};
  const tried = async (name, attempt) => {
    try { outcome[name] = String(await attempt()); } catch (error) { outcome[name] = "refused"; }
  };
  const soon = (wait) => new Promise((resolve, reject) => setTimeout(() => reject(new Error("silence")), wait));
  const bearer = { Authorization: "Bearer guessed" };
  await tried("read", async () => (await fetch(target + "/api/workspaces", { credentials: "include" })).text());
  await tried("bearer", async () => (await fetch(target + "/api/workspaces", { headers: bearer })).text());
  await tried("post", async () => (await fetch(target + "/api/workspaces/shop/stop", { method: "POST" })).text());
  await tried("blind", async () => {
    const seen = await fetch(target + "/api/workspaces/shop/stop", { method: "POST", mode: "no-cors" });
    return seen.type === "opaque" ? "refused" : seen.text();
  });
  await tried("socket", () => Promise.race([soon(4000), new Promise((resolve, reject) => {
    const socket = new WebSocket(target.replace("http", "ws") + "/api/events");
    socket.onopen = () => resolve("opened");
    socket.onerror = () => reject(new Error("closed"));
  })]));
  await tried("frame", () => Promise.race([soon(4000), new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { resolve(frame.contentDocument.title || "refused"); } catch { resolve("refused"); } };
    frame.src = target + "/";
    document.body.append(frame);
  })]));
  await tried("script", () => Promise.race([soon(4000), new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = () => resolve("loaded");
    script.onerror = () => reject(new Error("blocked"));
    script.src = target + "/static/dashboard/access.js";
    document.body.append(script);
  })]));
  const popup = window.open(target + "/", "_blank");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await tried("popup", () => popup.closed ? "refused" : popup.document.title);
  await tried("popup storage", () => popup.closed ? "refused" : popup.sessionStorage.getItem("slipway-token"));
  return outcome;
}"""


async def test_a_workspaces_page_gets_nothing(shown: Shown) -> None:
    shown.stage.add("shop", phase=Phase.SERVING)
    await shown.sign_in()
    async with _workspace() as visits:
        other = await shown.page.context.new_page()
        await other.goto(visits.url)
        outcome = await other.evaluate(ATTACK, shown.url)
        assert set(outcome.values()) == {"refused"}, outcome
        assert shown.stage.asked == []
        assert len(shown.stage.registry._subscribers) == 1


async def test_the_way_to_a_workspace_carries_no_credential(shown: Shown) -> None:
    async with _workspace() as visits:
        shown.stage.add("shop", phase=Phase.SERVING, url=visits.url)
        await shown.sign_in()
        await shown.card("shop", "serving")
        visits.headers.clear()
        await shown.page.click(".card .site")
        await until(lambda: visits.headers)
        assert shown.secret not in str(visits.headers)
        assert not {"Authorization", "Cookie", "Referer"} & visits.headers[0].keys()
        assert await shown.page.evaluate("window.opener === null && sessionStorage.length === 0")


@dataclass(slots=True)
class Visits:
    """A workspace's own server on another port of the same host: where it is, and what it was sent."""

    url: str
    headers: list[dict[str, str]] = field(default_factory=list)


@asynccontextmanager
async def _workspace() -> AsyncIterator[Visits]:
    visits = Visits(f"http://localhost:{free_port()}/")

    async def answer(request: web.Request) -> web.Response:
        visits.headers.append(dict(request.headers))
        return web.Response(text="<!doctype html><title>workspace</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(visits.url.rstrip("/").rpartition(":")[2])).start()
    try:
        yield visits
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _jobs(stage: Stage) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(stage.jobs.run())
        await asyncio.sleep(0)
        yield
        task.cancel()
