"""`Git`'s promises, kept by real git over a real HTTP remote."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.adapters.git import objects
from monitor.adapters.git.clones import Clones
from monitor.adapters.git.credentials import FILE, Credential, Credentials
from monitor.adapters.git.running import Runner
from monitor.domain.git.leaf import FILE as PLAIN
from monitor.domain.git.leaf import LINK, MODULE, PROGRAM, Leaf
from monitor.domain.git.names import Author
from monitor.domain.git.urls import parse_url
from monitor.errors import NotFound, UsageError
from monitor.ports.git import GitAway, Rejected, TooLarge
from tests.support.git_server import Remote, git, served

SECRET = "s3cret-t0ken-of-a-test"
ADA = Author("Ada", "ada@example.org")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


@pytest.fixture
async def address(remote: Remote) -> AsyncIterator[str]:
    async with served(remote.folder, user="robot", password=SECRET) as base:
        yield f"{base}repo.git"


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[Clones]:
    (tmp_path / "data").mkdir()
    made = Clones(tmp_path / "data" / "git", Credentials(tmp_path / "data"), frozenset({"http"}))
    yield made
    made.close()


def allow(data: Path, address: str, more: str = "", mode: int = 0o600) -> None:
    (data / FILE).write_text(
        f'[[credential]]\nurl = "{address}"\nusername = "robot"\npassword = "{SECRET}"\n{more}\n'
    )
    (data / FILE).chmod(mode)


async def blob(clones: Clones, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    return (await clones.put("shop", {sha256: data}))[sha256]


async def test_a_tree_comes_whole_and_goes_back_as_git_itself_reads_it(
    remote: Remote, clones: Clones, address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    allow(tmp_path / "data", address)
    (remote.person / "deep" / "er").mkdir(parents=True)
    (remote.person / "link").symlink_to("deep/er")
    first = remote.commit(
        {"a.txt": "one", "a-b": "sorts", "a/x": "odd", "deep/er/run.sh": "#!/bin/sh\n", "é ü": b"\0"}
    )
    (remote.person / "deep/er/run.sh").chmod(0o755)
    tip = remote.commit({os.fsdecode(b"latin-\xe9"): "name"})

    found = await clones.fetch("shop", parse_url(address))
    assert (found.branch, found.commit) == ("main", tip)
    leaves = await clones.leaves("shop", tip)
    assert set(leaves) == {"a.txt", "a-b", "a/x", "deep/er/run.sh", "é ü", "link", os.fsdecode(b"latin-\xe9")}
    assert (leaves["deep/er/run.sh"].mode, leaves["link"].mode, leaves["a.txt"].mode) == (PROGRAM, LINK, PLAIN)
    assert (await clones.contents("shop", [leaves["link"].id]))[leaves["link"].id] == b"deep/er"
    assert await clones.count("shop", first, tip) == 1
    assert await clones.is_ancestor("shop", first, tip)
    assert not await clones.is_ancestor("shop", tip, first)

    changed = {**leaves, "a/y/z": Leaf(PLAIN, await blob(clones, b"new")), "module": Leaf(MODULE, "1" * 40)}
    made = await clones.commit("shop", changed, tip, "a title\n\na note\n", author=ADA, at_ns=10**18)
    assert made is not None
    assert await clones.commit("shop", changed, made, "again", author=ADA, at_ns=10**18) is None
    await clones.push("shop", parse_url(address), made, "slipway/shop")
    git(remote.bare, "fsck", "--strict")
    assert remote.show("slipway/shop:a/y/z") == "new"
    assert git(remote.bare, "diff", "--name-only", tip, made).splitlines() == ["a/y/z", "module"]
    assert await clones.stored("shop") == {hashlib.sha256(b"new").hexdigest(): changed["a/y/z"].id}
    everything = [
        path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file() and path.name != FILE
    ]
    assert not any(SECRET.encode() in data for data in everything)
    assert SECRET not in caplog.text


async def test_a_branch_only_moves_forward(remote: Remote, clones: Clones, address: str, tmp_path: Path) -> None:
    allow(tmp_path / "data", address)
    first = remote.commit({"a": "1"})
    await clones.fetch("shop", parse_url(address))
    remote.commit({"a": "2"})
    mine = await clones.commit("shop", {"a": Leaf(PLAIN, await blob(clones, b"3"))}, first, "m", author=ADA, at_ns=0)
    assert mine is not None
    with pytest.raises(Rejected):
        await clones.push("shop", parse_url(address), mine, "main")
    assert remote.show("main:a") == "2"
    assert (await clones.fetch("shop", parse_url(address), "nowhere")).commit is None


async def test_only_the_right_credential_lets_in_and_none_is_ever_told(
    remote: Remote, clones: Clones, address: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    remote.commit({"a": "1"})
    with pytest.raises(GitAway) as none:
        await clones.fetch("shop", parse_url(address))
    assert none.value.reason == "git-denied"
    allow(data, address, 'workspaces = ["other"]')
    with pytest.raises(GitAway):
        await clones.fetch("shop", parse_url(address))
    allow(data, "http://127.0.0.1:1/")
    with pytest.raises(GitAway):
        await clones.fetch("shop", parse_url(address))
    allow(data, address.replace("repo.git", ""), mode=0o644)
    with pytest.raises(UsageError, match="can be read by others") as seen:
        await clones.fetch("shop", parse_url(address))
    assert SECRET not in seen.value.message
    allow(data, address.replace("repo.git", ""))
    assert (await clones.fetch("shop", parse_url(address))).commit


async def test_the_credential_stays_where_it_belongs_when_the_remote_leads_elsewhere(
    remote: Remote, clones: Clones, address: str, tmp_path: Path
) -> None:
    """A remote that redirects must not get another host shown the credential."""
    from aiohttp import web

    from tests.support.ports import free_port

    shown: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Authorization", ""))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})

    async def leads_away(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://127.0.0.1:{second}{request.rel_url}")

    first, second = free_port(), free_port()
    runners = []
    for port, handler in ((first, leads_away), (second, elsewhere)):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        runners.append(runner)
    allow(tmp_path / "data", f"http://127.0.0.1:{first}/")
    with pytest.raises(GitAway):
        await clones.fetch("shop", parse_url(f"http://127.0.0.1:{first}/repo.git"))
    for runner in runners:
        await runner.cleanup()
    assert shown
    assert set(shown) == {""}


async def test_what_is_not_allowed_is_not_reached_for(tmp_path: Path, remote: Remote) -> None:
    """Whoever asks: also for an address nobody looked at before."""
    remote.commit({"a": "1"})
    clones = Clones(tmp_path / "git", Credentials(tmp_path), frozenset({"https"}))
    for text in (f"file://{remote.bare}", str(remote.bare), "http://127.0.0.1:1/x"):
        with pytest.raises(GitAway, match="not allowed"):
            await clones.fetch("shop", parse_url(text))
    with pytest.raises(NotFound):
        await clones.leaves("../shop", "1" * 40)
    clones.close()


async def test_git_knows_no_configuration_but_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's, nor the user's, nor what the monitor was started with."""
    home, marker = tmp_path / "home", tmp_path / "ran"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[core]\n\tsshCommand = "touch {marker}"\n\thooksPath = {home}\n')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {marker}")
    monkeypatch.setenv("GIT_ASKPASS", f"{marker}")
    monkeypatch.setenv("GIT_DIR", str(home))
    monkeypatch.setenv("SLIPWAY_S3_SECRET_KEY", SECRET)
    clones = Clones(tmp_path / "git", Credentials(tmp_path), frozenset({"ssh"}))
    with pytest.raises(GitAway):
        await clones.fetch("shop", parse_url("ssh://git@127.0.0.1:1/x.git"))
    clones.close()
    assert not marker.exists()
    environment = Runner(tmp_path / "git", ["ssh"]).environment(tmp_path / "git/shop.git")
    assert SECRET not in environment.values()
    listed = git_config(tmp_path / "git" / "shop.git", environment)
    assert "hooksPath=/dev/null" in listed.replace("hookspath", "hooksPath")
    assert str(home) not in listed


