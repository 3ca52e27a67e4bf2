"""What is pushed: one commit of what is kept, on top of nobody else's."""

from __future__ import annotations

import pytest

from monitor.ports.git import Rejected
from tests.support.following import FIRST, World
from tests.support.git_server import git


async def test_a_push_is_one_commit_of_what_is_kept_and_never_a_secret(world: World) -> None:
    world.remote.commit({**FIRST, ".env.example": "A="})
    await world.make()
    await world.kept.write("shop/.env", "TOKEN=very-secret")
    await world.kept.write("shop/node_modules/x/index.js", "1")
    await world.kept.write("shop/package.json", "{}")
    await world.kept.write("shop/index.html", "two")
    (world.folder() / "assets/style.css").unlink()

    done = await world.push()

    assert world.remote.paths("slipway/shop") == [".env.example", "index.html", "package.json", "run.sh"]
    assert world.remote.log("slipway/shop") == [f"Keep shop: revision {done['revision']}", "change"]
    assert world.remote.paths("main") == [".env.example", "assets/style.css", "index.html", "run.sh"]
    told = git(world.remote.bare, "log", "-1", "--format=%an <%ae>%n%b", "slipway/shop")
    assert told.startswith("Slipway <slipway@localhost>\n")
    assert f"Slipway-Revision: {done['revision']}" in told
    assert (await world.push())["commit"] is None
    assert len(world.remote.log("slipway/shop")) == 2
    git(world.remote.bare, "fsck", "--strict")
    secret = [p for p in (world.data / "git").rglob("*") if p.is_file() and b"very-secret" in p.read_bytes()]
    assert not secret


async def test_what_somebody_else_pushed_is_reported_and_never_overwritten(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    await world.kept.write("shop/index.html", "mine")
    await world.push()
    theirs = world.remote.commit({"index.html": "somebody else's"}, branch="other")
    git(world.remote.bare, "update-ref", "refs/heads/slipway/shop", theirs)
    await world.kept.write("shop/index.html", "mine again")
    with pytest.raises(Rejected, match="not from here"):
        await world.push()
    assert world.remote.show("slipway/shop:index.html") == "somebody else's"
    world.following.note("shop", world.folder(), None)
    assert "not from here" in world.shown["shop"].error  # type: ignore[union-attr]


async def test_pushing_to_the_branch_that_is_followed_needs_what_it_holds(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    await world.kept.write("shop/slipway.yaml", f"git: {{url: {world.url}, branch: main, to: main}}\n")
    await world.push()
    await world.kept.write("shop/index.html", "mine")
    world.remote.person.joinpath("x").touch()
    git(world.remote.person, "pull", "-q", "--ff-only", "origin", "main")
    world.remote.commit({"added": "there"})
    with pytest.raises(Rejected, match="not from here"):
        await world.push()
    assert (await world.pull())["conflicts"] == []
    await world.push()
    assert world.remote.show("main:index.html") == "mine"
    assert world.remote.show("main:added") == "there"
    assert (await world.pull())["written"] == 0


async def test_a_folder_of_a_repository_is_followed_and_the_rest_left_alone(world: World) -> None:
    world.remote.commit({"site/index.html": "one", "api/main.go": "package main"})
    await world.kept.write(
        "shop/slipway.yaml", f"git: {{url: {world.url}, path: site, author: Ada <a@example.org>}}\n"
    )
    assert (await world.pull())["written"] == 1
    await world.kept.write("shop/index.html", "two")
    await world.push()
    assert world.remote.paths("slipway/shop") == ["api/main.go", "site/index.html", "site/slipway.yaml"]
    assert git(world.remote.bare, "log", "-1", "--format=%an", "slipway/shop").strip() == "Ada"
