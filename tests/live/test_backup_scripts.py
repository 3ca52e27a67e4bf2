"""The backup and restore scripts for real: with the monitor stopped, running, killed, and the primary gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.destinations.worlds import objects_in
from tests.support.independent_reader import Reader
from tests.support.slipway import ROOT, Slipway
from tests.support.traces import processes_of
from tests.support.waiting import until_sync

pytestmark = [pytest.mark.live, pytest.mark.s3]

FILES = {"index.html": "<h1>one</h1>", "css/site.css": "h1 {}"}


class Scripts:
    """One install's folders, and the scripts on them."""

    def __init__(self, slipway: Slipway) -> None:
        self.slipway, self.data, self.workspaces = slipway, slipway.data, slipway.workspaces
        self.nas = slipway.folder / "nas"
        self.nas.mkdir()
        self.env = {
            **slipway.environment,
            "SLIPWAY_DATA": str(self.data),
            "SLIPWAY_WORKSPACES": str(self.workspaces),
        }

    def run(self, script: str, *argv: str, code: int = 0) -> str:
        """What it printed; fails on another exit code."""
        done = subprocess.run(
            [ROOT / "scripts" / script, *argv], capture_output=True, text=True, timeout=110, env=self.env
        )
        assert done.returncode == code, f"{argv}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr if code else done.stdout

    def backup(self, *argv: str, code: int = 0) -> Any:
        said = self.run("backup-minio.sh", *argv, "--json", code=code)
        return said if code else json.loads(said)

    def restore(self, *argv: str, code: int = 0) -> Any:
        said = self.run("restore-minio.sh", *argv, "--json", code=code)
        return said if code else json.loads(said)

    def add_nas(self, mode: str = "incremental") -> None:
        self.run("slipway", "backup", "add", "nas", "--path", str(self.nas), "--mode", mode)

    def leftovers(self) -> list[psutil.Process]:
        """Processes of this install."""
        return processes_of([str(self.slipway.folder)])

    def lose_everything(self) -> None:
        shutil.rmtree(self.data)
        shutil.rmtree(self.workspaces)


@pytest.fixture
def scripts() -> Iterator[Scripts]:
    slipway = Slipway("process")
    try:
        yield Scripts(slipway)
    finally:
        slipway.close()


def now() -> str:
    """A moment as a person types it: all before this call is before it, all after this call is after it."""
    _next_second()
    text = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
    _next_second()
    return text


def _next_second() -> None:
    second = int(time.time())
    until_sync(lambda: int(time.time()) > second, what="the next second")


def newest(folder: Path, workspace: str) -> dict[bytes, bytes]:
    """The newest revision in a folder destination, by the independent reader."""
    objects = objects_in(folder)
    reader = Reader(objects.__getitem__, lambda start: [k for k in objects if k.startswith(start)], workspace)
    return {path: reader.content(line) for path, line in reader.state(reader.seqs()[-1]).items() if line[0] == "file"}


def test_with_the_monitor_stopped(scripts: Scripts) -> None:
    shop = scripts.slipway.drop("shop", FILES)
    scripts.slipway.drop("blog", {"a.md": "hello"})
    planned = scripts.backup("--dry-run")
    assert [(i["workspace"], i["changed"]) for i in planned["items"]] == [("blog", 1), ("shop", 2)]
    assert [i["revision"] for i in scripts.backup()["items"]] == [1, 1]
    before = now()
    scripts.slipway.edit("shop", {"index.html": "<h1>two</h1>", "more.txt": "more"})
    (done,) = scripts.backup("--workspace", "shop", "--mode", "incremental")["items"]
    assert (done["revision"], done["new"], done["files"]) == (2, True, 3)

    scripts.add_nas()
    assert scripts.backup("--destination", "nas", "--dry-run")["copied"]["revisions"] == 3
    assert not objects_in(scripts.nas)
    assert scripts.backup("--destination", "nas")["copied"]["revisions"] == 3
    assert newest(scripts.nas, "shop") == {
        b"index.html": b"<h1>two</h1>", b"css/site.css": b"h1 {}", b"more.txt": b"more"
    }  # fmt: skip

    plan = scripts.restore("--point-in-time", before, "--workspace", "shop", "--dry-run")
    assert plan["chosen"]["revision"] == 1
    assert (shop / "index.html").read_text() == "<h1>two</h1>"
    assert "--yes" in scripts.restore("--point-in-time", before, code=2)
    scripts.restore("--point-in-time", before, "--mode", "merge", "--workspace", "shop", "--yes")
    assert (shop / "index.html").read_text() == "<h1>one</h1>"
    assert (shop / "more.txt").exists()
    items = scripts.restore("--point-in-time", before, "--mode", "mirror", "--yes")["items"]
    assert [item["workspace"] for item in items] == ["blog", "shop"]
    assert not (shop / "more.txt").exists()
    assert scripts.leftovers() == []