def git_config(clone: Path, environment: dict[str, str]) -> str:
    import subprocess

    return subprocess.run(
        ["git", f"--git-dir={clone}", "config", "--list"], env=environment, capture_output=True, text=True, check=True
    ).stdout


async def test_what_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "git", ["https"])
    runner.prepare()
    with pytest.raises(GitAway, match="did not finish"):
        await runner.run(tmp_path / "x.git", "-c", "alias.wait=!sleep 600", "wait", within_s=0.3)


def test_the_longest_address_that_fits_is_used(tmp_path: Path) -> None:
    own = Credential(url="https://example.org", username="all")
    (tmp_path / FILE).write_text('[[credential]]\nurl = "https://example.org/team/"\nusername = "team"\n')
    (tmp_path / FILE).chmod(0o600)
    found = Credentials(tmp_path, own)
    for address, username in (
        ("https://example.org/team/shop.git", "team"),
        ("https://example.org/teams/shop.git", "all"),
        ("https://someone@example.org/team/shop", "team"),
    ):
        assert found.find("shop", parse_url(address)).username == username  # type: ignore[union-attr]
    for address in ("https://example.org.evil.test/x", "http://example.org/team/x", "https://example.org:444/team/x"):
        assert found.find("shop", parse_url(address)) is None


async def test_the_keys_of_whoever_runs_the_monitor_are_not_tried(tmp_path: Path) -> None:
    """A workspace names the address: only a credential meant for it may be shown there."""
    import shlex

    runner, url = Runner(tmp_path / "git", ["ssh"]), parse_url("git@example.org:x.git")
    words = shlex.split(runner.environment(tmp_path / "x.git", url)["GIT_SSH_COMMAND"])
    assert "IdentityFile=none" in words
    assert "IdentityAgent=none" in words
    key = Credential(url="ssh://git@example.org", ssh_key=tmp_path / "key")
    words = shlex.split(runner.environment(tmp_path / "x.git", url, key)["GIT_SSH_COMMAND"])
    assert words[-2:] == ["-i", str(tmp_path / "key")]
    assert "IdentityFile=none" not in words


