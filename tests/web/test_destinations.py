"""Destinations and restoring over the API and the command line: shapes, scopes, refusals; real services below."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.access import Scope
from monitor.domain.restoring.plan import Mode
from monitor.services.destinations.backups import Backups
from monitor.services.destinations.destinations import Destinations
from monitor.services.history.archive import Archive
from monitor.services.restore.restoring import Asked, Restoring
from tests.services.destinations.worlds import World, begin, history_of, world, write_some
from tests.support.face import Stage
from tests.web.asking import ask, over
from tests.web.conftest import Door


@pytest.fixture
def kept(tmp_path: Path, stage: Stage) -> Any:
    """A world with one destination, behind the face."""
    with world(tmp_path) as made:
        destinations = Destinations([made.destination()], made.time)

        async def primary() -> Any:
            raise AssertionError("not asked here")

        @asynccontextmanager
        async def opened(name: str) -> AsyncIterator[Archive]:
            yield Archive(made.primary if name == "primary" else made.there)

        def restorer(archive: Archive) -> Any:
            return Planner()

        stage.face = replace(
            stage.face,
            backups=Backups(destinations, primary),
            restoring=Restoring(opened, restorer, made.time),
        )
        yield made


class Planner:
    """Says what it was asked to restore."""

    async def plan(self, wish: Any) -> Any:
        return Planned(wish)

    async def run(self, wish: Any, *, tell: Any) -> Any:
        return Planned(wish)


class Planned:
    """Stands for a plan and a result."""

    incomplete = False

    def __init__(self, wish: Any) -> None:
        self.wish = wish

    def as_json(self) -> dict[str, Any]:
        wish = self.wish
        return {"chosen": wish.chosen.as_json(), "mode": wish.mode.value, "path": wish.path, "as": wish.as_name}

    def lines(self) -> list[str]:
        return [f"revision {self.wish.chosen.seq}"]


async def test_a_destination_is_listed_copied_to_and_verified(kept: World, door: Door) -> None:
    await begin(kept.primary)
    await write_some(kept.primary)
    (listed,) = (await ask(door, "GET", "/api/destinations"))["items"]
    assert (listed["name"], listed["state"], listed["lag_s"], listed["verified_at"]) == ("nas", "idle", None, None)
    job = await ask(door, "POST", "/api/destinations/nas/run", 202, json={"dry_run": True})
    planned = (await over(door, job))["result"]
    assert planned["copied"]["revisions"] == 5
    assert not kept.there.objects
    done = await over(door, await ask(door, "POST", "/api/destinations/nas/run", 202, json={"mode": "incremental"}))
    assert done["result"]["problems"] == []
    assert kept.there.objects == history_of(kept.primary)
    assert (await over(door, await ask(door, "POST", "/api/destinations/nas/verify", 202)))["result"]["sound"]
    (listed,) = (await ask(door, "GET", "/api/destinations"))["items"]
    assert listed["complete_at"]
    assert listed["verified_at"]
    assert await ask(door, "POST", "/api/destinations/nas/confirm") == {"destination": "nas", "confirmed": []}


async def test_what_is_wrong_has_the_error_shape(kept: World, door: Door) -> None:
    for path, body, status in (
        ("/api/destinations/none/run", {}, 404),
        ("/api/destinations/nas/run", {"mode": "both"}, 400),
        ("/api/destinations/nas/run", {"colour": "red"}, 400),
        ("/api/destinations/nas/run", {"workspaces": "shop"}, 400),
        ("/api/destinations/nas/run", {"workspaces": ["../x"]}, 400),
        ("/api/destinations/nas/run", {"dry_run": "yes"}, 400),
        ("/api/destinations/nas/verify", {"repair": 1}, 400),
        ("/api/workspaces/shop/restore", {"mode": "both", "at": "now"}, 400),
        ("/api/workspaces/shop/restore", {"revision": "1"}, 400),
        ("/api/workspaces/shop/restore", {"at": 5}, 400),
        ("/api/workspaces/shop/restore", {"when": "now"}, 400),
        ("/api/workspaces/..%2Fx/restore", {"at": "now"}, 404),
        ("/api/restore", {"workspaces": [5], "at": "now"}, 400),
    ):
        answer = await ask(door, "POST", path, status, json=body)
        assert answer["error"]["message"], path
    failed = await over(door, await ask(door, "POST", "/api/destinations/nas/run", 202))
    assert failed["state"] == "failed"
    assert "Nothing is kept yet" in failed["error"]["message"]


async def test_reading_is_not_enough_to_copy_or_to_restore(kept: World, door: Door) -> None:
    assert (await door.client.get("/api/destinations", headers=door.bearer(Scope.READ))).status == 200
    for path in ("/api/destinations/nas/run", "/api/workspaces/shop/restore", "/api/restore"):
        assert (await door.client.post(path, headers=door.bearer(Scope.READ))).status == 403


async def test_no_folder_of_the_host_is_restored_to_over_the_network(kept: World, door: Door) -> None:
    answer = await ask(door, "POST", "/api/workspaces/shop/restore", 403, json={"at": "now", "into": "/etc/cron.d"})
    assert "network" in answer["error"]["message"]


async def test_a_restore_says_what_it_chose(kept: World, door: Door) -> None:
    await begin(kept.primary)
    await write_some(kept.primary)
    body = {"snapshot": "first", "mode": "merge", "path": "a", "as": "shop-2"}
    result = (await over(door, await ask(door, "POST", "/api/workspaces/shop/restore", 202, json=body)))["result"]
    assert (result["chosen"]["revision"], result["mode"], result["as"]) == (1, "merge", "shop-2")
    assert result["lines"] == ["revision 1"]
    failed = await over(door, await ask(door, "POST", "/api/workspaces/shop/restore", 202, json={"revision": 99}))
    assert failed["error"]["reason"] in {"not-found", "no-such-key"}


async def test_all_workspaces_to_a_moment_and_what_was_not_there_is_left(kept: World, stage: Stage) -> None:
    await begin(kept.primary)
    shop = await write_some(kept.primary)
    await write_some(kept.primary, "later", 1)
    restoring = stage.face.restoring
    assert restoring is not None
    asked = Asked(at="2023-11-14T22:13:20.000000003Z", mode=Mode.MIRROR, dry_run=True)
    result = await restoring.all((), asked, lambda *_: None)
    assert {item["workspace"]: item["chosen"]["revision"] for item in result["items"]} == {"later": 1, "shop": 3}
    early = await restoring.all((), Asked(at="2020-01-01T00:00:00Z"), lambda *_: None)
    assert all(item["skipped"] for item in early["items"])
    assert early["problems"] == []
    await shop.save({}, shop.header.time_ns + 1 if shop.header else 0, kind="deleted")
    kept.time.pass_(60)
    late = await restoring.all(["shop"], Asked(at="now"), lambda *_: None)
    assert "deleted" in late["items"][0]["skipped"]


async def test_without_destinations_the_list_is_empty(door: Door) -> None:
    assert await ask(door, "GET", "/api/destinations") == {"items": []}
    assert await ask(door, "POST", "/api/destinations/nas/run", 404)


async def test_what_only_a_copy_holds_is_an_admins_to_remove(kept: World, door: Door) -> None:
    """As purging is: nothing brings it back."""
    operate = door.bearer(Scope.OPERATE)
    post = door.client.post
    assert (await post("/api/destinations/nas/confirm", headers=operate)).status == 403
    assert (await post("/api/destinations/nas/run", json={"confirm": True}, headers=operate)).status == 403
    assert (await post("/api/destinations/nas/run", json={}, headers=operate)).status == 202
    assert (await post("/api/destinations/nas/confirm", headers=door.bearer())).status == 200
