"""History and new workspaces in a real browser, over a whole monitor with its own store: one start, many tests."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import SlipwayError
from tests.support import screenshots
from tests.support.complaints import of as watched
from tests.support.jobs import done
from tests.support.slipway import Slipway
from tests.support.steering import lead
from tests.support.waiting import until_sync

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.traefik, pytest.mark.s3]
WAIT_MS = 60_000
APP = "".join(f"line {n}\n" for n in range(40))


@pytest.fixture(scope="module")
def whole() -> Iterator[Slipway]:
    with Slipway("process") as slipway:
        slipway.drop("shop", {"index.html": "<h1>one</h1>\n", "app.js": APP, "logo.bin": b"\0" * 900})
        slipway.until(lambda: slipway.state("shop")["sync"]["revision"], 30, "the first revision")
        for number in range(3):
            slipway.edit("shop", {"app.js": APP.replace("line 7\n", f"line 7 now {number}\n")})
            done(slipway.client, "/api/workspaces/shop/sync")
        slipway.client.post("/api/workspaces/shop/snapshots", {"name": "v1", "note": "seen by all", "tags": ["demo"]})
        slipway.edit("shop", {"logo.bin": b"\0" * 1900, "late.txt": "late\n"})
        done(slipway.client, "/api/workspaces/shop/sync")
        yield slipway


class Seen:
    """A signed-in page of `whole`, and what the browser complained about."""

    def __init__(self, whole: Slipway, page: Page) -> None:
        self.whole, self.page, self.complaints = whole, page, watched(page)

    async def at(self, address: str) -> None:
        secret = self.whole.client.post("/api/tokens", {"scope": "admin", "note": "test"})
        await self.page.goto(f"http://127.0.0.1:{self.whole.dashboard_port}/#token={secret['token']}")
        await self.page.wait_for_selector('[data-connection="live"]', timeout=WAIT_MS)
        await lead(self.page, address)

    async def open(self, seq: int) -> None:
        await self.page.locator(f'.mark-row[data-seq="{seq}"] .mark-open').click()
        await self.page.wait_for_selector(f'.detail[aria-label="Revision {seq}"]', timeout=WAIT_MS)


@pytest.fixture
async def seen(browser: Browser, whole: Slipway, request: pytest.FixtureRequest) -> AsyncIterator[Seen]:
    context = await browser.new_context(accept_downloads=True)
    context.set_default_timeout(WAIT_MS)
    found = Seen(whole, await context.new_page())
    yield found
    await screenshots.keep(context, request.node.name)
    assert found.complaints == []
    await context.close()


def named(whole: Slipway, snapshot: str) -> int:
    return int(whole.client.get(f"/api/workspaces/shop/snapshots/{snapshot}")["seq"])


async def test_a_revision_says_what_changed_and_both_sides_are_shown(seen: Seen, whole: Slipway) -> None:
    v1, page = named(whole, "v1"), seen.page
    await seen.at("#/w/shop/history")
    await page.wait_for_selector(f'.mark-row[data-seq="{v1}"] .named:has-text("v1")')
    await seen.open(v1)
    assert "seen by all" in await page.inner_text(".detail")
    assert "Settled: every file was read at rest." in await page.inner_text(".detail")
    before, after = page.locator(f'.mark-row[data-seq="{v1}"] input'), page.locator('.mark-row[data-seq="1"] input')
    await before.check()
    await after.check()
    await page.click('.pairing a:has-text("Compare")')
    await page.click('.compare-files a:has-text("app.js")')
    await page.wait_for_selector(".sides")
    assert "7 now 2" in await page.inner_text(".sides td.side.ins")
    assert await page.inner_text(".sides td.side.del del") == "line 7"
    assert "equal lines" in await page.inner_text(".sides")
    await page.click('button:has-text("Show all lines")')
    await page.wait_for_selector('.sides td:has-text("line 39")')


async def test_binary_files_are_shown_by_size_and_one_file_has_a_history(seen: Seen, whole: Slipway) -> None:
    await seen.at(f"#/w/shop/history?from={named(whole, 'v1')}&to=newest&file=logo.bin")
    await seen.page.wait_for_selector('.compare-sides :text("Not shown side by side")')
    assert "900 B before" in await seen.page.inner_text(".compare-sides")
    await seen.page.click('.compare-sides a:has-text("Its history")')
    await seen.page.wait_for_selector('h2:has-text("History of logo.bin")')
    await seen.page.wait_for_selector("tbody tr")
    assert await seen.page.locator("tbody tr").count() >= 2


async def test_a_restore_is_planned_done_and_undone(seen: Seen, whole: Slipway) -> None:
    page, late = seen.page, whole.workspaces / "shop" / "late.txt"
    await seen.at("#/w/shop/history")
    await seen.open(named(whole, "v1"))
    await page.click('.detail button:has-text("Restore")')
    await page.wait_for_selector('.steps li:has-text("late.txt")')
    assert "Remove" in await page.inner_text('.steps li:has-text("late.txt")')
    assert late.exists(), "the plan changes nothing"
    await page.click('dialog footer button:has-text("Restore")')
    await page.wait_for_selector('dialog .notice:has-text("Restored.")')
    assert not late.exists()
    await page.click('dialog button:has-text("Undo")')
    await page.wait_for_selector(
        'dialog footer:not(:has-text("Undo")) button:has-text("Done"), dialog footer button:has-text("Undo")'
    )
    until_sync(late.exists, 20, "the file to be back")
    await page.keyboard.press("Escape")
    await page.wait_for_selector('.mark-row:has-text("Restored revision")')
    assert await page.locator(".lanes .lane-1").count() > 0, "a branch beside the line"


async def test_one_file_alone_is_brought_back(seen: Seen, whole: Slipway) -> None:
    app, page = whole.workspaces / "shop" / "app.js", seen.page
    earlier = whole.client.get("/api/workspaces/shop/history?path=app.js")["items"][1]["seq"]
    await seen.at("#/w/shop/history")
    await seen.open(earlier)
    await page.click(f'[aria-label="Restore app.js as of revision {earlier}"]')
    await page.wait_for_selector('.steps li:has-text("app.js")')
    assert await page.locator(".steps li").count() == 1
    await page.click('dialog footer button:has-text("Restore")')
    await page.wait_for_selector('dialog .notice:has-text("Restored.")')
    assert "line 7 now 1" in app.read_text()
    assert (whole.workspaces / "shop" / "late.txt").exists()


async def test_snapshots_are_made_pinned_changed_and_deleted(seen: Seen, whole: Slipway) -> None:
    page = seen.page
    await seen.at("#/w/shop/history")
    await page.click('button:has-text("Snapshot now")')
    await page.fill('dialog input[placeholder="before-redesign"]', "today")
    await page.fill("dialog textarea", "as it is <b>now</b>")
    await page.click('dialog button[type="submit"]')
    await page.wait_for_selector('.named:has-text("today")')
    await seen.open(2)
    await page.click('.detail button:has-text("Pin")')
    await page.click('dialog button[type="submit"]')
    await page.wait_for_selector('.snapshot-card:has-text("pinned-2")')
    await page.click('.snapshot-card button:has-text("Edit")')
    await page.fill('dialog input[placeholder="release demo"]', "a b")
    await page.click('dialog button[type="submit"]')
    await page.wait_for_selector('.snapshot-card .pill:has-text("b")')
    assert whole.client.get("/api/workspaces/shop/snapshots/pinned-2")["tags"] == ["a", "b"]
    await page.click('[aria-label="Delete the snapshot pinned-2"]')
    await page.click('dialog button:has-text("Delete the name")')
    await page.wait_for_selector(".snapshot-card", state="detached")
    with pytest.raises(SlipwayError):
        whole.client.get("/api/workspaces/shop/snapshots/pinned-2")


async def test_a_revision_is_forked_and_downloaded(seen: Seen, whole: Slipway) -> None:
    page = seen.page
    await seen.at("#/w/shop/history")
    await seen.open(1)
    await page.click(".detail .menu summary")
    async with page.expect_download() as download:
        await page.click('.detail .menu-items button:has-text("zip")')
    path = await (await download.value).path()
    with zipfile.ZipFile(path) as archive:
        assert archive.read("shop-1/app.js").decode() == APP
    await page.click('.detail button:has-text("Fork")')
    await page.fill("dialog input", "shop-fork")
    await page.wait_for_selector('dialog :text("shop-fork is free")')
    await page.click('dialog button[type="submit"]')
    whole.until_serving("shop-fork", 60)
    assert (whole.workspaces / "shop-fork" / "app.js").read_text() == APP


async def test_new_workspaces_serve_a_template_an_archive_and_a_folder(
    seen: Seen, whole: Slipway, tmp_path: Path
) -> None:
    page = seen.page
    await seen.at("#/new")
    await page.click('.choice:has-text("A Python server")')
    await page.fill('input[placeholder="my-project"]', "My App")
    await page.click('button:has-text("Take my-app")')
    await page.wait_for_selector(':text("my-app is free")')
    await page.click('button:has-text("Create")')
    await page.wait_for_url("**/#/w/my-app*")
    await seen.at("#/new?from=file")
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        info = tarfile.TarInfo("site-main/index.html")
        info.size = 8
        archive.addfile(info, io.BytesIO(b"unpacked"))
    await page.set_input_files(
        'input[name="files"]', {"name": "site.tar.gz", "mimeType": "application/gzip", "buffer": sink.getvalue()}
    )
    await page.wait_for_selector(':text("site is free")')
    await page.click('button:has-text("Create")')
    await page.wait_for_url("**/#/w/site*")
    folder = tmp_path / "album"
    (folder / "css").mkdir(parents=True)
    (folder / "node_modules" / "x").mkdir(parents=True)
    for name, text in (("index.html", "an album"), ("css/a.css", "a{}"), ("node_modules/x/i.js", "1")):
        (folder / name).write_text(text)
    await seen.at("#/new?from=file")
    await page.set_input_files('input[name="folder"]', folder)
    await page.wait_for_selector(':text("left out: node_modules")')
    await page.wait_for_selector(':text("album is free")')
    await page.click('button:has-text("Create")')
    await page.wait_for_url("**/#/w/album*")
    whole.until_text("/site/", "unpacked", 40)
    whole.until_text("/album/", "an album", 40)
    whole.until_text("/my-app/", "A Python server", 60)
    assert sorted(path.name for path in (whole.workspaces / "album").iterdir()) == ["css", "index.html"]


async def test_a_page_of_new_that_is_loaded_again_knows_what_there_is_to_begin_with(seen: Seen) -> None:
    page = seen.page
    await seen.at("#/new?from=snapshot")
    await page.reload()
    await page.get_by_label("Workspace").select_option("shop")
    await page.get_by_label("As it was").select_option("v1")
    await seen.at("#/new?from=git")
    address = page.get_by_label("Address of the repository")
    await address.fill("git@example.org:atelier.git")
    await page.wait_for_selector(':text("atelier is free")')
    assert await address.evaluate("input => input.checkValidity()")


async def test_a_hostile_archive_is_told_off_and_nothing_appears(seen: Seen, whole: Slipway) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("../../up.txt", "x")
    await seen.at("#/new?from=file")
    file = {"name": "bad.zip", "mimeType": "application/zip", "buffer": sink.getvalue()}
    await seen.page.set_input_files('input[name="files"]', file)
    await seen.page.wait_for_selector(':text("bad is free")')
    await seen.page.click('button:has-text("Create")')
    await seen.page.wait_for_selector('[role="alert"]:has-text("leads out of the folder")')
    assert not (whole.workspaces / "bad").exists()
    assert list((whole.workspaces / ".slipway").glob("new-*")) == []
    seen.complaints.clear()  # The browser names every refusal.


async def test_a_deleted_workspace_comes_back_and_another_is_purged(seen: Seen, whole: Slipway) -> None:
    page = seen.page
    for name in ("gone", "past"):
        whole.drop(name, {"index.html": name})
        whole.until(lambda name=name: whole.state(name)["sync"]["revision"], 30, f"{name} to be kept")
        whole.delete(name)
        whole.until_gone(name)
    await seen.at("#/new?from=deleted")
    await page.click('.gone li[data-name="gone"] button:has-text("Bring back")')
    whole.until_text("/gone/", "gone", 40)
    await seen.at("#/new?from=deleted")
    await page.click('.gone li[data-name="past"] button:has-text("Purge")')
    yes = page.locator('dialog button:has-text("Remove for good")')
    assert await yes.is_disabled()
    await page.fill("dialog input", "past")
    await yes.click()
    await page.wait_for_selector('.gone li[data-name="past"]', state="detached")
    with pytest.raises(SlipwayError):
        whole.client.get("/api/workspaces/past/revisions")
