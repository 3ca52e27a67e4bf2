"""The doors to what was kept, over real services: look, name, compare, restore, fork, delete, purge."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.domain import keys
from monitor.domain.access import Scope
from monitor.domain.history.revision import Why
from monitor.domain.moments import NS
from monitor.domain.tree import Tree
from monitor.web.openapi import PATH
from monitor.web.server import dashboard_app
from tests.support.face import Stage
from tests.support.faults import Fault
from tests.support.past import Kept, kept
from tests.web.asking import JOB, ask, over
from tests.web.conftest import ORIGIN, Door, running

SHOP = "/api/workspaces/shop"
REVISION = {"seq", "time", "kind", "name", "files", "bytes", "grade"}


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path) as found:
        yield found


@pytest.fixture
async def door(stage: Stage, shelf: Kept) -> AsyncIterator[Door]:
    stage.face = dataclasses.replace(stage.face, past=shelf.past, restoring=shelf.restoring)
    app = dashboard_app(stage.face, frozenset({ORIGIN}))
    async with running(stage.jobs.run), TestClient(TestServer(app)) as client:
        yield Door(stage, client)


async def work(door: Door, method: str, path: str, **options: Any) -> dict[str, Any]:
    """What a job came to."""
    job = await ask(door, method, path, 202, **options)
    assert job.keys() >= JOB
    return await over(door, job)


async def result(door: Door, method: str, path: str, **options: Any) -> dict[str, Any]:
    done = await work(door, method, path, **options)
    assert done["state"] == "done", done["error"]
    return dict(done["result"])


async def test_revisions_come_newest_first_in_pages(door: Door, shelf: Kept) -> None:
    for number in range(5):
        await shelf.save("shop/a.txt", str(number))
    first = await ask(door, "GET", f"{SHOP}/revisions?limit=3")
    assert [one["seq"] for one in first["items"]] == [5, 4, 3]
    assert all(one.keys() >= REVISION for one in first["items"])
    assert (first["items"][0]["files"], first["items"][0]["bytes"], first["items"][0]["grade"]) == (1, 1, "settled")
    rest = await ask(door, "GET", f"{SHOP}/revisions?limit=3&before={first['next']}")
    assert ([one["seq"] for one in rest["items"]], rest["next"]) == ([2, 1], None)
    await ask(door, "GET", "/api/workspaces/nothing/revisions", 404)
    await ask(door, "GET", "/api/workspaces/..%2fshop/revisions", 404)
    await ask(door, "GET", f"{SHOP}/revisions?limit=x", 400)


async def test_a_workspace_nothing_is_kept_of_yet_has_no_revisions(door: Door, shelf: Kept) -> None:
    (shelf.root / "new").mkdir()
    assert await ask(door, "GET", "/api/workspaces/new/revisions") == {"items": [], "next": None}


async def test_a_revision_lists_its_files_in_pages_and_below_a_folder(door: Door, shelf: Kept) -> None:
    for path in ("a", "sub/b", "sub/c", "sub-d"):
        await shelf.write(f"shop/{path}", path)
    await shelf.push("shop")
    plain = await ask(door, "GET", f"{SHOP}/revisions/1")
    assert "listing" not in plain
    page = await ask(door, "GET", f"{SHOP}/revisions/newest?listing=true&limit=3")
    assert [one["path"] for one in page["listing"]] == ["a", "sub-d", "sub/b"]
    page = await ask(door, "GET", f"{SHOP}/revisions/1?listing=true&after={page['next']}")
    assert ([one["path"] for one in page["listing"]], page["next"]) == (["sub/c"], None)
    below = await ask(door, "GET", f"{SHOP}/revisions/1?listing=true&path=sub")
    assert [one["path"] for one in below["listing"]] == ["sub/b", "sub/c"]
    await ask(door, "GET", f"{SHOP}/revisions/9", 404)


async def test_snapshots_are_made_listed_changed_and_deleted(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/a", "2")
    body = {"name": "v1", "note": "first", "tags": ["b", "a"], "ttl_s": 60}
    made = await ask(door, "POST", f"{SHOP}/snapshots", 201, json=body)
    assert (made["seq"], made["kind"], made["tags"], made["expired"]) == (2, "manual", ["a", "b"], False)
    await ask(door, "POST", f"{SHOP}/snapshots", 409, json={"name": "v1"})
    old = await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": "first/one", "revision": 1})
    assert old["seq"] == 1
    listed = await ask(door, "GET", f"{SHOP}/snapshots?tag=a")
    assert listed == {"items": [made]}
    assert (await ask(door, "GET", f"{SHOP}/revisions"))["items"][0]["name"] == "v1"
    changed = await ask(
        door, "PATCH", f"{SHOP}/snapshots/v1", json={"add_tags": ["c"], "remove_tags": ["a"], "forever": True}
    )
    assert (changed["tags"], changed["expires_at"], changed["note"]) == (["b", "c"], None, "first")
    await ask(door, "DELETE", f"{SHOP}/snapshots/first%2Fone")
    await ask(door, "GET", f"{SHOP}/snapshots/first%2Fone", 404)
    for wrong in (
        {"name": "v2", "ttl_s": "7d"},
        {"name": "v2", "color": "red"},
        {"name": ""},
        {"name": "v2", "tags": "a"},
    ):
        assert (await ask(door, "POST", f"{SHOP}/snapshots", 400, json=wrong))["error"]["message"]


async def test_what_changed_and_every_version_of_one_file(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "one\n")
    await ask(door, "POST", f"{SHOP}/snapshots", 201, json={"name": "v1"})
    await shelf.save("shop/b", "b\n")
    await shelf.save("shop/a", "one\ntwo\n")
    found = await ask(door, "GET", f"{SHOP}/diff?from=v1&path=a&text=true")
    assert ([one["path"] for one in found["files"]], found["lines_added"]) == (["a"], 1)
    assert "+two" in found["text"]
    whole = await ask(door, "GET", f"{SHOP}/diff?from=1&to=newest")
    assert (whole["counts"]["added"], whole["counts"]["changed"], whole.get("text")) == (1, 1, None)
    versions = await ask(door, "GET", f"{SHOP}/history?path=a")
    assert [one["seq"] for one in versions["items"]] == [4, 1]
    await ask(door, "GET", f"{SHOP}/history", 400)
    await ask(door, "GET", f"{SHOP}/history?path=never", 404)
    await ask(door, "GET", f"{SHOP}/diff?from=yesterday", 400)


async def test_a_restore_is_planned_at_once_and_carried_out_as_a_job(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/.env", "SECRET=1")
    await shelf.save("shop/b", "2")
    plan = await ask(door, "POST", f"{SHOP}/restore", json={"revision": 1, "dry_run": True})
    assert plan["plan"]["counts"]["remove"] == 1
    assert (shelf.root / "shop/b").exists()
    done = await result(door, "POST", f"{SHOP}/restore", json={"revision": 1})
    assert (done["incomplete"], done["before"], done["chosen"]["revision"]) == (False, 3, 1)
    assert sorted(path.name for path in (shelf.root / "shop").iterdir()) == [".env", "a"]
    tree = await ask(door, "GET", f"{SHOP}/tree")
    assert {one["branch"] for one in tree["items"]} == {0, 1}
    await ask(door, "POST", f"{SHOP}/restore", 400, json={"revision": 1, "how": "fast"})
    failed = await work(door, "POST", f"{SHOP}/restore", json={"at": "2001-01-01 00:00:00Z"})
    assert (failed["state"], failed["error"]["reason"]) == ("failed", "not-found")


async def test_a_restore_names_the_clock_step_it_passed(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    shelf.clock.wall_ahead_ns += 3600 * NS
    await shelf.save("shop/a", "an hour ahead")
    shelf.clock.wall_ahead_ns -= 3600 * NS
    await shelf.save("shop/a", "3")
    found = await ask(door, "GET", f"{SHOP}/revisions")
    assert found["items"][0]["flags"] == ["clock-back"]
    before = found["items"][-1]["time"]
    plan = await ask(door, "POST", f"{SHOP}/restore", json={"at": before, "dry_run": True})
    assert plan["chosen"]["revision"] == 1
    assert [step["revision"] for step in plan["chosen"]["clock_steps"]] == [3]
    assert any("the clock was set back" in line for line in plan["lines"])


async def test_a_turn_that_is_announced_and_over_is_told(shelf: Kept, door: Door) -> None:
    told: list[str] = []
    shelf.turns.begun, shelf.turns.over = lambda n: told.append(f"begun {n}"), lambda n: told.append(f"over {n}")
    await shelf.save("shop/a", "1")
    await result(door, "POST", f"{SHOP}/restore", json={"revision": 1})
    await result(door, "POST", f"{SHOP}/fork", json={"as": "shop-2"})
    assert told == ["begun shop", "over shop", "begun shop-2", "over shop-2"]


async def test_a_fork_begins_with_what_is_there_now(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/a", "not kept yet")
    done = await result(door, "POST", f"{SHOP}/fork", json={"as": "shop-2"})
    assert (done["workspace"], done["after"]) == ("shop-2", 1)
    assert (shelf.root / "shop-2/a").read_text() == "not kept yet"
    revision = await ask(door, "GET", "/api/workspaces/shop-2/revisions/1")
    assert (revision["kind"], revision["from"]) == ("fork", {"workspace": "shop", "seq": 2})
    again = await work(door, "POST", f"{SHOP}/fork", json={"as": "shop-2"})
    assert again["error"]["reason"] == "conflict"
    await ask(door, "POST", f"{SHOP}/fork", 400, json={"as": "../up"})


async def test_sync_waits_until_the_store_has_it(door: Door, shelf: Kept) -> None:
    await shelf.write("shop/a", "1")
    done = await result(door, "POST", f"{SHOP}/sync", json={"direction": "push"})
    assert (done["revision"], done["new"]) == (1, True)
    assert "shop/live/a" in shelf.memory.objects
    assert (await result(door, "POST", f"{SHOP}/sync"))["new"] is False
    shelf.store.arm(Fault())
    await shelf.write("shop/a", "2")
    failed = await work(door, "POST", f"{SHOP}/sync")
    assert (failed["state"], failed["error"]["reason"]) == ("failed", "away")
    assert shelf.history.state("shop").spooled == 1, "kept here all the same"
    shelf.store.arm(None)
    refused = await ask(door, "POST", f"{SHOP}/sync", 403, json={"direction": "pull"})
    assert refused["error"]["hint"]
    await ask(door, "POST", f"{SHOP}/sync", 400, json={"direction": "sideways"})


async def test_a_damaged_object_is_named(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1" * 5000)
    assert (await result(door, "POST", f"{SHOP}/verify", json={"read_data": True}))["whole"] is True
    pack = next(key for key in shelf.memory.objects if "/packs/" in key)
    shelf.memory.objects[pack] = shelf.memory.objects[pack][:-1] + b"x"
    done = await result(door, "POST", f"{SHOP}/verify", json={"read_data": True})
    assert (done["whole"], done["problems"][0]["key"], done["problems"][0]["paths"]) == (False, pack, ["a"])


async def test_a_deleted_folder_is_listed_and_comes_back(door: Door, shelf: Kept) -> None:
    await shelf.write("shop/sub/b", "2")
    await shelf.save("shop/a", "1")
    assert await ask(door, "GET", "/api/workspaces?deleted=true") == {"items": []}
    done = await result(door, "DELETE", SHOP)
    assert (done["deleted"], (shelf.root / "shop").exists()) == (True, False)
    assert list((shelf.root / ".slipway").iterdir()) == []
    (gone,) = (await ask(door, "GET", "/api/workspaces?deleted=true"))["items"]
    assert (gone["name"], gone["revision"], gone["files"]) == ("shop", 1, 2)
    await result(door, "POST", f"{SHOP}/restore", json={})
    assert ((shelf.root / "shop/a").read_text(), (shelf.root / "shop/sub/b").read_text()) == ("1", "2")
    missing = await work(door, "POST", f"{SHOP}/restore", json={})
    assert missing["error"]["reason"] == "usage", "a folder that is there needs a moment"


async def test_files_that_are_never_kept_are_not_deleted_unasked(door: Door, shelf: Kept) -> None:
    await shelf.write("shop/.env", "TOKEN=1")
    await shelf.save("shop/a", "1")
    refused = await work(door, "DELETE", SHOP)
    assert refused["error"]["reason"] == "not-kept"
    assert (shelf.root / "shop/.env").exists()
    await result(door, "DELETE", f"{SHOP}?force=true")
    assert not (shelf.root / "shop").exists()


async def test_nothing_is_deleted_while_the_store_is_away(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.write("shop/a", "2")
    shelf.store.arm(Fault())
    assert (await work(door, "DELETE", SHOP))["error"]["reason"] == "away"
    assert (shelf.root / "shop/a").read_text() == "2"


async def test_purge_needs_the_name_again_and_a_folder_that_is_gone(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    await shelf.save("other/a", "1")
    await ask(door, "POST", f"{SHOP}/purge", 409, json={"confirm": "shop"})
    shutil.rmtree(shelf.root / "shop")
    await ask(door, "POST", f"{SHOP}/purge", 400, json={"confirm": "yes"})
    plan = await result(door, "POST", f"{SHOP}/purge", json={"dry_run": True})
    assert plan["revisions"] == 1
    await result(door, "POST", f"{SHOP}/purge", json={"confirm": "shop"})
    assert [key for key in shelf.memory.objects if key.startswith("shop/")] == []
    assert [key for key in shelf.memory.objects if key.startswith("other/")]
    assert shelf.forgotten == ["shop"]
    # What comes under this name later starts from nothing, in the mirror too.
    assert await shelf.save("shop/a", "1") == 1
    assert "shop/live/a" in shelf.memory.objects


async def test_losses_are_confirmed(door: Door, shelf: Kept) -> None:
    for number in range(120):
        (shelf.root / "shop").mkdir(exist_ok=True)
        (shelf.root / f"shop/{number}").write_text("x")
    await shelf.save("shop/a", "1")
    for number in range(120):
        (shelf.root / f"shop/{number}").unlink()
    assert await shelf.push("shop") == 2
    assert "shop/live/7" in shelf.memory.objects
    assert await ask(door, "POST", f"{SHOP}/confirm-deletes") == {"workspace": "shop", "mirror": 120, "revision": 2}
    await shelf.push("shop")
    assert "shop/live/7" not in shelf.memory.objects
    assert await ask(door, "POST", f"{SHOP}/confirm-deletes") == {"workspace": "shop", "mirror": 0, "revision": None}


async def test_retention_says_why(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    shelf.clock.wall_ahead_ns += 60 * NS
    await shelf.save("shop/a", "2")
    found = await ask(door, "GET", f"{SHOP}/retention")
    assert [(one["seq"], one["keep"]) for one in found["decisions"]] == [(1, True), (2, True)]
    assert all(one["reasons"] for one in found["decisions"])
    assert (await result(door, "POST", f"{SHOP}/retention"))["dry_run"] is False
    await ask(door, "GET", "/api/workspaces/nothing/retention", 404)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/revisions", Scope.READ),
        ("GET", "/retention", Scope.READ),
        ("POST", "/snapshots", Scope.OPERATE),
        ("POST", "/sync", Scope.OPERATE),
        ("DELETE", "", Scope.OPERATE),
        ("POST", "/purge", Scope.ADMIN),
    ],
)
async def test_each_path_needs_its_scope(door: Door, method: str, path: str, scope: Scope) -> None:
    lesser = door.bearer(Scope(scope - 1)) if scope > Scope.READ else {}
    response = await door.client.request(method, SHOP + path, headers=lesser)
    assert response.status == (403 if lesser else 401)
    described = (await ask(door, "GET", PATH))["paths"]["/api/workspaces/{name}" + path]
    assert described[method.lower()]["security"] == [{"token": [scope.word]}]
    assert described[method.lower()]["summary"]


async def test_nothing_acts_on_a_workspace_that_is_being_restored(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    async with shelf.turns.hold("shop", "restoring revision 1"):
        busy = await ask(door, "POST", f"{SHOP}/sync", 409)
    assert "restoring revision 1" in busy["error"]["message"]


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


async def test_a_moment_when_it_was_deleted_empties_nothing(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    shutil.rmtree(shelf.root / "shop")
    await shelf.history.commit("shop", shelf.root / "shop", Tree({}), kind=Why.DELETED)
    await shelf.save("shop/a", "2")
    refused = await ask(door, "POST", f"{SHOP}/restore", 404, json={"revision": 2, "dry_run": True})
    assert "revision 1" in refused["error"]["hint"]
    assert (await work(door, "POST", f"{SHOP}/restore", json={"revision": 2}))["error"]["reason"] == "not-found"
    assert (shelf.root / "shop/a").read_text() == "2"


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


async def test_all_are_restored_to_a_moment_that_is_one(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    for body in ({}, {"at": "not really"}):
        assert (await work(door, "POST", "/api/restore", json=body))["error"]["reason"] == "usage", body


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


async def test_an_empty_folder_is_deleted_too(door: Door, shelf: Kept) -> None:
    (shelf.root / "shop").mkdir()
    assert (await result(door, "DELETE", SHOP))["revision"] is None
    assert not (shelf.root / "shop").exists()
