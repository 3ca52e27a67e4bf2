"""What the dashboard offers to whom, the history of a data volume, and both without barriers, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from monitor.domain.access import Scope
from tests.support import screenshots
from tests.support.accessibility import serious
from tests.support.complaints import of as watched
from tests.support.jobs import done
from tests.support.slipway import Slipway
from tests.support.steering import lead

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]
WAIT_MS = 30_000

BOOK = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        said = self.path.partition("?")[2]
        with open("book/guests.txt", "a+") as book:
            if said: book.write(said + ";")
            book.seek(0)
            body = ("guests: " + book.read()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""
FILES = {"server.py": BOOK, "slipway.yaml": "type: python\nstart: python server.py\ndata: [book]\n"}

READ, OPERATE, ADMIN = Scope.READ, Scope.OPERATE, Scope.ADMIN
OFFERS: dict[str, tuple[str, dict[str, Scope]]] = {
    "#/": (
        '.card[data-name="shop"][data-phase="serving"]',
        {"Restart shop": OPERATE, "Stop shop": OPERATE, "New": OPERATE, "New workspace": OPERATE, "System": READ},
    ),
    "#/w/shop": (
        '.top[data-phase="serving"]',
        {"Restart": OPERATE, "Stop": OPERATE, "Run": ADMIN, "Open": READ, "Download": READ},
    ),
    "#/w/shop/run": (".tab :is(form, .notice) >> visible=true", {"Run": ADMIN}),
    "#/w/shop/history": (
        ".detail .difference .paths",
        {
            "Snapshot now": OPERATE, "Restore…": OPERATE, "Pin…": OPERATE, "Fork…": OPERATE, "Download": ADMIN,
            "Restore server.py as of revision 2": OPERATE, "Compare with now": READ, "Data": READ,
        },
    ),
    "#/w/shop/history?at=1": (
        ".snapshot-card",
        {"Edit": OPERATE, "Delete the snapshot first": OPERATE, "Restore…": OPERATE, "Download": ADMIN},
    ),
    "#/w/shop/history?data=true": (".detail .difference p", {"Restore…": OPERATE, "Snapshot now": OPERATE}),
    "#/w/shop/history?file=server.py": ("tbody tr", {"Restore server.py as of revision 1": OPERATE}),
    "#/w/shop/history?from=1&to=2&file=server.py": (
        ".sides",
        {"Restore as of 1": OPERATE, "Restore as of 2": OPERATE, "Swap sides": READ},
    ),
    "#/new": ("main h1", {"Create": OPERATE}),
    "#/new?from=deleted": (".gone li", {"Bring back": OPERATE, "Purge…": ADMIN, "History": READ}),
    "#/system": (
        "#sys-tokens :is(table, .notice) >> visible=true",
        {"New token": ADMIN, "End token for this test": ADMIN, "Newest": ADMIN, "Look again": READ},
    ),
}  # fmt: skip
NAMES = """() => [...document.querySelectorAll("button, a[href], summary")].filter((one) => one.checkVisibility())
  .map((one) => (one.getAttribute("aria-label") ?? one.textContent).trim())"""


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    """A workspace of two revisions, with data of two revisions, and one that was deleted."""
    with Slipway("process") as whole:
        for name, files in (("shop", FILES), ("gone", {"index.html": "gone"})):
            whole.drop(name, files)
        whole.until_serving("shop")
        whole.until(lambda: whole.state("gone")["sync"]["revision"], 30, "gone to be kept")
        whole.delete("gone")
        whole.until_text("/shop/?ann", "ann;")
        done(whole.client, "/api/workspaces/shop/sync", data=True)
        whole.client.post("/api/workspaces/shop/snapshots", {"name": "first", "revision": 1})
        whole.edit("shop", {"server.py": BOOK.replace("guests:", "guests now:")})
        done(whole.client, "/api/workspaces/shop/sync")
        whole.until_text("/shop/?bob", "guests now: ann;bob;")
        done(whole.client, "/api/workspaces/shop/sync", data=True)
        whole.until_gone("gone")
        yield whole


@pytest.fixture
async def page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """Every complaint of the browser is a failure: also that something was asked for which the token may not have."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    page = await context.new_page()
    complaints = watched(page)
    yield page
    await screenshots.keep(context, request.node.name)
    await context.close()
    assert complaints == []


