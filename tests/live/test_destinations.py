"""Copies between real S3 servers and folders: without versioning, killed in the middle, read by other clients."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.adapters.state_files import DiskStateFiles
from monitor.app.places import place_of
from monitor.destination_settings import DestinationSettings
from monitor.domain.destinations import Mode
from monitor.errors import SlipwayError
from monitor.services.destinations.destination import Destination, Means
from monitor.services.destinations.places import Below
from monitor.services.destinations.seeding import Seed
from tests.services.destinations.worlds import START_NS, begin, objects_in, restorable, write_some
from tests.support.pen import Pen
from tests.support.s3 import S3Server, seaweedfs

pytestmark = [pytest.mark.live, pytest.mark.s3]

PREFIX = "own/place"


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A second S3 server; no bucket on it has versions."""
    with seaweedfs(tmp_path_factory.mktemp("other")) as server:
        yield server


class Bench:
    """A primary on one real server, and destinations as a person sets them."""

    def __init__(self, folder: Path, server: S3Server, bucket: str, stack: AsyncExitStack) -> None:
        self.folder, self.server, self.bucket, self.stack = folder, server, bucket, stack
        keys = server.credentials
        self.primary = Below(ObjectStore(S3Access(server.endpoint, bucket, keys.access_key, keys.secret_key)), PREFIX)
        self.pool = stack.enter_context(ThreadPoolExecutor(2))

    def destination(self, source: Any = None, **fields: Any) -> Destination:
        settings = DestinationSettings.model_validate({"name": "copy", **fields})
        means = Means(source or self.primary, DiskStateFiles(self.folder / "state"), SystemClock(), self.pool)
        return Destination(settings.terms, place_of(settings, self.folder, self.stack), means)

    def on(self, server: S3Server, bucket: str, **fields: Any) -> Destination:
        keys = server.credentials
        given = {"endpoint": server.endpoint, "access_key": keys.access_key, "secret_key": keys.secret_key}
        return self.destination(kind="s3", bucket=bucket, **given, **fields)


@pytest.fixture
async def bench(tmp_path: Path, s3_server: S3Server, bucket: str) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(tmp_path, s3_server, bucket, stack)


def objects_on(server: S3Server, bucket: str, prefix: str = "") -> dict[str, bytes]:
    """What another client finds in a bucket, without the prefix."""
    client = server.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {
        key.removeprefix(prefix).lstrip("/"): client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys
    }


async def much(bench: Bench, revisions: int = 6) -> Pen:
    """Some megabytes in several packs."""
    await begin(bench.primary)
    pen = Pen(bench.primary, "shop", prefix="")
    noise = random.Random(7)
    files: dict[str, bytes] = {}
    for number in range(revisions):
        files = {**files, f"photo-{number}.raw": noise.randbytes(3_000_000), "notes.txt": b"%d" % number}
        await pen.save(files, START_NS + number)
    return pen


async def test_to_a_server_without_versions_and_to_a_folder_side_by_side(
    bench: Bench, other_server: S3Server, tmp_path: Path
) -> None:
    await begin(bench.primary)
    shop, blog = await write_some(bench.primary), await write_some(bench.primary, "blog", 3)
    (tmp_path / "nas").mkdir()
    r2 = bench.on(other_server, "copies", prefix="deep/er", name="r2")
    nas = bench.destination(kind="folder", path=tmp_path / "nas", name="nas")
    outcomes = await asyncio.gather(r2.run(), nas.run())
    assert all(outcome.complete for outcome in outcomes)
    assert other_server.client().get_bucket_versioning(Bucket="copies").get("Status") != "Enabled"
    wanted = objects_on(bench.server, bench.bucket, PREFIX)
    for copy in (objects_on(other_server, "copies", "deep/er"), objects_in(tmp_path / "nas")):
        assert copy == wanted
        assert restorable(copy, shop) == [1, 2, 3, 4, 5]
        assert restorable(copy, blog) == [1, 2, 3]
    assert (await r2.verify()).sound
    assert (await nas.verify()).sound
    assert not any((await r2.run()).copied.values())


