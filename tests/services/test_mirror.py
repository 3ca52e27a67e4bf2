"""The mirror over real folders and an in-memory store: what is sent, what is held back, what survives trouble."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.filters import Overrides
from monitor.errors import SlipwayError
from monitor.ports.files import FolderGone
from monitor.ports.store import StoreAway, StoreRefused
from monitor.services.mirror import Mirror, MirrorState
from tests.support.disguise import disguise
from tests.support.waiting import until

LIVE = "p/shop/live/"


class Clock(SystemClock):
    """The machine's clock, moved ahead by hand; sleeping is short."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds
        await asyncio.sleep(min(seconds, 0.02))  # longer than a file counts as racy


class WatchedStore(MemoryStore):
    """Counts requests and fails those it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.order: list[tuple[str, str]] = []
        self.fault: SlipwayError | None = None
        self.after = 0

    def _ask(self, what: str, key: str) -> None:
        self.calls[what] += 1
        self.order.append((what, key))
        if self.fault is not None and self.calls.total() > self.after:
            raise self.fault

    async def put(self, key: str, data: bytes) -> None:
        self._ask("put", key)
        await super().put(key, data)

    async def get(self, key: str) -> bytes:
        self._ask("get", key)
        return await super().get(key)

    async def delete(self, key: str) -> None:
        self._ask("delete", key)
        await super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Any]:
        self._ask("list", prefix)
        return super().list(prefix, after=after)

    @property
    def mirrored(self) -> dict[str, bytes]:
        return {k.removeprefix(LIVE): v for k, v in self.objects.items() if k.startswith(LIVE)}


class Bench:
    """One workspace, its mirror, and a way to start again from what is on disk."""

    def __init__(self, base: Path) -> None:
        self.base, self.folder = base, base / "root" / "shop"
        self.folder.mkdir(parents=True)
        self.clock, self.store = Clock(), WatchedStore()
        self.files = DiskFiles(self.clock)
        self.mirror = self.new()

    def new(self, identity: str = "bucket") -> Mirror:
        state = DiskStateFiles(self.base / "state")
        return Mirror(self.store, self.files, state, self.clock, prefix="p", identity=identity)

    def write(self, path: str, data: bytes = b"x") -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    async def sync(self, overrides: Overrides | None = None) -> MirrorState:
        self.store.calls.clear()
        self.store.order.clear()
        tree = await self.files.walk(self.folder, overrides)
        return await self.mirror.sync("shop", self.folder, tree, overrides)


@pytest.fixture
def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made  # type: ignore[misc]
    made.files.close()


async def test_a_batch_is_written_and_an_unchanged_one_asks_nothing(bench: Bench) -> None:
    bench.write("index.html", b"hello")
    bench.write("a/b/ümlaut.txt", b"1")
    bench.write(".env", b"SECRET=1")
    bench.write(".env.example", b"SECRET=")
    first = await bench.sync()
    assert (first.pending, first.error) == (0, None)
    assert first.kept_at is not None
    assert first.kept_at.endswith("Z")
    assert (first.left_out.files, first.left_out.secrets) == (1, 1)
    assert set(bench.store.mirrored.values()) == {b"hello", b"1", b"SECRET="}
    again = await bench.sync()
    assert bench.store.calls == {}
    assert again == first


async def test_an_edit_and_a_removal_cost_one_request_each(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}")
    before = await bench.sync()
    bench.write("f1", b"new")
    (bench.folder / "f2").unlink()
    after = await bench.sync()
    assert bench.store.calls == {"put": 1, "delete": 1}
    assert bench.store.mirrored["f1"] == b"new"
    assert "f2" not in bench.store.mirrored
    assert after.kept_at is not None
    assert after.kept_at > (before.kept_at or "")


async def test_a_restart_uploads_nothing_again(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}")
    await bench.sync()
    await bench.mirror.close()
    bench.mirror = bench.new()
    state = await bench.sync()
    assert bench.store.calls == {}
    assert state.kept_at is not None


async def test_a_lost_cache_compares_and_a_stranger_bucket_is_filled(bench: Bench) -> None:
    for number in range(5):
        bench.write(f"f{number}", b"same")
    await bench.sync()
    bench.write("f1", b"dif!")
    bench.store.objects[LIVE + "stray"] = b"1"
    bench.mirror = bench.new(identity="another")
    await bench.sync()
    assert bench.store.calls == {"list": 1, "get": 5, "put": 1, "delete": 1}
    assert bench.store.mirrored == {"f1": b"dif!"} | {f"f{n}": b"same" for n in (0, 2, 3, 4)}


async def test_a_kill_between_upload_and_save_leaves_no_orphan(bench: Bench) -> None:
    bench.write("kept")
    await bench.sync()
    await bench.mirror.close()
    bench.mirror = bench.new()
    await bench.sync()
    bench.write("new")
    await bench.sync()
    # Killed here: nothing was closed. The file vanishes while nobody looks.
    (bench.folder / "new").unlink()
    bench.mirror = bench.new()
    await bench.sync()
    assert bench.store.mirrored == {"kept": b"x"}


async def test_the_store_away_is_pending_and_caught_up_alone(bench: Bench) -> None:
    bench.write("a", b"1")
    bench.store.fault = StoreAway("the store does not answer")
    away = await bench.sync()
    assert away.pending >= 1
    assert away.error is not None
    assert "does not answer" in away.error
    asked = await bench.sync()
    assert bench.store.calls == {}, "the back-off asks nothing"
    assert asked.pending >= 1
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.mirror.run())
        await asyncio.sleep(0.1)
        bench.store.fault = None
        await until(lambda: bench.store.mirrored == {"a": b"1"})
        await until(lambda: bench.mirror.state("shop").pending == 0)
        task.cancel()
    assert bench.mirror.state("shop").error is None
    assert bench.mirror.state("shop").mirror_lag_s == 0


async def test_what_was_sent_before_the_store_went_away_is_not_sent_again(bench: Bench) -> None:
    for number in range(200):
        bench.write(f"f{number}", str(number).encode())
    bench.store.fault, bench.store.after = StoreAway("gone"), 50
    state = await bench.sync()
    done = len(bench.store.mirrored)
    assert 0 < done <= 50
    assert state.pending == 200 - done
    bench.store.fault = None
    bench.clock.ahead += 100
    await bench.sync()
    assert bench.store.calls == {"put": 200 - done}


async def test_a_refusal_is_told_and_tried_rarely(bench: Bench) -> None:
    bench.write("a")
    bench.store.fault = StoreRefused("the access key is wrong")
    assert "access key" in ((await bench.sync()).error or "")


async def test_losing_much_at_once_waits_for_a_person(bench: Bench) -> None:
    for number in range(150):
        bench.write(f"old/f{number}")
    bench.write("index.html")
    await bench.sync()
    shutil.rmtree(bench.folder / "old")
    state = await bench.sync()
    assert (state.pending, state.held_deletes, bench.store.calls) == (0, 150, {})
    for number in range(400):
        bench.write(f"new/f{number}")
    state = await bench.sync()
    assert state.held_deletes == 150, "more files must not release what is held"
    await bench.mirror.close()
    bench.mirror = bench.new()
    assert (await bench.sync()).held_deletes == 150, "nor a restart"
    bench.mirror.confirm_deletes("shop")
    state = await bench.sync()
    assert (state.held_deletes, state.pending, len(bench.store.mirrored)) == (0, 0, 401)


async def test_held_files_that_come_back_are_no_longer_held(bench: Bench) -> None:
    for number in range(150):
        bench.write(f"old/f{number}")
    await bench.sync()
    (bench.folder / "old").rename(bench.base / "aside")
    assert (await bench.sync()).held_deletes == 150
    (bench.base / "aside").rename(bench.folder / "old")
    state = await bench.sync()
    assert (state.held_deletes, bench.store.calls["delete"]) == (0, 0)


async def test_a_missing_folder_deletes_nothing(bench: Bench) -> None:
    bench.write("a")
    await bench.sync()
    tree = await bench.files.walk(bench.folder)
    (bench.folder / "a").unlink()
    emptied = await bench.files.walk(bench.folder)
    bench.write("a")
    shutil.rmtree(bench.folder)
    with pytest.raises(FolderGone):
        await bench.files.walk(bench.folder)
    state = await bench.mirror.sync("shop", bench.folder, emptied)
    assert bench.store.mirrored == {"a": b"x"}
    assert state.error is not None
    assert len(tree) == 1


async def test_an_old_tree_deletes_nothing_that_is_on_disk(bench: Bench) -> None:
    bench.write("a")
    old = await bench.files.walk(bench.folder)
    bench.write("b")
    await bench.sync()
    await bench.mirror.sync("shop", bench.folder, old)
    assert set(bench.store.mirrored) == {"a", "b"}


async def test_a_rule_that_leaves_out_a_file_removes_its_object(bench: Bench) -> None:
    bench.write("data/big.bin")
    bench.write("a")
    await bench.sync()
    bench.write(".gitignore", b"/data/\n")
    await bench.sync()
    assert set(bench.store.mirrored) == {".gitignore", "a"}


async def test_a_key_under_a_harmless_name_is_never_sent_unless_allowed(bench: Bench) -> None:
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n"
    bench.write("deploy", b"harmless")
    await bench.sync()
    bench.write("deploy", key)
    state = await bench.sync()
    assert bench.store.mirrored == {}
    assert (state.pending, state.left_out.secrets) == (0, 1)
    await bench.sync()
    assert bench.store.calls == {}
    bench.write("keys/other", key)
    await bench.sync(Overrides(secrets=("keys/",)))
    assert set(bench.store.mirrored) == {"keys/other"}


async def test_a_file_becomes_a_folder_and_back(bench: Bench) -> None:
    bench.write("a", b"file")
    await bench.sync()
    (bench.folder / "a").unlink()
    bench.write("a/b", b"below")
    await bench.sync()
    assert bench.store.order == [("delete", LIVE + "a"), ("put", LIVE + "a/b")]
    shutil.rmtree(bench.folder / "a")
    bench.write("a", b"file")
    await bench.sync()
    assert bench.store.order == [("delete", LIVE + "a/b"), ("put", LIVE + "a")]


async def test_a_file_that_never_holds_still_is_pending_and_never_clean(bench: Bench) -> None:
    file = bench.write("busy", b"0")
    bench.write("calm", b"1")
    stop = asyncio.Event()

    async def scribble() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            file.write_bytes(b"%d" % number)
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        group.create_task(scribble())
        state = await bench.sync()
        assert bench.store.mirrored["calm"] == b"1"
        assert state.pending == 1
        assert "busy" in (state.error or "")
        stop.set()
    bench.clock.ahead += 100
    await asyncio.sleep(0.05)
    state = await bench.sync()
    assert (state.pending, state.error) == (0, None)
    assert bench.store.mirrored["busy"] == file.read_bytes()


async def test_odd_names_and_large_files(bench: Bench) -> None:
    odd = os.fsdecode(b"odd\xff\nname")
    bench.write(odd, b"odd")
    with (bench.folder / "huge").open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    (bench.folder / "link").symlink_to("huge")
    state = await bench.sync()
    assert list(bench.store.mirrored.values()) == [b"odd"]
    assert [e.path for e in state.left_out.too_large] == ["huge"]
    assert "100 MiB" in state.left_out.too_large[0].reason
    assert state.left_out.unmirrored == 1
    (bench.folder / odd).unlink()
    await bench.sync()
    assert bench.store.mirrored == {}


@pytest.mark.parametrize("restart", [False, True])
async def test_an_edit_that_puts_its_time_back_is_sent(bench: Bench, restart: bool) -> None:
    place = bench.write("f", b"one")
    bench.write("other")
    await bench.sync()
    if restart:
        await bench.mirror.close()
        bench.mirror = bench.new()
    disguise(place, b"TWO")
    await bench.sync()
    assert bench.store.mirrored["f"] == b"TWO"
    assert bench.store.calls == {"get": 1, "put": 1}
    await bench.sync()
    assert bench.store.calls == {}


async def test_a_file_whose_bytes_stayed_is_compared_and_not_sent_again(bench: Bench) -> None:
    place = bench.write("f", b"one")
    await bench.sync()
    place.chmod(0o600)
    os.link(place, bench.base / "backup")
    state = await bench.sync()
    assert bench.store.calls == {"get": 1}
    assert state.pending == 0
    await bench.sync()
    assert bench.store.calls == {}


async def test_a_book_without_change_times_is_compared_once(bench: Bench) -> None:
    place = bench.write("f", b"one")
    bench.write("g", b"one")
    await bench.sync()
    await bench.mirror.close()
    book = bench.base / "state" / "mirror" / "shop.json"
    saved = json.loads(book.read_text())
    stamps = saved["value"]["stamps"] if "value" in saved else saved["stamps"]
    stamps.update({path: text.rpartition(" ")[0] for path, text in stamps.items()})
    assert {text.count(" ") for text in stamps.values()} == {2}
    book.write_text(json.dumps(saved))
    disguise(place, b"TWO")
    bench.mirror = bench.new()
    await bench.sync()
    assert bench.store.calls == {"get": 2, "put": 1}
    assert bench.store.mirrored == {"f": b"TWO", "g": b"one"}
