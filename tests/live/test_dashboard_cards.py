"""The cards of the dashboard in a real browser: live without a reload, by keyboard, many, without barriers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from monitor.domain.state import SyncState
from monitor.domain.workspace import Phase
from tests.support.accessibility import serious
from tests.support.face import Stage, populate
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.async_api import Page, Route
from tests.support.shown import WAIT_MS, Shown

pytestmark = pytest.mark.browser


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
    shown.stage.registry.update("ws-0500", reason="changed now")
    changed = '.card[data-name="ws-0500"] .reason:has-text("Changed now")'
    await page.wait_for_selector(changed, state="attached", timeout=WAIT_MS)
    touched = [name for name in await page.evaluate("[...window.touched]") if name != "ws-0500"]
    assert not [name for name in touched if not await _on_screen(page, name)], "only what is seen is sampled"


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


@asynccontextmanager
async def _jobs(stage: Stage) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(stage.jobs.run())
        await asyncio.sleep(0)
        yield
        task.cancel()
