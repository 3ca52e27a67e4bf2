"""Restores from a real S3 server: exact, quick to notice a damaged object, unmoved by a server that is killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.domain.moments import rfc3339
from monitor.errors import SlipwayError
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.fetching import Damaged
from monitor.services.restore.wish import Wish
from tests.support.independent_reader import Reader
from tests.support.restoring import NAME, PREFIX, Spot, picture
from tests.support.s3 import S3Server, seaweedfs

pytestmark = [pytest.mark.live, pytest.mark.s3]


def access(server: S3Server, bucket: str) -> S3Access:
    keys = server.credentials
    return S3Access(server.endpoint, bucket, keys.access_key, keys.secret_key, timeout_s=20, connect_timeout_s=2)


@pytest.fixture
async def spot(tmp_path: Path, s3_server: S3Server, bucket: str) -> AsyncIterator[Spot]:
    spot = Spot(tmp_path, inner=ObjectStore(access(s3_server, bucket)))
    yield spot
    await spot.close()


async def furnish(spot: Spot) -> None:
    top = os.fsencode(spot.folder)
    for number in range(300):
        place = os.path.join(top, b"d%d" % (number % 7), b"f\xff%d" % number)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(os.urandom(number * 40))
    await spot.desk.write("large.bin", os.urandom(20 * 2**20), mode=0o640)
    (spot.folder / "link").symlink_to("large.bin")
    (spot.folder / "empty").mkdir(mode=0o700)


def oracle(server: S3Server, bucket: str, seq: int, target: Path) -> dict[bytes, tuple[object, ...]]:
    """The independent reader, with a client of its own."""
    client = server.client()

    def keys(prefix: str) -> list[str]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def get(key: str) -> bytes:
        data: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return data

    target.mkdir()
    Reader(get, keys, NAME, PREFIX).restore(seq, target)
    client.close()
    return picture(target)


async def test_back_to_a_moment_and_forth_again(spot: Spot, s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    await furnish(spot)
    first = await spot.keep()
    time_ns = (await spot.desk.history.archive.header(NAME, first)).time_ns
    shutil.rmtree(spot.folder / "d3")
    (spot.folder / "large.bin").unlink()
    await spot.desk.write("d1/new", "n")
    second = await spot.keep()
    choosing = Choosing(spot.desk.history.archive, spot.desk.clock)
    chosen = await choosing.choose(NAME, at=rfc3339(time_ns))
    assert chosen.seq == first
    await spot.restorer.run(Wish(chosen))
    assert spot.now() == oracle(s3_server, bucket, first, tmp_path / "one")
    await spot.restore(second)
    assert spot.now() == oracle(s3_server, bucket, second, tmp_path / "two")
    await spot.restore(first, as_name="fork")
    assert picture(spot.root / "fork") == picture(tmp_path / "one")
    assert spot.stages == []


async def test_a_damaged_pack_on_the_server_is_found(spot: Spot, s3_server: S3Server, bucket: str) -> None:
    await furnish(spot)
    seq = await spot.keep()
    shutil.rmtree(spot.folder / "d3")
    (spot.folder / "large.bin").unlink()
    before = spot.now()
    client = s3_server.client()
    listed = client.list_objects_v2(Bucket=bucket, Prefix=f"{PREFIX}/{NAME}/history/packs/")["Contents"]
    wish = await spot.wish(seq)
    for item in listed:
        whole = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        client.put_object(Bucket=bucket, Key=item["Key"], Body=whole[: len(whole) // 50])
    with pytest.raises(Damaged):
        await spot.restorer.run(wish)
    client.close()
    assert spot.now() == before
    assert spot.stages == []


async def test_a_server_killed_midway_changes_nothing_and_the_next_try_succeeds(tmp_path: Path) -> None:
    with seaweedfs(tmp_path / "server") as server:
        client = server.client()
        client.create_bucket(Bucket="killed")
        client.close()
        spot = Spot(tmp_path, inner=ObjectStore(access(server, "killed")))
        await furnish(spot)
        seq = await spot.keep()
        wanted = spot.now()
        shutil.rmtree(spot.folder / "d3")
        (spot.folder / "large.bin").unlink()
        before, wish, killed = spot.now(), await spot.wish(seq), []

        def kill(name: str) -> None:
            if name == "staged" and not killed:
                killed.append(name)
                server.program.kill()

        spot.placing._step = kill  # type: ignore[method-assign]
        with pytest.raises(SlipwayError):
            await spot.restorer.run(wish)
        assert killed
        assert spot.now() == before
        assert spot.stages == []
        server.program.start()
        spot.desk.clock.ahead += 1000
        await spot.restore(seq)
        assert spot.now() == wanted
        await spot.close()
