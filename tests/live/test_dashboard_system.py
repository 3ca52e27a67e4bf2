"""The System page of a real monitor in a real browser: checks, a copy elsewhere, tokens, jobs, and who did what."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import screenshots
from tests.support.accessibility import serious
from tests.support.complaints import of as watched
from tests.support.slipway import Slipway

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

ADMIN = "an-admin-token-of-this-test"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    """One monitor with a folder as its second place."""
    copies = Path(tempfile.mkdtemp(prefix="slipway-copies-"))
    slipway = Slipway("process", environment={"SLIPWAY_TOKEN": ADMIN})
    argv = [
        sys.executable,
        "-m",
        "monitor",
        "backup",
        "add",
        "nas",
        "--path",
        str(copies),
        "--data",
        str(slipway.data),
    ]
    subprocess.run(argv, check=True, capture_output=True)
    with slipway:
        slipway.drop("shop", {"index.html": "<h1>open</h1>"})
        slipway.until_serving("shop")
        yield slipway
    shutil.rmtree(copies)


@pytest.fixture
async def page(slipway: Slipway, browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints = watched(page)
    await page.goto(f"http://127.0.0.1:{slipway.dashboard_port}/#token={ADMIN}")
    await page.locator("a", has_text="System").click()
    yield page
    await screenshots.keep(context, request.node.name)
    await context.close()
    assert complaints == []


def status_of(slipway: Slipway, path: str, token: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{slipway.dashboard_port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def test_what_it_stands_on_is_told(slipway: Slipway, page: Page) -> None:
    checks = page.locator("#sys-checks")
    await checks.locator("summary").click()
    for name in ("Traefik", "SeaweedFS", "store", "clock", "port of the dashboard"):
        await checks.get_by_text(name, exact=True).wait_for()
    said = subprocess.run(
        [sys.executable, "-m", "monitor", "doctor", "--json", "--data", str(slipway.data)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    ports = {one["message"] for one in json.loads(said.stdout)["items"] if one["check"].startswith("port of")}
    assert ports == {
        f"127.0.0.1:{slipway.port} (this Slipway's)",
        f"127.0.0.1:{slipway.dashboard_port} (this Slipway's)",
    }
    await page.locator("#sys-state").get_by_text("1 serving").wait_for()
    await page.locator("#sys-log").get_by_text("ready workspaces=").wait_for()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await serious(page) == []


async def test_a_copy_is_made_and_read_back(slipway: Slipway, page: Page) -> None:
    place = page.locator("#sys-destinations li")
    await place.get_by_role("button", name="Copy now").click()
    await page.get_by_text("nas has everything now.").wait_for()
    await place.get_by_text("up to date").wait_for()
    await place.get_by_role("button", name="Read back").click()
    await page.get_by_text("was read back and is right").wait_for()
    copies = Path(tomllib.loads((slipway.data / "slipway.toml").read_text())["destination"][0]["path"])
    pack = next(path for path in copies.rglob("*") if path.is_file() and path.parent.name == "packs")
    pack.chmod(0o644)
    pack.write_bytes(b"not what was copied")
    await place.get_by_role("button", name="Read back").click()
    await page.get_by_text("1 damaged object in nas got the right bytes again.").wait_for()
    await page.locator("#sys-jobs").get_by_text("Backup nas").first.wait_for()
    await page.locator("#sys-jobs").get_by_text("done").first.wait_for()


async def test_a_token_is_made_shown_once_and_ended(slipway: Slipway, page: Page) -> None:
    tokens = page.locator("#sys-tokens")
    await tokens.get_by_role("button", name="New token").click()
    await page.get_by_label("What is it for?").fill("<b>build</b> server")
    await page.get_by_label("What may it do?").select_option("read")
    await page.get_by_role("button", name="Make it").click()
    secret = await page.locator("#new-token").inner_text()
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.get_by_role("button", name="Copy", exact=True).click()
    await page.get_by_role("button", name="copy it by hand").wait_for()
    await page.keyboard.press("Escape")
    assert status_of(slipway, "/api/workspaces", secret) == 200
    assert status_of(slipway, "/api/audit", secret) == 403
    await tokens.get_by_text("<b>build</b> server").wait_for()
    assert secret not in await page.content()
    await tokens.get_by_role("button", name="End token <b>build</b> server").click()
    await page.get_by_role("button", name="End it").click()
    await tokens.get_by_text("<b>build</b> server").wait_for(state="detached")
    assert status_of(slipway, "/api/workspaces", secret) == 401


async def test_who_did_what_is_there_to_read(slipway: Slipway, page: Page) -> None:
    slipway.client.post("/api/workspaces/shop/restart")
    audit = page.locator("#sys-audit")
    await audit.get_by_role("button", name="Newest").click()
    row = audit.locator("tr", has_text="/api/workspaces/shop/restart").first
    await row.get_by_text("the host's user").wait_for()
    assert (slipway.data / "audit.jsonl").stat().st_mode & 0o777 == 0o600
    assert ADMIN.encode() not in (slipway.data / "audit.jsonl").read_bytes()
    text = urllib.request.Request(
        f"http://127.0.0.1:{slipway.dashboard_port}/api/metrics", headers={"Authorization": f"Bearer {ADMIN}"}
    )
    with urllib.request.urlopen(text, timeout=10) as answer:
        metrics = answer.read().decode()
    assert 'slipway_workspaces{phase="serving"} 1.0' in metrics
    assert 'slipway_start_seconds_count{type="static"}' in metrics
    assert "slipway_store_bytes_total" in metrics
