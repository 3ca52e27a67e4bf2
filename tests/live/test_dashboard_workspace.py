"""One workspace's page over a whole Slipway on the process engine: what a person sees and does, in a real browser."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import screenshots
from tests.support.accessibility import serious
from tests.support.complaints import of as watched
from tests.support.slipway import Slipway

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.traefik, pytest.mark.s3]
WAIT_MS = 60_000

SERVER = r"""
import http.server, os, sys
print("\x1b[32mready\x1b[0m on", os.environ["PORT"], flush=True)
print("<img src=x onerror=\"document.title='owned'\">", flush=True)
print("\x1b]0;owned\x07\x1b[2Jplain again", os.environ["API_TOKEN"], flush=True)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/endless"):
            for _ in range(64):
                sys.stdout.write("x" * 1_000_000)
            sys.stdout.flush()
        if self.path.startswith("/say"):
            print("said:", self.path, flush=True)
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>hello</h1>")

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
FILES = {
    "server.py": SERVER,
    "slipway.yaml": "type: python\nstart: python server.py\nenv:\n  API_TOKEN: hunter2hunter2\n  COLOUR: blue\n",
    ".env": "PASSWORD=correcthorse1\n",
    "docs/guide.md": "# First\n",
    "odd.bin": b"\0\1\2" * 100,
}


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    """One for all tests here; each leaves its workspace serving."""
    with Slipway("process") as whole:
        whole.drop("chatter", FILES)
        whole.until_serving("chatter")
        yield whole


@pytest.fixture(scope="module")
def secret(slipway: Slipway) -> str:
    return str(slipway.client.post("/api/tokens", {"scope": "admin"})["token"])


@pytest.fixture
async def page(
    slipway: Slipway, secret: str, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """Signed in; every complaint of the browser is a failure."""
    context = await browser.new_context()
    page = await context.new_page()
    complaints = watched(page)
    await page.goto(f"http://127.0.0.1:{slipway.dashboard_port}/#token={secret}")
    await page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)
    yield page
    await screenshots.keep(context, request.node.name)
    await context.close()
    assert complaints == []


async def _open(page: Page, slipway: Slipway, rest: str = "") -> None:
    await page.goto(f"http://127.0.0.1:{slipway.dashboard_port}/#/w/chatter{rest}")
    await page.wait_for_selector(".top h1:has-text('chatter')", timeout=WAIT_MS)


async def _line(page: Page, text: str) -> None:
    await page.wait_for_selector(f'.log .line:has-text("{text}")', timeout=WAIT_MS, state="attached")


def _ask(slipway: Slipway, secret: str, path: str) -> tuple[Any, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{slipway.dashboard_port}{path}", headers={"Authorization": f"Bearer {secret}"}
    )
    with urllib.request.urlopen(request) as response:
        return response.read(), response.headers


async def test_the_log_is_live_coloured_and_deaf(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway)
    await _line(page, "onerror")
    assert await page.inner_text(".log .f2") == "ready"
    assert await page.locator(".log img").count() == 0
    assert "owned" not in await page.title()
    whole = await page.inner_text(".log")
    assert "plain again [hidden]" in whole
    assert "hunter2" not in whole
    slipway.get("/chatter/say?one")
    await _line(page, "said: /say?one")
    await page.fill(".log-tools input", "SAID:")
    assert await page.locator(".log .line:visible").count() == 1
    assert await page.inner_text(".log-tools [role=status]") == "1 found"
    await page.fill(".log-tools input", "")

    await page.click("button:has-text('Pause')")
    slipway.get("/chatter/say?two")
    await page.wait_for_timeout(1500)
    assert await page.locator('.log .line:has-text("two")').count() == 0
    await page.click("button:has-text('Continue')")
    await _line(page, "said: /say?two")
    async with page.expect_download() as waiting:
        await page.click("button:has-text('Download')")
    saved = (await (await waiting.value).path()).read_text()
    assert "said: /say?one\nsaid: /say?two\n" in saved
    assert "\x1b" not in saved


async def test_the_log_goes_on_with_the_next_instance(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway)
    await _line(page, "ready on")
    await page.click('.top [data-do="restart"]')
    await page.wait_for_selector('.log .mark:has-text("instance")', timeout=WAIT_MS, state="attached")
    await page.wait_for_function("() => document.querySelector('.log').textContent.split('ready on').length > 2")
    slipway.until_serving("chatter")


async def test_a_line_without_end_hurts_nobody(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway)
    monitor = slipway.program.pid
    before = _memory(monitor)
    slipway.get("/chatter/endless")
    slipway.get("/chatter/say?after")
    await page.wait_for_selector('.log .mark:has-text("left out")', timeout=WAIT_MS, state="attached")
    longest = await page.evaluate(
        "Math.max(...[...document.querySelectorAll('.log .line')].map((l) => l.text.length))"
    )
    assert longest < 8400
    assert _memory(monitor) - before < 60_000_000


async def test_stopping_and_starting_by_button(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway)
    await page.click('.top [data-do="stop"]')
    await page.wait_for_selector('.top[data-phase="stopped"]', timeout=WAIT_MS)
    assert not await page.is_visible('.top [data-do="stop"]')
    await page.click('.top [data-do="start"]')
    await page.wait_for_selector('.top[data-phase="serving"]', timeout=WAIT_MS)
    await _open(page, slipway, "/events")
    await page.wait_for_selector('.events li:has-text("stopped on purpose")', timeout=WAIT_MS)


