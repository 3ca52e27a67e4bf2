"""The watch on a real disk: heard within a second, deafness told, and hearing again by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.disk.walking import walk
from monitor.adapters.watch import FolderWatch
from monitor.adapters.watching import shard as shards
from monitor.ports.watch import ROOT, Wanted, wanted_of
from tests.support.waiting import until

pytestmark = pytest.mark.live


@asynccontextmanager
async def watching(root: Path, **options: float) -> AsyncIterator[Heard]:
    watch = FolderWatch(root, SystemClock(), **options)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watch.run())]
        heard = Heard(watch)
        tasks.append(group.create_task(heard.collect()))
        try:
            yield heard
        finally:
            for task in tasks:
                task.cancel()


class Heard:
    """Collects hints with the moment they came."""

    def __init__(self, watch: FolderWatch) -> None:
        self.watch = watch
        self.hints: list[tuple[float, str]] = []

    async def collect(self) -> None:
        while True:
            found = await self.watch.hints()
            self.hints += [(time.monotonic(), name) for name in found]

    async def after(self, start: float, name: str, timeout: float = 5.0) -> float:
        """Seconds from `start` until `name` was hinted."""
        found = await until(lambda: [t for t, n in self.hints if n == name and t >= start], timeout, f"hint {name!r}")
        return min(found) - start

    async def ready(self, *names: str) -> None:
        for name in names or (ROOT,):
            await self.after(0.0, name)
        await until(lambda: self.watch.state.deaf is None and self.watch._shards[0].heard > 0, 5, "canary heard")
        await self.quiet()

    async def quiet(self) -> None:
        """Until nothing was hinted for a while, so that a later hint has a later cause."""
        await until(lambda: not self.hints or time.monotonic() - self.hints[-1][0] > 0.5, 10, "quiet")


def project(root: Path, name: str) -> Path:
    folder = root / name
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    (folder / "src" / "deep" / "a.js").write_text("1")
    (folder / "node_modules" / "x").mkdir(parents=True)
    return folder


async def test_a_save_is_heard_within_a_second_and_only_by_its_workspace(tmp_path: Path) -> None:
    one, two = project(tmp_path, "one"), project(tmp_path, "two")
    async with watching(tmp_path) as heard:
        heard.watch.keep("one", wanted_of(walk(one)))
        heard.watch.keep("two", wanted_of(walk(two)))
        await heard.ready("one", "two")
        start = time.monotonic()
        (one / "src" / "deep" / "a.js").write_text("2")
        assert await heard.after(start, "one") < 1.0
        await heard.quiet()
        assert "two" not in {n for t, n in heard.hints if t >= start}


async def test_folders_that_come_and_go_are_heard_as_changes_of_the_root(tmp_path: Path) -> None:
    async with watching(tmp_path) as heard:
        await heard.ready()
        start = time.monotonic()
        folder = project(tmp_path, "new")
        assert await heard.after(start, ROOT) < 1.0
        assert await heard.after(start, "new") < 1.0
        await heard.quiet()
        start = time.monotonic()
        shutil.rmtree(folder)
        assert await heard.after(start, ROOT) < 1.0


async def test_folders_newly_watched_are_hinted_once_they_are(tmp_path: Path) -> None:
    folder = project(tmp_path, "late")
    async with watching(tmp_path) as heard:
        heard.watch.keep("late", Wanted())
        await heard.ready("late")
        start = time.monotonic()
        heard.watch.keep("late", wanted_of(walk(folder)))
        assert await heard.after(start, "late") < 1.0


async def test_left_out_folders_and_files_make_no_noise(tmp_path: Path) -> None:
    folder = project(tmp_path, "one")
    (folder / "app.log").write_text("")
    async with watching(tmp_path) as heard:
        tree = walk(folder)
        heard.watch.keep("one", wanted_of(tree))
        await heard.ready("one")
        assert not any("node_modules" in f for s in heard.watch._shards for f in s.folders)
        start = time.monotonic()
        (folder / "app.log").write_text("more")
        (folder / "node_modules" / "x" / "y.js").write_text("1")
        (folder / "src" / "b.js").write_text("1")
        await heard.after(start, "one")
        await heard.quiet()
        start = time.monotonic()
        (folder / "app.log").write_text("still more")
        (folder / "node_modules" / "x" / "z.js").write_text("1")
        (tmp_path / "marker").mkdir()
        await heard.after(start, "marker")
        assert "one" not in {n for t, n in heard.hints if t >= start}


async def test_a_name_that_is_not_utf8_does_not_end_the_watching(tmp_path: Path) -> None:
    folder = project(tmp_path, "one")
    async with watching(tmp_path) as heard:
        heard.watch.keep("one", Wanted())
        await heard.ready("one")
        start = time.monotonic()
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("1")
        await heard.after(start, "one")
        await heard.quiet()
        await until(lambda: heard.watch.state.deaf is None)
        start = time.monotonic()
        (folder / "b").write_text("1")
        assert await heard.after(start, "one") < 1.0


async def test_a_folder_that_cannot_be_watched_is_counted_and_disturbs_no_other(tmp_path: Path) -> None:
    folder = project(tmp_path, "one")
    odd = os.fsdecode(b"odd\xff")
    (folder / odd).mkdir()
    async with watching(tmp_path) as heard:
        heard.watch.keep("one", Wanted(frozenset({"", odd, "vanished"})))
        await heard.ready("one")
        assert heard.watch.state.unwatched == 2
        start = time.monotonic()
        (folder / "b").write_text("1")
        assert await heard.after(start, "one") < 1.0


async def test_a_recreated_root_is_told_and_heard_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    project(root, "one")
    async with watching(root) as heard:
        heard.watch.keep("one", Wanted())
        await heard.ready("one")
        shutil.rmtree(root)
        await until(lambda: "missing" in (heard.watch.state.deaf or ""), 5, "banner")
        folder = project(root, "one")
        await until(lambda: heard.watch.state.deaf is None, 10, "hearing again")
        await heard.quiet()
        start = time.monotonic()
        (folder / "b").write_text("1")
        assert await heard.after(start, "one") < 1.0


async def test_deafness_is_told_and_cured(tmp_path: Path) -> None:
    folder = project(tmp_path, "one")
    async with watching(tmp_path, canary_s=0.5) as heard:
        heard.watch.keep("one", Wanted())
        await heard.ready("one")
        # Another folder under the canary's name: the kernel's watches hang on the old one and stay silent.
        shutil.rmtree(tmp_path / ".slipway")
        await until(lambda: "no notifications" in (heard.watch.state.deaf or ""), 10, "banner")
        await until(lambda: heard.watch.state.deaf is None, 10, "cured")
        start = time.monotonic()
        (folder / "b").write_text("1")
        assert await heard.after(start, "one") < 1.0


@pytest.mark.parametrize("path", ["", "src", "src/deep"])
async def test_a_folder_replaced_under_its_name_is_heard(tmp_path: Path, path: str) -> None:
    folder = project(tmp_path, "one")
    async with watching(tmp_path) as heard:
        heard.watch.keep("one", wanted_of(walk(folder)))
        await heard.ready("one")
        start = time.monotonic()
        shutil.copytree(folder / path, tmp_path / ".copy")
        shutil.rmtree(folder / path)
        (tmp_path / ".copy").rename(folder / path)
        await heard.after(start, "one")
        await heard.quiet()
        start = time.monotonic()
        (folder / "src" / "deep" / "a.js").write_text("2")
        assert await heard.after(start, "one") < 1.0


async def test_the_canary_leaves_nothing_behind(tmp_path: Path) -> None:
    async with watching(tmp_path) as heard:
        await heard.ready()
        assert (tmp_path / ".slipway" / "canary").exists()
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import asyncio, sys, os
from pathlib import Path
Path("/proc/sys/user/max_inotify_watches").write_text("60")
from monitor.adapters.clock import SystemClock
from monitor.adapters.watch import FolderWatch
from monitor.adapters.watching import shard as shards
from monitor.ports.watch import Wanted
async def main():
    root = Path(sys.argv[1])
    watch = FolderWatch(root, SystemClock(), shards=1)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        watch.keep("w", Wanted(frozenset({"", *(f"d{i}" for i in range(100))})))
        async with asyncio.timeout(20):
            while not watch.state.limited: await asyncio.sleep(0.05)
            await watch.hints()
            (root / "w" / "file").write_text("1")
            while "w" not in await watch.hints(): pass
        print(watch.state.limited)
        task.cancel()
asyncio.run(main())
"""