async def test_a_server_killed_in_the_middle_is_gone_on_with(bench: Bench, tmp_path: Path) -> None:
    pen = await much(bench)
    with seaweedfs(tmp_path / "victim") as victim:
        bucket = await killed_in_the_middle(bench, victim)
        half = objects_on(victim, bucket)
        restorable(half, pen)
        assert (await bench.on(victim, bucket).run()).complete
        assert objects_on(victim, bucket) == objects_on(bench.server, bench.bucket, PREFIX)
        assert len(restorable(objects_on(victim, bucket), pen)) == 6


async def killed_in_the_middle(bench: Bench, victim: S3Server) -> str:
    """The bucket of a copy whose server died under it; one that was done before the kill is no such copy."""
    for number in range(8):
        destination = bench.on(victim, f"copies-{number}")
        run = asyncio.create_task(destination.run())
        await _until(lambda bucket=f"copies-{number}": _packs(victim, bucket) >= 1)
        psutil.Process(victim.program.pid).send_signal(signal.SIGKILL)
        try:
            await run
        except SlipwayError:
            assert destination.state().state == "failed"
            assert destination.state().hint
            return f"copies-{number}"
        finally:
            victim.program.kill()
            await asyncio.to_thread(victim.program.start)
    raise AssertionError("every copy was done before its server could be killed")


async def test_a_flipped_bit_is_found_on_both_and_mended(
    bench: Bench, other_server: S3Server, tmp_path: Path
) -> None:
    await begin(bench.primary)
    shop = await write_some(bench.primary)
    (tmp_path / "nas").mkdir()
    nas = bench.destination(kind="folder", path=tmp_path / "nas", name="nas")
    s3 = bench.on(other_server, "flipped", mode=Mode.MIRROR)
    await asyncio.gather(nas.run(), s3.run())
    victim = sorted(key for key in objects_in(tmp_path / "nas") if "/packs/" in key)[0]
    path, client = tmp_path / "nas" / victim, other_server.client()
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)
    client.put_object(Bucket="flipped", Key=victim, Body=bytes(data))
    for destination in (nas, s3):
        assert [one.key for one in (await destination.verify(repair=False)).damaged] == [victim]
        assert (await destination.verify()).sound
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert len(restorable(objects_on(other_server, "flipped"), shop)) == 5


async def test_wrong_credentials_are_told_without_them(bench: Bench, other_server: S3Server) -> None:
    await begin(bench.primary)
    await write_some(bench.primary)
    wrong = bench.destination(
        kind="s3", endpoint=other_server.endpoint, bucket="none", access_key="AKWRONG", secret_key="S3CRETWRONG"
    )
    with pytest.raises(SlipwayError) as caught:
        await wrong.run()
    assert "S3CRETWRONG" not in f"{caught.value.message} {caught.value.hint} {wrong.state()}"


async def test_a_fresh_server_is_seeded_from_another(bench: Bench, other_server: S3Server) -> None:
    await begin(bench.primary)
    shop = await write_some(bench.primary)
    destination = bench.on(other_server, "origin")
    await destination.run()
    bench.server.client().create_bucket(Bucket="fresh-primary")
    keys = bench.server.credentials
    fresh = ObjectStore(S3Access(bench.server.endpoint, "fresh-primary", keys.access_key, keys.secret_key))
    seed = Seed(destination.there, fresh, "origin", SystemClock(), bench.pool)
    assert (await seed.run("new-machine")).complete
    found = objects_on(bench.server, "fresh-primary")
    assert restorable(found, shop) == [1, 2, 3, 4, 5]
    assert b"new-machine" in found["writer"]


def _packs(server: S3Server, bucket: str) -> int:
    listed = server.client().list_objects_v2(Bucket=bucket, Prefix="shop/history/packs/")
    return int(listed.get("KeyCount", 0))


async def _until(probe: Callable[[], bool]) -> None:
    from tests.support.waiting import until

    await until(lambda: asyncio.to_thread(probe), what="the first packs to arrive")