async def test_what_runs_and_every_setting_say_why(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway, "/what")
    await page.wait_for_selector("td code:has-text('Path(`/chatter`) || PathPrefix(`/chatter/`)')", timeout=WAIT_MS)
    text = await page.inner_text(".tab")
    assert "slipway.yaml sets start" in text
    assert "python server.py" in text
    await _open(page, slipway, "/settings")
    await page.wait_for_selector(
        "tr:has-text('env.COLOUR'):has-text('blue'):has-text('slipway.yaml')", timeout=WAIT_MS
    )
    assert await page.locator("tr:has-text('env.API_TOKEN'):has-text('[hidden]')").count() == 1
    assert not await page.is_visible("tr:has-text('sync.exclude')")
    await page.check("input[type=checkbox]")
    assert await page.is_visible("tr:has-text('sync.exclude'):has-text('default')")
    slipway.edit("chatter", {"slipway.yaml": "type: python\nstart: [1]\n"})
    try:
        await page.reload()
        await page.wait_for_selector("[role=alert]:has-text('line 2')", timeout=WAIT_MS)
    finally:
        slipway.edit("chatter", {"slipway.yaml": FILES["slipway.yaml"]})


async def test_files_now_and_at_a_revision(page: Page, slipway: Slipway, secret: str) -> None:
    slipway.until(lambda: slipway.state("chatter")["sync"]["kept_at"], 30, "something to be kept")
    first = slipway.client.get("/api/workspaces/chatter/revisions")["items"][0]["seq"]
    slipway.edit("chatter", {"docs/guide.md": "# Second\n", "docs/new.txt": "new"})
    (slipway.workspaces / "chatter" / "outside").symlink_to("/etc/passwd")
    await _open(page, slipway, "/files?path=docs")
    await page.click(".file-list a:has-text('guide.md')")
    await page.wait_for_selector(".code pre:has-text('# Second')", timeout=WAIT_MS)
    await _open(page, slipway, f"/files?path=docs&file=docs/guide.md&at={first}")
    await page.wait_for_selector(".code pre:has-text('# First')", timeout=WAIT_MS)
    assert await page.locator(".file-list :text('new.txt')").count() == 0
    await _open(page, slipway, "/files")
    await page.wait_for_selector(".file-list :text('outside → /etc/passwd')", timeout=WAIT_MS)
    assert "secret" in await page.inner_text(".listing")
    assert ".env" not in await page.inner_text(".listing")
    await page.click(".file-list a:has-text('odd.bin')")
    await page.wait_for_selector("text=This is not a text", timeout=WAIT_MS)
    async with page.expect_download() as waiting:
        await page.click(".viewer button:has-text('Download')")
    assert (await (await waiting.value).path()).read_bytes() == FILES["odd.bin"]

    _, headers = _ask(slipway, secret, "/api/workspaces/chatter/files/docs/guide.md")
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/octet-stream"
    for refused in (".env", "outside", "../secret", "docs/../.env", "docs%2f..%2f.env"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            _ask(slipway, secret, f"/api/workspaces/chatter/files/{refused}")
        assert caught.value.code in {403, 404, 409}, refused
        assert b"correcthorse1" not in caught.value.read()


async def test_a_command_runs_with_its_output_streamed(page: Page, slipway: Slipway) -> None:
    await _open(page, slipway, "/run")
    await page.fill("input[name=command]", "echo first; sleep 1; echo '<b>second</b>'; exit 3")
    await page.click("button:has-text('Run')")
    await page.wait_for_selector(".log .line:has-text('first')", timeout=60_000)
    await page.wait_for_selector("[role=status]:has-text('exit code 3')", timeout=60_000)
    assert await page.inner_text(".log .line:last-of-type") == "<b>second</b>"
    await page.fill("input[name=command]", "sleep 60")
    await page.click("button:has-text('Run')")
    await page.wait_for_selector("[role=status]:has-text('Running')", timeout=WAIT_MS)
    await page.click("button:has-text('Cancel')")
    await page.wait_for_selector("[role=status]:has-text('cancelled')", timeout=WAIT_MS)


async def test_the_card_tells_what_it_uses_while_somebody_looks(page: Page, slipway: Slipway) -> None:
    slipway.client.post("/api/workspaces/chatter/snapshots", {"name": "release-1"})
    await page.goto(f"http://127.0.0.1:{slipway.dashboard_port}/#/")
    card = '.card[data-name="chatter"]'
    await page.wait_for_selector(f"{card} [data-part=memory]:has-text('MB')", timeout=WAIT_MS)
    await page.wait_for_selector(f"{card} [data-part=cpu]:has-text('%')", timeout=WAIT_MS)
    await page.wait_for_selector(f"{card} [data-part=snapshot]:has-text('release-1')", timeout=WAIT_MS)
    assert await page.get_attribute(f"{card} .verdict", "data-tone") in {"good", "off"}


async def test_no_part_stands_in_anybodys_way(page: Page, slipway: Slipway) -> None:
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        for part in ("", "/events", "/what", "/settings", "/files?file=server.py", "/run"):
            await _open(page, slipway, part)
            await page.wait_for_timeout(700)
            assert await serious(page) == [], part
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, part)


def _memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096