def test_a_full_watch_table_is_told_and_the_top_folder_still_heard(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / "w" / f"d{number}").mkdir(parents=True)
    command = ["unshare", "-Ur", sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("user namespaces are not allowed here")
    assert "limit of watched folders is reached" in done.stdout, done.stderr


@pytest.mark.timeout(20)
@pytest.mark.parametrize("after_s", [0.0, 0.06, 0.1, 0.15, 0.2])
async def test_it_ends_at_once_also_while_a_watcher_is_being_started(tmp_path: Path, after_s: float) -> None:
    project(tmp_path, "w")
    watch = FolderWatch(tmp_path, SystemClock())
    watch.keep("w", Wanted(frozenset({"", "src"})))
    task = asyncio.ensure_future(watch.run())
    await asyncio.sleep(after_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_watcher_that_cannot_even_begin_is_told_of_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, really = project(tmp_path, "one"), shards._Thread

    def none_left(shard: object) -> object:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(shards, "_Thread", none_left)
    async with watching(tmp_path) as heard:
        heard.watch.keep("one", wanted_of(walk(one)))
        await until(lambda: "new thread" in (heard.watch.state.deaf or ""), 5, "to say that it is deaf")
        monkeypatch.setattr(shards, "_Thread", really)
        await until(lambda: heard.watch.state.deaf is None, 20, "to hear again")
        await heard.ready("one")
        start = time.monotonic()
        (one / "src" / "deep" / "a.js").write_text("2")
        assert await heard.after(start, "one") < 1.0
