"""The history on a real S3 server: killed in the middle of a batch, and read back by the independent reader."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from pathlib import Path

import pytest

from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from tests.support.independent_reader import Reader
from tests.support.keeping import NAME, PREFIX, Desk, Seen, picture
from tests.support.s3 import S3Server, seaweedfs

pytestmark = [pytest.mark.live, pytest.mark.s3]


def access(server: S3Server, bucket: str) -> S3Access:
    keys = server.credentials
    return S3Access(server.endpoint, bucket, keys.access_key, keys.secret_key, timeout_s=5, connect_timeout_s=1)


def restored(server: S3Server, bucket: str, seq: int, target: Path) -> Seen:
    client = server.client()
    pages = client.get_paginator("list_objects_v2")

    def keys(start: str) -> list[str]:
        found = (page.get("Contents", []) for page in pages.paginate(Bucket=bucket, Prefix=start))
        return [one["Key"] for page in found for one in page]

    def get(key: str) -> bytes:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    Reader(get, keys, NAME, PREFIX).restore(seq, target)
    client.close()
    return picture(target)


async def test_every_revision_comes_back_from_a_real_server(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    client = s3_server.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    desk = Desk(tmp_path, inner=ObjectStore(access(s3_server, bucket)))
    await desk.history.open()
    dice, shots = random.Random(3), {}
    for turn in range(4):
        for number in range(40):
            await asyncio.to_thread((desk.folder / f"f{number % 7}-{number}").write_bytes, dice.randbytes(3_000))
        (desk.folder / f"link{turn}").symlink_to("f0-0")
        await desk.write("big", dice.randbytes(9_000_000))
        revision = await desk.keep()
        assert revision is not None
        shots[revision.seq] = picture(desk.folder)
    assert await desk.keep() is None
    for seq, shot in shots.items():
        assert restored(s3_server, bucket, seq, tmp_path / "out") == shot
    answer = client.get_object(Bucket=bucket, Key=f"{PREFIX}/FORMAT")["Body"].read()
    assert json.loads(answer)["format"] == 1
    await desk.close()
    client.close()


async def test_the_server_is_killed_while_batches_come_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    with seaweedfs(tmp_path_factory.mktemp("killed")) as server:
        client = server.client()
        client.create_bucket(Bucket="killed")
        client.close()
        base = tmp_path_factory.mktemp("desk")
        desk = Desk(base, inner=ObjectStore(access(server, "killed")))
        await desk.history.open()
        dice, shots = random.Random(5), {}
        for turn in range(6):
            for number in range(30):
                (desk.folder / f"f{number}").write_bytes(dice.randbytes(100_000))
            await desk.rest()
            keeping = asyncio.ensure_future(desk.keep())
            if turn == 2:
                await asyncio.sleep(0.03)
                await asyncio.to_thread(server.program.kill)
            revision = await keeping
            assert revision is not None
            shots[revision.seq] = picture(desk.folder)
        state = desk.history.state(NAME)
        assert state.spooled >= 3
        assert state.error
        await asyncio.to_thread(server.program.start)
        desk.clock.ahead += 100
        async with asyncio.timeout(30):
            while not await desk.history.catch_up():
                desk.clock.ahead += 100
                await asyncio.sleep(0.1)
        assert list(shots) == [1, 2, 3, 4, 5, 6]
        for seq, shot in shots.items():
            assert restored(server, "killed", seq, base / "out") == shot
        assert desk.history.state(NAME).spooled == 0
        await desk.close()
