"""The mirror in a real S3 server, read back by another client than the one that wrote it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.adapters.state_files import DiskStateFiles
from monitor.services.mirror import Mirror, MirrorState
from tests.support.s3 import S3Server
from tests.support.waiting import until

pytestmark = [pytest.mark.live, pytest.mark.s3]


class Bench:
    """One workspace, mirrored into a bucket of its own."""

    def __init__(self, base: Path, server: S3Server, bucket: str) -> None:
        self.folder, self.bucket = base / "root" / "shop", bucket
        self.folder.mkdir(parents=True)
        keys = server.credentials
        access = S3Access(server.endpoint, bucket, keys.access_key, keys.secret_key)
        clock = SystemClock()
        self.files = DiskFiles(clock)
        self.mirror = Mirror(
            ObjectStore(access), self.files, DiskStateFiles(base / "state"), clock, prefix="p", identity=bucket
        )
        self.client = server.client()

    async def sync(self) -> MirrorState:
        return await self.mirror.sync("shop", self.folder, await self.files.walk(self.folder))

    async def whole(self) -> bool:
        """Nothing is left to do."""
        state = await self.sync()
        return state.pending == 0 and state.error is None

    def seen(self) -> dict[bytes, bytes]:
        """What boto3 finds under `live/`, by path."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="p/shop/live/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return {
            unquote_to_bytes(key.removeprefix("p/shop/live/")): self.client.get_object(Bucket=self.bucket, Key=key)[
                "Body"
            ].read()
            for key in keys
        }


@pytest.fixture
def bench(tmp_path: Path, s3_server: S3Server, bucket: str) -> Iterator[Bench]:
    made = Bench(tmp_path, s3_server, bucket)
    yield made
    made.client.close()
    made.files.close()


def disk(folder: Path) -> dict[bytes, bytes]:
    return {os.fsencode(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


async def test_what_is_on_disk_is_in_the_bucket_byte_for_byte(bench: Bench) -> None:
    names = ["a", "é", "new\nline", "dot.", " lead", "trail ", "%41", "a//b".replace("//", "\\"), "-rf", "c&d?e#f"]
    for name in [*names, os.fsdecode(b"\xff")]:
        (bench.folder / "sub").mkdir(exist_ok=True)
        (bench.folder / name).write_text(name, errors="surrogateescape")
        (bench.folder / "sub" / name).write_bytes(os.urandom(50_000))
    (bench.folder / "empty.txt").write_bytes(b"")
    (bench.folder / "large.bin").write_bytes(os.urandom(9 * 2**20))
    await until(bench.whole)
    assert bench.seen() == disk(bench.folder)
    (bench.folder / "a").write_text("changed")
    shutil.rmtree(bench.folder / "sub")
    await until(bench.whole)
    assert bench.seen() == disk(bench.folder)


async def test_a_file_becomes_a_folder_and_back(bench: Bench) -> None:
    (bench.folder / "a").write_text("file")
    await until(bench.whole)
    (bench.folder / "a").unlink()
    (bench.folder / "a" / "b").mkdir(parents=True)
    (bench.folder / "a" / "b" / "c").write_text("below")
    await until(bench.whole)
    assert bench.seen() == {b"a/b/c": b"below"}
    shutil.rmtree(bench.folder / "a")
    (bench.folder / "a").write_text("file again")
    await until(bench.whole)
    assert bench.seen() == {b"a": b"file again"}


async def test_secrets_never_reach_the_bucket(bench: Bench) -> None:
    for name in (".env", "id_rsa", "server.pem", ".npmrc"):
        (bench.folder / name).write_text("//r/:_authToken=secret")
    (bench.folder / "deploy").write_text("-----BEGIN PRIVATE KEY-----\nsecret\n")
    (bench.folder / "app.py").write_text("pass")
    await until(bench.whole)
    assert bench.seen() == {b"app.py": b"pass"}


async def test_many_files_at_once(bench: Bench) -> None:
    for number in range(600):
        (bench.folder / f"d{number % 20}").mkdir(exist_ok=True)
        (bench.folder / f"d{number % 20}" / f"f{number}").write_bytes(b"%d" % number)
    await until(bench.whole, 60)
    assert bench.seen() == disk(bench.folder)
    state = await bench.sync()
    assert state.mirror_lag_s == 0