async def test_a_remote_that_is_too_large_is_not_taken(
    remote: Remote, clones: Clones, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is nobody's promise: what comes is weighed while it comes, and nothing of it stays."""
    allow(tmp_path / "data", address)
    clones.most = 1024 * 1024
    monkeypatch.setattr("monitor.adapters.git.clones.LOOK_S", 0.01)
    remote.commit({"small": "1"})
    assert (await clones.fetch("shop", parse_url(address))).commit
    remote.commit({f"large-{number}": os.urandom(1024 * 1024) for number in range(24)})
    with pytest.raises(TooLarge):
        await clones.fetch("shop", parse_url(address))
    kept = tmp_path / "data" / "git" / "shop.git" / "objects"
    assert sum(path.stat().st_size for path in kept.rglob("*") if path.is_file()) < 1024 * 1024


async def test_a_tree_that_holds_itself_over_and_over_is_not_unfolded(clones: Clones, tmp_path: Path) -> None:
    """A kilobyte of trees, a million million paths."""
    leaf = Leaf(PLAIN, await blob(clones, b"x" * 100))

    def bomb(place: Path) -> str:
        with objects.opened(place, {}) as those:
            tree = those.put_tree({f"f{number}": leaf for number in range(10)})
            for _ in range(11):
                entries = b"".join(b"40000 d%d\0%s" % (number, bytes.fromhex(tree)) for number in range(10))
                tree = those.put(entries, b"tree")
            return those.put_commit(tree, None, "bomb", ADA, 0)

    def long(place: Path) -> str:
        with objects.opened(place, {}) as those:
            tree = those.put_tree({f"f{number}": leaf for number in range(1000)})
            tree = those.put(b"40000 %s\0%s" % (b"x" * 1_000_000, bytes.fromhex(tree)), b"tree")
            return those.put_commit(tree, None, "long", ADA, 0)

    def talkative(place: Path) -> str:
        with objects.opened(place, {}) as those:
            return those.put_commit(those.put_tree({"f": leaf}), None, "m" * 9_000_000, ADA, 0)

    await clones.stored("shop")
    told = await asyncio.to_thread(talkative, tmp_path / "data" / "git" / "shop.git")
    with pytest.raises(TooLarge):
        await clones.leaves("shop", told)
    endless = await asyncio.to_thread(long, tmp_path / "data" / "git" / "shop.git")
    with pytest.raises(TooLarge):
        await clones.leaves("shop", endless)
    commit = await asyncio.to_thread(bomb, tmp_path / "data" / "git" / "shop.git")
    with pytest.raises(TooLarge):
        await clones.leaves("shop", commit)
    with clones.opened("shop") as blobs:
        assert blobs.size(leaf.id) == 100
