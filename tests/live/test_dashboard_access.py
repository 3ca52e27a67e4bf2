"""Who sees the dashboard: signed in by token, signed out, revoked; deaf to hostile pages and texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.state import Failure
from monitor.domain.workspace import Phase
from monitor.settings import Settings
from monitor.web.server import dashboard
from tests.support.face import HOSTILE, Stage, populate
from tests.support.ports import free_port
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.async_api import Browser
from tests.support.shown import WAIT_MS, Shown

pytestmark = pytest.mark.browser


async def test_signing_in_by_hand_and_out(shown: Shown) -> None:
    page = shown.page
    await page.goto(shown.url)
    await page.fill("input[name=token]", "guessed")
    await page.keyboard.press("Enter")
    await page.wait_for_selector('#login-error:has-text("This token is not taken")', timeout=WAIT_MS)
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
    odd["hint"] = f"call `{HOSTILE}` once"
    odd["failure"] = Failure(HOSTILE, HOSTILE, 1, (HOSTILE,), (HOSTILE,), (HOSTILE,), 1)
    shown.stage.registry.update("odd", phase=Phase.FAILED, url="javascript:document.title='owned'", **odd)
    shown.stage.registry.banner(HOSTILE, HOSTILE)
    await shown.sign_in()
    await shown.card("odd", "failed")
    assert await shown.page.locator("main img, #banners img").count() == 0
    assert (await shown.page.inner_text(".card .reason")).startswith("<img")
    assert (await shown.page.inner_text(".card .hint code")).startswith("<img")
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