def test_with_the_monitor_running_they_are_its_clients(scripts: Scripts) -> None:
    scripts.add_nas("mirror")
    with scripts.slipway as slipway:
        slipway.drop("shop", FILES)
        slipway.until(lambda: slipway.state("shop")["sync"]["revision"], what="a first revision")
        store = slipway.process("weed").pid
        before = now()
        slipway.edit("shop", {"index.html": "<h1>two</h1>"})
        (item,) = scripts.backup()["items"]
        assert item["revision"] == 2
        # The clock may copy at any moment, so what a dry run would copy is not known; that it says so is.
        assert scripts.backup("--destination", "nas", "--dry-run")["dry_run"] is True
        assert scripts.backup("--destination", "nas")["problems"] == []
        assert newest(scripts.nas, "shop")[b"index.html"] == b"<h1>two</h1>"
        (listed,) = json.loads(scripts.run("slipway", "backup", "list", "--json"))["items"]
        assert listed["lag_s"] < 60
        assert listed["same_disk"]
        between = now()
        assert scripts.restore("--point-in-time", before, "--dry-run")["items"][0]["chosen"]["revision"] == 1
        scripts.restore("--point-in-time", before, "--yes")
        assert (slipway.workspaces / "shop/index.html").read_text() == "<h1>one</h1>"
        scripts.restore("--workspace", "shop", "--destination", "nas", "--point-in-time", between, "--yes")
        assert (slipway.workspaces / "shop/index.html").read_text() == "<h1>two</h1>"
        assert "there is no workspace" in scripts.backup("--workspace", "none", code=4)
        assert "no destination" in scripts.backup("--destination", "none", code=4).lower()
        assert slipway.process("weed").pid == store
        assert slipway.status()["protected"] is False, "a folder on the same disk is no protection"
        assert slipway.interrupt() == 0
    assert scripts.leftovers() == []


def test_an_empty_machine_one_destination_one_command(scripts: Scripts) -> None:
    scripts.slipway.drop("shop", FILES)
    scripts.slipway.drop("blog", {"a.md": "hello"})
    scripts.backup()
    scripts.add_nas()
    scripts.backup("--destination", "nas")
    copied = objects_in(scripts.nas)
    scripts.lose_everything()
    said = scripts.run("slipway", "backup", "seed", "nas", "--path", str(scripts.nas), "--yes", "--json")
    assert [one["workspace"] for one in json.loads(said)["restored"]] == ["blog", "shop"]
    assert (scripts.workspaces / "shop/css/site.css").read_text() == "h1 {}"
    assert objects_in(scripts.nas) == copied
    # And everything goes on: the monitor, and copying to the same place.
    scripts.workspaces.chmod(0o755)
    with scripts.slipway as slipway:
        slipway.edit("shop", {"index.html": "<h1>after</h1>"})
        seen = slipway.until(lambda: (slipway.state("shop")["sync"]["revision"] or 0) > 2, what="a new revision")
        assert seen
        assert scripts.backup("--destination", "nas")["problems"] == []
        assert newest(scripts.nas, "shop")[b"index.html"] == b"<h1>after</h1>"


def test_restored_straight_from_a_destination_into_an_empty_machine(scripts: Scripts) -> None:
    scripts.slipway.drop("shop", FILES)
    scripts.backup()
    scripts.add_nas()
    scripts.backup("--destination", "nas")
    settings = (scripts.data / "slipway.toml").read_text()
    scripts.lose_everything()
    scripts.data.mkdir()
    (scripts.data / "slipway.toml").write_text(settings)
    scripts.restore("--destination", "nas", "--yes")
    assert (scripts.workspaces / "shop/index.html").read_text() == "<h1>one</h1>"
    assert scripts.backup("--destination", "nas")["problems"] == []
    assert scripts.leftovers() == []


def test_a_script_that_is_killed_leaves_nothing_that_stands_in_the_way(scripts: Scripts) -> None:
    scripts.slipway.drop("shop", FILES)
    for number, how in enumerate((signal.SIGKILL, signal.SIGTERM)):
        argv = [ROOT / "scripts/backup-minio.sh"]
        with subprocess.Popen(argv, env=scripts.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as script:
            until_sync(lambda: any("weed" in p.name() for p in scripts.leftovers()), 30, "the store to be started")
            os.kill(script.pid, how)
            script.wait(20)
        if how is signal.SIGTERM:
            assert scripts.leftovers() == [], "a polite end stops the store"
        assert scripts.backup()["items"][0]["revision"] == 1
        assert scripts.leftovers() == [], number


def test_help_and_wrong_words(scripts: Scripts) -> None:
    for script in ("backup-minio.sh", "restore-minio.sh"):
        said = scripts.run(script, "--help")
        for flag in ("--mode", "--workspace", "--destination", "--dry-run", "--yes", "--help"):
            assert flag in said
        assert "hint:" in scripts.run(script, "--sideways", code=2)
        assert "needs a value" in scripts.run(script, "--mode", code=2)
    assert "--point-in-time" in scripts.run("restore-minio.sh", "--help")
    scripts.run("backup-minio.sh", "--mode", "sideways", code=2)
    assert not scripts.data.exists()