async def sign_in(page: Page, slipway: Slipway, scope: Scope = ADMIN) -> None:
    made = slipway.client.post("/api/tokens", {"scope": scope.word, "note": "for this test"})

    async def go(turn: int) -> None:
        where = f"http://127.0.0.1:{slipway.dashboard_port}/?{scope.word}{turn}"
        await page.goto(f"{where}#token={made['token']}")

    await reach(page, f'body[data-connection="live"][data-scope="{scope.word}"]', go)


async def at(page: Page, address: str, sign: str) -> None:
    """Go there, from nowhere, until `sign` is seen."""

    async def go(_turn: int) -> None:
        await lead(page, "#/nowhere")
        await page.wait_for_selector(".empty:has-text('nothing at this address')")
        await lead(page, address)

    await reach(page, sign, go)


async def reach(page: Page, sign: str, go: Callable[[int], Awaitable[None]]) -> None:
    """Twice if need be: Chromium breaks off requests when a network of the machine comes or goes, as Docker's do."""
    from playwright.async_api import TimeoutError as Late

    await go(1)
    try:
        await page.wait_for_selector(sign, timeout=WAIT_MS / 3)
    except Late:
        await go(2)
        await page.wait_for_selector(sign)


async def test_a_token_is_offered_what_it_may_do_and_nothing_else(page: Page, slipway: Slipway) -> None:
    for scope in Scope:
        await sign_in(page, slipway, scope)
        for address, (sign, needed) in OFFERS.items():
            await at(page, address, sign)
            offered = set(await page.evaluate(NAMES)) & needed.keys()
            assert offered == {name for name, least in needed.items() if least <= scope}, (scope, address)
        await at(page, "#/w/shop/run", "section.tab")
        assert await page.is_visible("text=needs a token of scope admin") is (scope < ADMIN)
        assert await page.is_visible("main form") is (scope is ADMIN)
        assert await page.is_visible("#scope") is (scope < ADMIN)
        assert await serious(page) == [], scope
    await page.click("#sign-out")
    assert await page.get_attribute("body", "data-scope") is None


async def test_the_data_has_a_history_of_its_own_and_is_put_back_from_it(page: Page, slipway: Slipway) -> None:
    await sign_in(page, slipway)
    await at(page, "#/w/gone/history", ".mark-row")
    assert not await page.is_visible('nav[aria-label="Whose history"]')
    await at(page, "#/w/shop/history", ".mark-row")
    await page.click('nav[aria-label="Whose history"] a:has-text("Data")')
    await page.wait_for_selector('.detail .paths:has-text("guests.txt")')
    assert page.url.endswith("?data=true")
    assert await page.locator(".mark-row").count() == 2
    await page.click('.mark-row[data-seq="1"] .mark-open')
    await page.click('.detail[aria-label="Revision 1"] button:has-text("Restore…")')
    await page.wait_for_selector('.plan :text("1 to change")')
    assert "started again" in await page.inner_text(".plan")
    assert await serious(page) == [], "the dialog"
    slipway.until_text("/shop/", "ann;bob;")
    await page.click('dialog footer button:has-text("Restore")')
    await page.wait_for_selector('dialog .notice:has-text("Restored.")')
    assert "bob" not in slipway.until_text("/shop/", "guests now: ann;").text
    await page.click('dialog button:has-text("Undo")')
    slipway.until_text("/shop/", "guests now: ann;bob;")
    await page.keyboard.press("Escape")
    await page.wait_for_selector('.mark-row:has-text("Restored revision 1")')
    await page.click('nav[aria-label="Whose history"] a:has-text("Source")')
    await page.wait_for_selector('.detail .paths:has-text("server.py")')
    assert await page.locator('.mark-row:has-text("Restored")').count() == 0, "the source was not touched"


async def test_nothing_serious_stands_in_anybodys_way(page: Page, slipway: Slipway) -> None:
    await sign_in(page, slipway)
    ways = {f"#/new?from={way}": "main form" for way in ("file", "git", "snapshot")}
    for address, sign in {
        **{one: OFFERS[one][0] for one in OFFERS if "history" in one or "new" in one},
        **ways,
    }.items():
        await at(page, address, sign)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await serious(page) == [], (scheme, address)
    for address in ("#/w/shop/history?data=true", "#/new"):
        await page.set_viewport_size({"width": 390, "height": 900})
        await at(page, address, OFFERS[address][0] if "new" in address else ".mark-row")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert await serious(page) == [], ("narrow", address)
