"""Acting on what was kept: restore, fork, sync, delete, purge, retention, and who may."""

from __future__ import annotations

import shutil

import pytest

from monitor.domain.access import Scope
from monitor.domain.history.revision import Why
from monitor.domain.moments import NS
from monitor.domain.tree import Tree
from monitor.web.openapi import PATH
from tests.support.faults import Fault
from tests.support.past import Kept
from tests.web.asking import ask
from tests.web.conftest import Door
from tests.web.past.parts import SHOP, result, work


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


async def test_a_moment_when_it_was_deleted_empties_nothing(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    shutil.rmtree(shelf.root / "shop")
    await shelf.history.commit("shop", shelf.root / "shop", Tree({}), kind=Why.DELETED)
    await shelf.save("shop/a", "2")
    refused = await ask(door, "POST", f"{SHOP}/restore", 404, json={"revision": 2, "dry_run": True})
    assert "revision 1" in refused["error"]["hint"]
    assert (await work(door, "POST", f"{SHOP}/restore", json={"revision": 2}))["error"]["reason"] == "not-found"
    assert (shelf.root / "shop/a").read_text() == "2"


async def test_all_are_restored_to_a_moment_that_is_one(door: Door, shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    for body in ({}, {"at": "not really"}):
        assert (await work(door, "POST", "/api/restore", json=body))["error"]["reason"] == "usage", body


async def test_an_empty_folder_is_deleted_too(door: Door, shelf: Kept) -> None:
    (shelf.root / "shop").mkdir()
    assert (await result(door, "DELETE", SHOP))["revision"] is None
    assert not (shelf.root / "shop").exists()
