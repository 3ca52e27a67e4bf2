"""New workspaces through the API: a template, an archive, a folder's files, what was kept."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from monitor.adapters.unpacking.landing import DiskLanding
from monitor.app.templates import shipped_templates
from monitor.domain.access import Scope
from monitor.domain.creating.intake import Limits
from monitor.services.creating import Creating
from monitor.web.server import dashboard_app
from tests.support.face import Stage
from tests.support.past import Kept, kept
from tests.web.asking import ask
from tests.web.conftest import ORIGIN, Door, running

EVERY = "/api/workspaces"


@pytest.fixture
async def shelf(tmp_path: Any) -> AsyncIterator[Kept]:
    async with kept(tmp_path) as found:
        yield found


@pytest.fixture
async def door(stage: Stage, shelf: Kept) -> AsyncIterator[Door]:
    landing = DiskLanding()

    def look() -> None:
        for folder in shelf.root.iterdir():
            if not folder.name.startswith("."):
                stage.add(folder.name)

    creating = Creating(
        shelf.root,
        landing,
        shelf.clock,
        shelf.past.reading.folders,
        look,
        stage.registry.get,
        shipped_templates(),
        shelf.past.acting,
        Limits(sent=50_000),
    )
    stage.face = dataclasses.replace(stage.face, past=shelf.past, restoring=shelf.restoring, creating=creating)
    app = dashboard_app(stage.face, frozenset({ORIGIN}))
    async with running(stage.jobs.run), TestClient(TestServer(app)) as client:
        yield Door(stage, client)
    landing.close()


async def send(door: Door, name: str, data: Any, status: int, scope: Scope = Scope.OPERATE) -> dict[str, Any]:
    async with door.client.post(f"/api/import?name={name}", data=data, headers=door.bearer(scope)) as answer:
        said = await answer.json()
        assert answer.status == status, said
        return dict(said)


def zipped(**files: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return sink.getvalue()


async def test_a_template_becomes_a_workspace(door: Door, shelf: Kept) -> None:
    templates = (await ask(door, "GET", "/api/templates"))["items"]
    assert {one["id"] for one in templates} >= {"page", "node", "python", "php"}
    made = await ask(door, "POST", EVERY, 201, json={"name": "site", "template": "page"})
    assert (made["name"], made["phase"]) == ("site", "detected")
    assert (shelf.root / "site/index.html").is_file()
    taken = await ask(door, "POST", EVERY, 409, json={"name": "site", "template": "page"})
    assert taken["error"]["reason"] == "name-taken"
    assert "site-2" in taken["error"]["hint"]
    for wrong in (
        {"name": "My Site", "template": "page"},
        {"name": "x", "template": "cobol"},
        {"name": "x"},
        {"name": "x", "template": "page", "from": "site"},
        {"template": "page"},
        {"name": "x", "template": "page", "colour": "red"},
    ):
        assert (await ask(door, "POST", EVERY, 400, json=wrong))["error"]["hint"]
    assert [path.name for path in shelf.root.iterdir() if not path.name.startswith(".")] == ["site"]


async def test_a_name_is_judged_while_it_is_typed(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    free = await ask(door, "GET", "/api/names?name=new")
    assert (free["free"], free["suggestion"], free["kept"]) == (True, "new", False)
    taken = await ask(door, "GET", "/api/names?name=shop")
    assert (taken["free"], taken["suggestion"]) == (False, "shop-2")
    odd = await ask(door, "GET", "/api/names?name=My%20App!")
    assert (odd["free"], odd["suggestion"]) == (False, "my-app")
    assert odd["why"]


async def test_an_archive_and_a_folder_are_sent(door: Door, shelf: Kept) -> None:
    made = await send(door, "shop", zipped(**{"shop-main/index.html": "hi"}), 201)
    assert made["name"] == "shop"
    assert (shelf.root / "shop/index.html").read_text() == "hi"
    form = FormData(quote_fields=False)
    for path, text in (("site/index.html", "hello"), ("site/css/a b.css", "x" * 300_000)):
        form.add_field("file", text, filename=path, content_type="text/plain")
    await send(door, "site", form, 201)
    assert (shelf.root / "site/css/a b.css").stat().st_size == 300_000
    assert list((shelf.root / ".slipway").iterdir()) == []


async def test_what_is_refused_leaves_nothing(door: Door, shelf: Kept) -> None:
    up, empty = FormData(quote_fields=False), FormData()
    up.add_field("file", "x", filename="a/../../up.txt")
    empty.add_field("note", "no file", content_type="text/plain")
    for data, status in (
        (zipped(**{"../up": "x"}), 422),
        (zipped(a="1", A="2"), 422),
        (b"PK\x03\x04" + bytes(60_000), 422),
        (b"hello", 422),
        (up, 422),
        (empty, 400),
    ):
        said = await send(door, "bad", data, status)
        assert said["error"]["message"]
        assert said["error"]["hint"]
    assert (await send(door, "Bad Name", zipped(a="1"), 400))["error"]["reason"] == "name"
    left = [path for path in shelf.root.parent.rglob("*") if "up" in path.name or "bad" in path.name]
    assert left == []
    assert [path.name for path in shelf.root.rglob("*")] in ([], [".slipway"])


async def test_an_upload_that_stops_coming_is_given_up(
    door: Door, shelf: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.pieces.PIECE_S", 0.2)
    over = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"\x1f\x8b" + bytes(100)
        await over.wait()

    try:
        said = await send(door, "slow", slow(), 408)
    finally:
        over.set()
    assert said["error"]["reason"] == "timeout"
    assert [path.name for path in shelf.root.rglob("*")] == [".slipway"]


async def test_nothing_is_written_before_the_token_is_known(door: Door, shelf: Kept) -> None:
    async with door.client.post("/api/import?name=x", data=zipped(a="1")) as answer:
        assert answer.status == 401
    await send(door, "x", zipped(a="1"), 403, Scope.READ)
    assert list(shelf.root.iterdir()) == []


async def test_a_fork_of_a_snapshot_a_revision_or_now(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await ask(door, "POST", f"{EVERY}/shop/snapshots", 201, json={"name": "v1"})
    await shelf.save("shop/a", "2")
    for name, source, text in (("old", "shop@v1", "1"), ("first", "shop@1", "1"), ("now", "shop", "2")):
        made = await ask(door, "POST", EVERY, 201, json={"name": name, "from": source})
        assert made["incomplete"] is False
        assert (shelf.root / name / "a").read_text() == text
    await ask(door, "POST", EVERY, 404, json={"name": "no", "from": "nothing"})
    await ask(door, "POST", EVERY, 409, json={"name": "now", "from": "shop"})
