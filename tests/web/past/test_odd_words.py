"""Odd words and damaged objects: understood as they are meant, or said, and nothing else is hidden."""

from __future__ import annotations

import shutil

from monitor.domain import keys
from tests.support.past import Kept
from tests.web.asking import ask
from tests.web.conftest import Door
from tests.web.past.parts import SHOP, result, work


async def test_a_damaged_object_is_named(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1" * 5000)
    assert (await result(door, "POST", f"{SHOP}/verify", json={"read_data": True}))["whole"] is True
    pack = next(key for key in shelf.memory.objects if "/packs/" in key)
    shelf.memory.objects[pack] = shelf.memory.objects[pack][:-1] + b"x"
    done = await result(door, "POST", f"{SHOP}/verify", json={"read_data": True})
    assert (done["whole"], done["problems"][0]["key"], done["problems"][0]["paths"]) == (False, pack, ["a"])


async def test_a_damaged_revision_hides_no_other(door: Door, shelf: Kept) -> None:
    for text in ("1", "2", "3"):
        await shelf.save("shop/a", text)
        await shelf.save("other/a", text)
    key = keys.revision_key("", "shop", 3)
    shelf.memory.objects[key] = shelf.memory.objects[key][:-9]
    found = await ask(door, "GET", f"{SHOP}/revisions")
    assert ([one["seq"] for one in found["items"]], found["damaged"], found["next"]) == ([2, 1], [3], None)
    found = await ask(door, "GET", f"{SHOP}/history?path=a")
    assert [one["seq"] for one in found["items"]] == [2, 1]
    shutil.rmtree(shelf.root / "shop")
    shutil.rmtree(shelf.root / "other")
    found = await ask(door, "GET", "/api/workspaces?deleted=true")
    assert ([one["name"] for one in found["items"]], found["damaged"]) == (["other"], ["shop"])
    failed = (await work(door, "POST", f"{SHOP}/restore", json={}))["error"]
    assert "Revision 3 of shop" in failed["message"]
    assert "slipway verify shop" in failed["hint"]
    await result(door, "POST", f"{SHOP}/restore", json={"revision": 2})
    assert (shelf.root / "shop/a").read_text() == "2"


async def test_a_number_is_understood_as_its_key_spells_it(door: Door, shelf: Kept) -> None:
    for text in ("1", "2", "3"):
        await shelf.save("shop/a", text)
    assert (await ask(door, "GET", f"{SHOP}/revisions/{2:020}"))["seq"] == 2
    await ask(door, "GET", f"{SHOP}/revisions/{'9' * 5000}", 404)
    await ask(door, "GET", f"{SHOP}/revisions/0", 404)


async def test_a_path_is_understood_as_it_is_typed_and_one_nobody_has_is_said(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/sub/b", "1")
    await shelf.save("shop/sub/b", "2")
    for path in ("sub/b", "./sub/b", "sub//b", "sub/"):
        found = await ask(door, "GET", f"{SHOP}/diff?from=1&to=2&path={path}")
        assert [one["path"] for one in found["files"]] == ["sub/b"], path
    assert len((await ask(door, "GET", f"{SHOP}/history?path=./sub/b"))["items"]) == 2
    assert len((await ask(door, "GET", f"{SHOP}/revisions/1?listing=true&path=./sub"))["listing"]) == 1
    assert (await ask(door, "GET", f"{SHOP}/compare?from=1&to=2&path=./sub/b"))["rows"]
    missing = await ask(door, "GET", f"{SHOP}/diff?from=1&to=2&path=typo", 404)
    assert "typo" in missing["error"]["message"]
    await ask(door, "GET", f"{SHOP}/diff?from=1&to=2&path=../shop", 400)


async def test_a_name_ends_where_it_ends(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await ask(door, "POST", f"{SHOP}/fork", 400, json={"as": "two\n"})
    await ask(door, "GET", "/api/workspaces/shop%0A/revisions", 404)


async def test_strange_and_damaged_objects_hide_nothing_else(door: Door, shelf: Kept) -> None:
    """Consoles make an object of each folder; a snapshot's name is one small object of many."""
    await shelf.save("shop/a", "1")
    for name in ("good", "bad"):
        await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": name})
    objects = shelf.memory.objects
    for key in ("", "shop/", "shop/history/", "shop/history/revisions/", "shop/history/names/", "shop/live/"):
        objects[key or "/"] = b""
    objects["shop/history/revisions/README"] = objects["shop/history/names/%zz"] = b"what is this"
    objects["shop/history/names/bad"] = objects["shop/history/names/bad"][:-5]
    assert await shelf.save("shop/a", "2") == 4
    assert [one["seq"] for one in (await ask(door, "GET", f"{SHOP}/revisions"))["items"]] == [4, 3, 2, 1]
    assert [one["name"] for one in (await ask(door, "GET", f"{SHOP}/snapshots"))["items"]] == ["good"]
    assert (await ask(door, "GET", f"{SHOP}/timeline"))["total"] == 4
    assert (await ask(door, "GET", "/api/workspaces?deleted=true"))["items"] == []
    found = await result(door, "POST", f"{SHOP}/verify")
    assert not found["whole"]
    await result(door, "POST", f"{SHOP}/restore", json={"snapshot": "good"})
    damaged = await work(door, "POST", f"{SHOP}/restore", json={"snapshot": "bad"})
    assert damaged["error"]["reason"] == "bad-object"
