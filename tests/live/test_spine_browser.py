"""A person's way in a real browser: signed in by the link's file, a folder dropped, watched, visited and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support import screenshots
from tests.support.complaints import of as watched
from tests.support.slipway import Slipway

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]

SITE = {
    "index.html": "<title>Shop</title><link rel=stylesheet href=style.css><h1>open</h1>",
    "style.css": "h1{color:teal}",
}
PATIENCE_MS = 60_000


@pytest.fixture(params=[pytest.param("docker", marks=pytest.mark.docker), "process"])
def slipway(request: pytest.FixtureRequest) -> Iterator[Slipway]:
    with Slipway(request.param) as slipway:
        yield slipway


async def test_a_dropped_folder_becomes_a_card_that_serves_without_a_reload(
    slipway: Slipway, browser: Browser
) -> None:
    link = slipway.data / "sign-in"
    assert link.stat().st_mode & 0o777 == 0o600
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints = watched(page)
    await page.goto(link.read_text().strip())
    await page.get_by_text("No workspace yet").wait_for()
    assert "#token" not in page.url, "the token does not stay in the address bar"
    await page.evaluate("window.sameDocument = true")

    slipway.drop("shop", SITE)
    card = page.locator(".card[data-name=shop]")
    await card.wait_for()
    await page.locator(".card[data-name=shop][data-phase=serving]").wait_for()
    assert await page.evaluate("window.sameDocument"), "no reload"
    assert slipway.get("/shop/").status == 200
    if slipway.engine == "docker":
        assert slipway.docker.running("shop")[0]["State"]["Health"]["Status"] == "healthy"
    await card.locator('[title^="Kept"]').wait_for()

    visit = await browser.new_page()
    await visit.goto(await card.locator("a.site").get_attribute("href") or "")
    assert await visit.title() == "Shop"
    assert await visit.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 128, 128)"
    await visit.close()

    await card.get_by_role("button", name="Stop shop").click()
    await page.locator(".card[data-name=shop][data-phase=stopped]").wait_for()
    assert slipway.get("/shop/").status == 503
    await card.get_by_role("button", name="Start shop").click()
    await page.locator(".card[data-name=shop][data-phase=serving]").wait_for()
    slipway.until_text("/shop/", "open")
    slipway.drop("broken", {"compose.yaml": "services:\n  web:\n    image: web\n    privileged: true\n"})
    await page.locator(".card[data-name=broken][data-phase=failed]").get_by_text("privileged").first.wait_for()
    await screenshots.keep(page.context, f"spine-{slipway.engine}")

    slipway.delete("shop")
    await card.wait_for(state="detached")
    assert complaints == []
