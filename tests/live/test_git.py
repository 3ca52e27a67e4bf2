"""A workspace and its remote, through the whole monitor: made, pulled, pushed, in conflict, with a password."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.git_server import Remote, served
from tests.support.jobs import result_of
from tests.support.slipway import ROOT, Slipway, write

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

SECRET = "a-token-that-nobody-may-see"


@contextmanager
def remote_over_http(folder: Path) -> Iterator[str]:
    """A real HTTP remote beside the test; the address below which its repositories are."""
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[str] = []

    async def serve() -> None:
        async with served(folder, user="robot", password=SECRET) as base:
            found.append(base)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="remote")
    thread.start()
    try:
        assert ready.wait(20)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()


def command(slipway: Slipway, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words, "--data", str(slipway.data)],
        cwd=ROOT, env=slipway.environment, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    told = done.stdout + done.stderr
    return done.returncode, told if done.returncode in {0, 4, 5} else f"{told}\n{slipway.log()}"


def test_a_workspace_comes_from_a_remote_follows_it_and_is_pushed(tmp_path: Path) -> None:
    remote = Remote(tmp_path / "remote")
    marker = tmp_path / "ran"
    remote.commit({"index.html": "first", "old.txt": "old", ".env": "FROM=remote"})
    environment = {
        "SLIPWAY_GIT_TOKEN": SECRET,
        "SLIPWAY_GIT_USERNAME": "robot",
        "SLIPWAY_GIT_PROTOCOLS": "http",
    }
    with remote_over_http(tmp_path / "remote") as base:
        environment["SLIPWAY_GIT_URL"] = base
        url = f"{base}repo.git"
        with Slipway("process", scan_s=1, environment=environment) as slipway:
            said = [*made_from(slipway, url)]
            said += watch_argv(slipway)

            # A hostile `.git` beside it, which nobody may ask git about.
            git = slipway.workspaces / "shop" / ".git"
            write(git, {"HEAD": "ref: refs/heads/mine\n", "refs/heads/mine": "1" * 40 + "\n"})
            hostile = f'[core]\n\tfsmonitor = "touch {marker}; false"\n\tsshCommand = touch {marker}\n'
            write(git, {"config": hostile, "objects/x": "", "index": "DIRC"})

            commit = remote.commit({"index.html": "second", "old.txt": None, "new.txt": "new"})
            done = result_of(slipway.client, slipway.client.post("/api/workspaces/shop/sync", {"direction": "pull"}))
            assert (done["written"], done["removed"], done["conflicts"]) == (2, 1, [])
            slipway.until_text("/shop/", "second")
            assert slipway.state("shop")["git"]["pulled"] == commit
            assert not (slipway.workspaces / "shop" / "old.txt").exists()

            slipway.edit(
                "shop", {"index.html": "mine", "slipway.yaml": f"git: {{url: '{url}', push: on-snapshot}}\n"}
            )
            slipway.until(lambda: slipway.state("shop")["git"]["push"] == "on-snapshot" or None, what="the new terms")
            made = slipway.client.post("/api/workspaces/shop/snapshots", {"name": "v1", "note": "the first"})
            assert made["name"] == "v1"
            slipway.until(lambda: pushed(remote) == "v1" or None, what="the snapshot to be pushed")
            assert remote.show("slipway/shop:index.html") == "mine"
            assert ".git/config" not in remote.paths("slipway/shop")
            assert remote.show("slipway/shop:.env") == "FROM=remote"

            remote.commit({"index.html": "theirs", "quiet.txt": "q"})
            code, told = command(slipway, "sync", "shop", "--pull")
            assert code == 5, told
            assert "CONFLICT  index.html" in told
            assert (slipway.workspaces / "shop" / "index.html").read_text() == "mine"
            assert not (slipway.workspaces / "shop" / "quiet.txt").exists()
            state = slipway.state("shop")["git"]
            assert (state["conflicts"], state["behind"]) == (["index.html"], 1)
            said += [slipway.log(10_000), json.dumps(slipway.client.get("/api/jobs")), told]

            # With the monitor stopped, both sides become the same again.
            slipway.interrupt()
            slipway.edit("shop", {"index.html": "theirs"})
            slipway.environment["SLIPWAY_WORKSPACES"] = str(slipway.workspaces)
            code, told = command(slipway, "sync", "shop")
            assert (code, "slipway/shop is at" in told) == (0, True), told
            assert remote.show("slipway/shop:index.html") == "theirs"
            said.append(told)

            # So the next start brings the rest by itself.
            slipway.start()
            slipway.until(lambda: (slipway.workspaces / "shop" / "quiet.txt").exists() or None, what="the pull")
            slipway.until(lambda: slipway.state("shop")["git"]["conflicts"] == [] or None, what="no conflict")
            said.append(slipway.log(10_000))

            assert not marker.exists()
            assert not any(SECRET in text for text in said)
            kept = [p for p in slipway.folder.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
            assert kept == []


def made_from(slipway: Slipway, url: str) -> Iterator[str]:
    code, told = command(slipway, "new", "shop", "--from-git", url)
    assert (code, "shop is made" in told) == (0, True), told
    yield told
    slipway.until_serving("shop")
    slipway.until_text("/shop/", "first")
    state = slipway.state("shop")
    assert (state["git"]["url"], state["git"]["branch"]) == (url, "main")
    assert (slipway.workspaces / "shop" / ".env").read_text() == "FROM=remote"
    again = slipway.client.post("/api/workspaces", {"name": "twin", "git": {"url": url, "branch": "main"}})
    assert again["kind"] == "new"
    result_of(slipway.client, again)
    assert (slipway.workspaces / "twin" / "index.html").read_text() == "first"
    slipway.delete("twin")
    yield json.dumps(again)


def watch_argv(slipway: Slipway) -> list[str]:
    """What everybody on this machine can read of our processes."""
    found = []
    for process in slipway.processes():
        try:
            found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def pushed(remote: Remote) -> str:
    """The first line of what was pushed last; empty before that."""
    return remote.log("slipway/shop")[0] if remote.branches("slipway/shop") else ""
