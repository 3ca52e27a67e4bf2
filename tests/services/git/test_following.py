"""Following a remote by the clock: when it pulls and pushes, what is said when it cannot, what is forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.adapters.git.credentials import FILE as CREDENTIALS
from monitor.domain.config_git import Git as Terms
from monitor.domain.config_text import ConfigError
from monitor.domain.workspace import Phase
from monitor.errors import Refused
from monitor.ports.git import GitAway
from monitor.services.git.book import FILE
from tests.support.following import FIRST, World, followed, quiet
from tests.support.git_server import git, served


async def test_it_pulls_at_the_start_and_pushes_when_it_is_time(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    following, folder = world.following, world.folder()

    async def looks(terms: Terms) -> list[str]:
        following.note("shop", folder, terms)
        await following._look("shop", folder, terms)
        kinds = [kind for kind, _, _ in world.begun]
        await world.jobs()
        return kinds

    plain = Terms(url=world.url, branch="main")
    assert await looks(plain) == [], "it was just made"
    following.phase("shop", Phase.STOPPED)
    following.phase("shop", Phase.STARTING)
    assert await looks(plain) == ["pull"]
    assert await looks(plain) == []

    nightly = Terms(url=world.url, branch="main", push="0 3 * * *")
    assert await looks(nightly) == []
    await world.kept.write("shop/index.html", "two")
    world.kept.clock.wall_ahead_ns += 25 * 3600 * 10**9
    assert await looks(nightly) == ["push"]
    assert world.remote.show("slipway/shop:index.html") == "two"

    on_commit = Terms(url=world.url, branch="main", push="on-commit")
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/topic\n")
    (folder / ".git" / "refs" / "heads" / "topic").write_text("1" * 40)
    assert await looks(on_commit) == []
    await world.kept.write("shop/index.html", "three")
    (folder / ".git" / "refs" / "heads" / "topic").write_text("2" * 40)
    assert await looks(on_commit) == ["push"]
    assert world.remote.log("slipway/shop")[0] == f"shop at {'2' * 12} of topic"

    following.note("shop", folder, Terms(url=world.url, push="on-snapshot"))
    await world.kept.write("shop/index.html", "four")
    shown = await world.kept.past.acting.snapshot("shop", "v1", note="the first")
    await world.kept.write("shop/index.html", "five")
    following.snapshot_made("shop", shown)
    await world.jobs()
    assert world.remote.show("slipway/shop:index.html") == "four"
    assert git(world.remote.bare, "log", "-1", "--format=%s|%b", "slipway/shop").startswith("v1|the first")
    state = world.shown["shop"]
    assert state is not None
    assert (state.pushed_revision, state.ahead) == (shown["seq"], 0)


async def test_what_does_not_work_is_said_and_tried_again_later(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    following, terms = world.following, Terms(url=world.url, branch="main")
    moved = world.remote.bare.rename(world.remote.bare.with_name("away.git"))
    following._begun.clear()
    following.note("shop", world.folder(), terms)
    await following._look("shop", world.folder(), terms)
    with pytest.raises(GitAway):
        await world.jobs()
    assert "not reached" in world.shown["shop"].error  # type: ignore[union-attr]
    moved.rename(world.remote.bare)
    await following._look("shop", world.folder(), terms)
    assert world.begun == [], "not every few seconds"
    world.kept.clock.ahead += 700
    await following._look("shop", world.folder(), terms)
    await world.jobs()
    assert world.shown["shop"].error == ""  # type: ignore[union-attr]


async def test_a_folder_that_went_away_is_forgotten_with_its_clone(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    assert (world.data / "git" / "shop.git").is_dir()
    await world.following.sweep(["shop"])
    assert "shop" in json.loads((world.data / FILE).read_text())
    await world.following.sweep([])
    assert (world.data / "git" / "shop.git").is_dir(), "a disk that is not there is no deletion"
    await world.following.sweep(["other"])
    assert not (world.data / "git" / "shop.git").exists()
    assert json.loads((world.data / FILE).read_text()) == {}
    with pytest.raises(Refused, match="follows no remote"):
        await world.pull()


async def test_only_allowed_protocols_are_reached_for(world: World) -> None:
    await world.kept.write("shop/slipway.yaml", "git: {url: 'https://example.org/x.git'}\n")
    with pytest.raises(Refused, match="https is not a protocol"):
        await world.pull()
    await world.kept.write("shop/slipway.yaml", "git: {url: 'ext::touch /tmp/x'}\n")
    with pytest.raises(ConfigError, match=r"git\.url"):
        await world.pull()


async def test_the_secret_is_nowhere_but_where_it_was_put(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret = "a-token-nobody-may-see"
    async with followed(tmp_path, git_protocols="http") as world:
        world.remote.commit(FIRST)
        async with served(world.remote.folder, user="robot", password=secret) as base:
            url = f"{base}repo.git"
            with pytest.raises(GitAway) as denied:
                await world.following.make("shop", url, None, quiet)
            path = world.data / CREDENTIALS
            path.write_text(f'[[credential]]\nurl = "{base}"\nusername = "robot"\npassword = "{secret}"\n')
            path.chmod(0o600)
            made = await world.following.make("shop", url, None, quiet)
            await world.kept.write("shop/index.html", "two")
            pushed = await world.push()
            path.unlink()
        said = [denied.value.message, denied.value.hint, caplog.text, json.dumps([made, pushed])]
        assert not any(secret in text for text in said)
        everything = [p for p in tmp_path.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
        assert everything == []
