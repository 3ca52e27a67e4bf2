"""What people do after `rm -rf`: a whole Slipway on its real store brings back what was there, running or stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.moments import rfc3339
from tests.support.disguise import disguise
from tests.support.slipway import ROOT, Slipway, write

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

FIRST = {
    "index.html": "first",
    "package.json": json.dumps({"name": "page"}),
    "assets/deep/style.css": "a {}",
    ".env": "TOKEN=mine",
    "node_modules/dep/index.js": "1",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Slipway]:
    with Slipway("process", scan_s=1) as slipway:
        yield slipway


@pytest.fixture
def slipway(shared: Slipway) -> Iterator[Slipway]:
    """One for all, to save time; each test has workspaces of its own, which are gone at its end."""
    yield shared
    for name in shared.states():
        shared.delete(name)
        shared.until_gone(name)


@pytest.fixture
def alone() -> Iterator[Slipway]:
    """One that may be stopped."""
    with Slipway("process", scan_s=1) as slipway:
        yield slipway


def said(slipway: Slipway, *argv: str, code: int = 0) -> str:
    """What a command printed for people, both streams; it ended with `code`."""
    environment = {**os.environ, "SLIPWAY_WORKSPACES": str(slipway.workspaces), "SLIPWAY_BASE": str(slipway.folder)}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *argv, "--data", str(slipway.data)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}\n{slipway.log()}"
    return done.stdout + done.stderr


def answered(slipway: Slipway, *argv: str, code: int = 0) -> Any:
    """What a command printed as JSON."""
    printed = said(slipway, *argv, "--json", code=code)
    return json.loads(printed[printed.index("{") : printed.rindex("}") + 1])


def until_kept(slipway: Slipway, name: str, above: int = 0) -> dict[str, Any]:
    """Its sync state once a revision above that number is in the store, and nothing is pending."""

    def kept() -> dict[str, Any]:
        sync: dict[str, Any] = slipway.state(name)["sync"]
        assert (sync["revision"] or 0) > above, sync
        assert not sync["pending"], sync
        return sync

    return slipway.until(kept, 20, f"'{name}' to be kept above revision {above}")


def saved(slipway: Slipway, name: str, text: str) -> dict[str, Any]:
    before = slipway.state(name)["sync"]["revision"] or 0
    slipway.edit(name, {"index.html": text})
    return until_kept(slipway, name, before)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_after_rm_rf_one_command_brings_back_the_second_before(slipway: Slipway) -> None:
    folder = slipway.drop("page", FIRST)
    slipway.until_serving("page")
    until_kept(slipway, "page")
    second = saved(slipway, "page", "second")
    whole, inode = files(folder), folder.stat().st_ino
    at = rfc3339(time.time_ns())
    for inside in folder.iterdir():
        if inside.name not in {".env", "node_modules"}:
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
    until_kept(slipway, "page", second["revision"])

    plan = said(slipway, "restore", "page", "--at", at, "--dry-run")
    assert f"revision {second['revision']} of page" in plan
    assert "index.html" not in files(folder)

    told = said(slipway, "restore", "page", "--at", at, "--yes")
    assert f"asked for '{at}': {at}" in told
    assert (files(folder), folder.stat().st_ino) == (whole, inode)
    slipway.until_text("/page/", "second")
    slipway.until_text("/page/assets/deep/style.css", "a {}")
    # The revisions the restore wrote are in the state, and what is kept now is what is there now.
    kept = until_kept(slipway, "page", second["revision"] + 1)
    assert answered(slipway, "diff", "page", str(second["revision"]), "newest")["files"] == []
    history = answered(slipway, "history", "page")["items"]
    assert [one["kind"] for one in history][:2] == ["restore", "before-restore"]
    assert kept["revision"] == history[0]["seq"]
    slipway.until(lambda: slipway.mirrored("page", "index.html") == "second", 20, "the mirror to follow")

    disguise(folder / "index.html", b"SECOND")
    until_kept(slipway, "page", kept["revision"])
    slipway.until(lambda: slipway.mirrored("page", "index.html") == "SECOND", 20, "an edit that put its time back")


def test_a_snapshot_is_forked_and_served_under_its_own_name(slipway: Slipway) -> None:
    slipway.drop("shown", FIRST)
    slipway.until_serving("shown")
    until_kept(slipway, "shown")
    said(slipway, "snapshot", "create", "shown", "v1", "--note", "as the customer saw it")
    saved(slipway, "shown", "second")
    said(slipway, "fork", "shown", "shown-v1", "--snapshot", "v1")
    slipway.until_text("/shown-v1/", "first")
    slipway.until_text("/shown/", "second")
    assert sorted(path.name for path in (slipway.workspaces / "shown-v1").iterdir()) == [
        "assets",
        "index.html",
        "package.json",
    ]
    tree = said(slipway, "snapshot", "list", "shown-v1", "--tree")
    assert re.search(r"● 1 .* fork .*\(from shown \d+\)", tree), tree


def test_a_deleted_folder_is_listed_and_comes_back_under_its_url(slipway: Slipway) -> None:
    folder = slipway.drop("gone", FIRST)
    slipway.until_serving("gone")
    until_kept(slipway, "gone")
    slipway.delete("gone")
    slipway.until_gone("gone")
    (gone,) = [one for one in answered(slipway, "list", "--deleted")["items"] if one["name"] == "gone"]
    assert gone["files"] == 3
    said(slipway, "restore", "gone", "--yes")
    slipway.until_text("/gone/", "first")
    assert ".env" not in files(folder), "what was never kept cannot come back"
    # Its history goes on.
    assert saved(slipway, "gone", "again")["revision"] > gone["revision"] + 1


def test_a_restore_needs_no_monitor(alone: Slipway) -> None:
    folder = alone.drop("page", FIRST)
    alone.until_serving("page")
    first = until_kept(alone, "page")["revision"]
    saved(alone, "page", "second")
    assert alone.interrupt() == 0

    shutil.rmtree(folder)
    (gone,) = answered(alone, "list", "--deleted")["items"]
    assert gone["deleted_at"] is None, "nobody saw it go"
    said(alone, "restore", "page", "--yes")
    assert (folder / "index.html").read_text() == "second"
    said(alone, "restore", "page", "--revision", str(first), "--path", "index.html", "--yes")
    assert (folder / "index.html").read_text() == "first"
    assert answered(alone, "verify", "page", "--read-data")["whole"] is True
    assert [p for p in alone.processes() if "weed" in p.name()] == [], "the store is stopped again"

    alone.start()
    alone.until_text("/page/", "first")


def test_what_is_saved_while_it_starts_is_kept_and_a_restore_does_not_wait(slipway: Slipway) -> None:
    """Dependencies that take minutes to install must not stand between a person and their files."""
    slipway.drop(
        "slow",
        {"app.py": "print('never')", "slipway.yaml": "type: python\ninstall: sleep 600\nstart: python app.py\n"},
    )
    slipway.until_phase("slow", "starting")
    until_kept(slipway, "slow")
    write(slipway.workspaces / "slow", {"app.py": "print('worse')"})
    until_kept(slipway, "slow", 1)
    began = time.monotonic()
    said(slipway, "sync", "slow")
    said(slipway, "restore", "slow", "--revision", "1", "--yes")
    assert time.monotonic() - began < 30
    assert (slipway.workspaces / "slow/app.py").read_text() == "print('never')"
