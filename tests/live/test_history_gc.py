"""Retention, garbage collection, repacking, purge and verify on a real S3 server, killed at every write."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.bucket import Bucket
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.domain import keys
from monitor.domain.durations import DAY
from monitor.domain.moments import NS
from monitor.domain.retention_policy import Policy
from monitor.services.diffs import Diffs
from monitor.services.gc.collecting import Collector
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.purging import Purger
from monitor.services.gc.repacking import Repacker
from monitor.services.history.archive import Archive
from monitor.services.snapshots import Snapshots
from monitor.services.verify.verifying import Verifier
from tests.support.alone import Alone
from tests.support.independent_reader import Reader
from tests.support.keeping import Desk, picture
from tests.support.pen import Pen, all_contents
from tests.support.s3 import S3Server

pytestmark = [pytest.mark.live, pytest.mark.s3]

NEWEST_ONLY = Policy(all=0, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, safety=0)
ROOT = Path(__file__).parents[2]


class Bench:
    """A bucket, and an independent client that looks into it."""

    def __init__(self, server: S3Server, bucket: str) -> None:
        given = server.credentials
        self.access = S3Access(server.endpoint, bucket, given.access_key, given.secret_key)
        self.store = ObjectStore(self.access)
        self.client, self.bucket = server.client(), bucket

    def get(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def listed(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def contents(self, prefix: str) -> dict[int, dict[str, bytes]]:
        return all_contents(self.get, self.listed, prefix=prefix)

    async def child(self, what: str, prefix: str, now_ns: int, at: int | None = None, mode: str = "before") -> int:
        """Run one collection as a process of its own; its exit code."""
        how = {
            "access": asdict(self.access),
            "what": what,
            "prefix": prefix,
            "now_ns": now_ns,
            "at": at,
            "mode": mode,
        }
        argv = [sys.executable, "-m", "tests.live.gc_process", json.dumps(how)]
        child = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
        _, said = await child.communicate()
        assert child.returncode in {0, -signal.SIGKILL}, said.decode()
        return child.returncode

    def whole(self, pen: Pen) -> None:
        found = self.contents(pen.prefix)
        newest = pen.saved[max(pen.saved)]
        assert found == {seq: pen.saved.get(seq, newest) for seq in found}


@pytest.fixture
def bench(s3_server: S3Server, bucket: str) -> Iterator[Bench]:
    made = Bench(s3_server, bucket)
    yield made
    made.client.close()


async def a_history(bench: Bench, prefix: str) -> Pen:
    """Four revisions on two bases; the first pack is mostly dead in the last."""
    pen = await Pen(bench.store, prefix=prefix).begin()
    for n in range(1, 5):
        files = {f"f{i}": random.Random(i).randbytes(300) for i in range(n if n > 1 else 0, 8)}
        await pen.save({**files, "now": b"%d" % n}, n * NS, base=n == 3)
    await pen.leftover(b"of a killed writer")
    return pen


@pytest.mark.parametrize("mode", ["before", "after"])
async def test_a_collection_killed_at_any_write_is_continued_by_the_next(bench: Bench, mode: str) -> None:
    now, at, ends = 10 * DAY * NS, 0, []
    while True:
        pen = await a_history(bench, f"{mode}{at}")
        assert await bench.child("collect", pen.prefix, now) == 0
        code = await bench.child("collect", pen.prefix, now + DAY * NS, at, mode)
        bench.whole(pen)
        assert await bench.child("collect", pen.prefix, now + 2 * DAY * NS) == 0
        bench.whole(pen)
        ends.append([key.removeprefix(pen.prefix) for key in bench.listed(f"{pen.prefix}/shop")])
        if code == 0:
            break
        at += 1
    assert at >= 7
    assert all(end == ends[0] for end in ends)
    assert sum("/revisions/" in key for key in ends[0]) == 1


@pytest.mark.parametrize("mode", ["before", "after"])
async def test_repacking_killed_at_any_write_leaves_everything_whole(bench: Bench, mode: str) -> None:
    at = 0
    while True:
        pen = await a_history(bench, f"{mode}{at}")
        code = await bench.child("repack", pen.prefix, 10 * DAY * NS, at, mode)
        bench.whole(pen)
        assert await bench.child("repack", pen.prefix, 10 * DAY * NS) == 0
        bench.whole(pen)
        assert max(bench.contents(pen.prefix)) == 5
        if code == 0:
            break
        at += 1
    assert at == 3


async def test_a_purge_killed_half_way_is_ended_by_the_next(bench: Bench) -> None:
    for at in (0, 2, 3, 5, 8):
        pen = await a_history(bench, f"purge{at}")
        assert await bench.child("purge", pen.prefix, 0, at) == -signal.SIGKILL
        bench.whole(pen)
        assert await bench.child("purge", pen.prefix, 0) == 0
        assert bench.listed(f"{pen.prefix}/shop/") == []
        assert bench.listed(f"{pen.prefix}/") == [f"{pen.prefix}/FORMAT"]


async def test_a_real_history_thins_out_and_every_kept_moment_is_identical(bench: Bench, tmp_path: Path) -> None:
    """Written by the product, collected, repacked, verified and purged by it; read by boto3 and the other reader."""
    desk = Desk(tmp_path, inner=bench.store)
    await desk.history.open()
    pictures: dict[int, Any] = {}

    async def keep() -> None:
        revision = await desk.keep()
        assert revision is not None
        pictures[revision.seq] = picture(desk.folder)

    await desk.write("large.bin", random.Random(7).randbytes(9 * 2**20))
    for n in range(1, 13):
        await desk.write(f"src/file{n}.py", f"print({n})\n" * n)
        await desk.write("notes", random.Random(n).randbytes(60_000))
        if n == 5:
            os.symlink("src/file1.py", desk.folder / "link")
        if n == 8:
            (desk.folder / "large.bin").unlink()
        await keep()
        desk.clock.wall_ahead_ns += 20 * DAY * NS
    snapshots = Snapshots(Archive(bench.store, "p"), desk.clock)
    await snapshots.create("shop", "before the rewrite", seq=6, tags=["v1"], note="kept")
    found = await Diffs(desk.history.archive, desk.history._pool).diff("shop", 7, 8)
    assert {one.change.path: one.change.what.value for one in found.files} == {
        "large.bin": "removed", "notes": "changed", "src/file8.py": "added"}  # fmt: skip

    def identical() -> list[int]:
        reader = Reader(bench.get, bench.listed, "shop", "p")
        for seq in reader.seqs():
            target = tmp_path / f"restored-{seq}-{random.random()}"
            target.mkdir()
            reader.restore(seq, target)
            assert picture(target) == pictures[seq], seq
        return reader.seqs()

    with ThreadPoolExecutor(2) as pool:
        ground = BesideHistory(desk.history)
        collector = Collector(desk.store, desk.clock, pool, ground, prefix="p")
        before = sum(len(bench.get(key)) for key in bench.listed("p/shop/history/packs/"))
        for _ in range(2):
            await collector.collect("shop", Policy(monthly=60 * DAY))
            desk.clock.wall_ahead_ns += 2 * DAY * NS
        kept = identical()
        assert {6, 12} <= set(kept)
        assert len(kept) < 8
        await snapshots.delete("shop", "before the rewrite")
        for _ in range(2):
            await collector.collect("shop", NEWEST_ONLY)
            desk.clock.wall_ahead_ns += 2 * DAY * NS
        assert identical() == [12]
        # The large file is gone from the newest state, yet its base still names the pack: that is for repacking.
        repacker = Repacker(desk.store, desk.clock, pool, ground, prefix="p", least_bytes=1)
        assert (await repacker.repack("shop", NEWEST_ONLY)).seq == 13
        pictures[13] = pictures[12]
        for _ in range(2):
            await collector.collect("shop", NEWEST_ONLY)
            desk.clock.wall_ahead_ns += 2 * DAY * NS
        assert identical() == [13]
        assert sum(len(bench.get(key)) for key in bench.listed("p/shop/history/packs/")) < before / 4
        await desk.write("large.bin", random.Random(7).randbytes(9 * 2**20))
        await keep()
        newest = max(pictures)
        reader = Reader(bench.get, bench.listed, "shop", "p")
        target = tmp_path / "newest"
        target.mkdir()
        reader.restore(newest, target)
        assert picture(target) == pictures[newest]
        result = await Verifier(bench.store, pool, prefix="p").verify("shop", read_data=True)
        assert result.whole, result.lines()
    await desk.close()


async def test_verify_finds_a_flipped_bit_in_each_kind_of_object(bench: Bench) -> None:
    pen = await a_history(bench, "p")
    await bench.store.put(keys.mirror_key("p", "shop", "now"), b"4")
    with ThreadPoolExecutor(2) as pool:
        verifier = Verifier(bench.store, pool, prefix="p")
        assert (await verifier.verify("shop", read_data=True)).whole
        for kind in ("packs", "bases", "revisions"):
            key = random.Random(5).choice(bench.listed(f"p/shop/history/{kind}/"))
            data = bench.get(key)
            place = len(data) // 2
            await bench.store.put(key, data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :])
            found = await verifier.verify("shop", read_data=True)
            assert {one.key for one in found.problems.values()} == {key}
            await bench.store.put(key, data)
    assert bench.contents("p") == pen.saved


async def test_a_purge_erases_old_versions_too(bench: Bench) -> None:
    bucket = Bucket(bench.access, "p")
    assert await bucket.keep_versions()
    await a_history(bench, "p")
    for n in range(3):
        await bench.store.put(keys.mirror_key("p", "shop", "now"), b"%d" % n)
        await bench.store.put(keys.mirror_key("p", "shop2", "now"), b"%d" % n)
    await bench.store.delete(keys.mirror_key("p", "shop", "now"))
    done = await Purger(bench.store, Alone(), prefix="p", erase=bucket.erase).purge("shop")
    bucket.close()
    assert done.versions >= done.objects
    left = bench.client.list_object_versions(Bucket=bench.bucket)
    names = {one["Key"] for kind in ("Versions", "DeleteMarkers") for one in left.get(kind, ())}
    assert names == {"p/FORMAT", "p/shop2/live/now"}
    assert len([one for one in left["Versions"] if one["Key"] == "p/shop2/live/now"]) == 3
