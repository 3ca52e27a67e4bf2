"""How soon a change on disk is seen: at once where notifications arrive, within one scan where they do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.slipway import Slipway, write

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

# Far more than it takes, far less than a scan: what is seen by then was not found by scanning.
AT_ONCE_S, SCAN_S = 8.0, 60


def test_notified_changes_of_every_kind_are_seen_long_before_a_scan(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site, {"index.html": "first", "deep/below/page.html": "first"})
    archive = tmp_path / "site.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(site, "unpacked")
    with Slipway("process", scan_s=SCAN_S) as slipway:
        here = slipway.workspaces
        shutil.copytree(site, here / "copied")
        subprocess.run(["tar", "-xf", archive, "-C", here], check=True)
        (here / "made").mkdir()
        (here / "made" / "index.html").write_text("first")
        for name in ("copied", "unpacked", "made"):
            slipway.until_text(f"/{name}/", "first", AT_ONCE_S)

        (here / "copied" / "deep" / "below" / "page.html").write_text("second")
        slipway.until_text("/copied/deep/below/page.html", "second", AT_ONCE_S)
        (here / "copied" / "new" / "folder").mkdir(parents=True)
        (here / "copied" / "new" / "folder" / "late.html").write_text("late")
        slipway.until(lambda: slipway.mirrored("copied", "new/folder/late.html") == "late", AT_ONCE_S)

        (here / "unpacked").rename(here / "renamed")
        slipway.until_text("/renamed/", "first", AT_ONCE_S)
        slipway.until_gone("unpacked", AT_ONCE_S)
        slipway.delete("made")
        slipway.until_gone("made", AT_ONCE_S)


@pytest.fixture
def unheard() -> Iterator[tuple[Slipway, Path]]:
    """A Slipway and a folder under its workspaces folder whose changes notify nobody: an overlay's lower layer."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    slipway = Slipway("process", scan_s=3)
    layers = slipway.folder / "layers"
    layers.mkdir()
    mounts: list[Path] = []
    try:
        _mount(mounts, layers, "tmpfs", "mode=755")
        for name in ("lower", "upper", "work"):
            (layers / name).mkdir()
        options = ",".join(f"{name}dir={layers / name}" for name in ("lower", "upper", "work"))
        _mount(mounts, slipway.workspaces, "overlay", options)
        with slipway:
            yield slipway, layers / "lower"
    finally:
        for mounted in reversed(mounts):
            subprocess.run(["umount", "--lazy", mounted], check=False)
        slipway.close()


def _mount(mounts: list[Path], where: Path, kind: str, options: str) -> None:
    done = subprocess.run(["mount", "-t", kind, "-o", options, "none", where], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{kind} cannot be mounted here: {done.stderr.strip()}")
    mounts.append(where)


def test_changes_that_notify_nobody_are_found_by_the_next_scan(unheard: tuple[Slipway, Path]) -> None:
    slipway, lower = unheard
    write(lower / "remote", {"index.html": "first"})
    slipway.until_text("/remote/", "first", 20)
    # Written in place: an overlay goes on showing the old file where one below it was replaced.
    (lower / "remote" / "index.html").write_text("second")
    write(lower / "remote", {"more.html": "more"})
    slipway.until(lambda: slipway.mirrored("remote", "index.html") == "second", 20)
    slipway.until(lambda: slipway.mirrored("remote", "more.html") == "more", 20)
    shutil.rmtree(lower / "remote")
    slipway.until_gone("remote", 20)
