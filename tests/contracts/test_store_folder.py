"""The folder store keeps the store's promises, and a bucket's layout on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.folder_store import FolderStore
from monitor.ports.store import KeyExists, NoSuchKey, StoreAway, StoreFull
from tests.contracts.store_contract import StoreContract, listing


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    store = FolderStore(tmp_path / "kept", create=True)
    yield store
    store.close()


class TestFolderStore(StoreContract):
    """The whole contract."""


async def test_a_key_is_a_path(store: FolderStore) -> None:
    await store.put("p/shop/history/packs/ab12", b"x")
    assert (store.root / "p/shop/history/packs/ab12").read_bytes() == b"x"


async def test_a_key_may_be_an_object_and_a_folder_in_either_order(store: FolderStore) -> None:
    for first, second in (("a", "a/b/c"), ("x/y/z", "x/y")):
        await store.put_new(first, b"1")
        await store.put_new(second, b"2")
        for key, data in ((first, b"1"), (second, b"2")):
            assert await store.get(key) == data
            with pytest.raises(KeyExists):
                await store.put_new(key, b"3")
    assert await listing(store, "") == ["a", "a/b/c", "x/y", "x/y/z"]
    await store.delete("a")
    await store.delete("x/y/z")
    assert await listing(store, "") == ["a/b/c", "x/y"]


async def test_segments_longer_than_a_file_name(store: FolderStore) -> None:
    wanted = [("%é" * 150), "n" * 240, "n" * 241, "n" * 240 + "/a", "n" * 500 + "/x", "n" * 240 + "!"]
    for key in wanted:
        await store.put_new(key, key.encode())
    for key in wanted:
        assert await store.get(key) == key.encode()
    assert await listing(store, "") == sorted(wanted, key=str.encode)
    assert await listing(store, "n" * 300) == ["n" * 500 + "/x"]


async def test_an_unmounted_share_is_away_and_not_filled(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "nas")
    with pytest.raises(StoreAway, match="not there"):
        await store.put("k", b"x")
    with pytest.raises(StoreAway):
        await listing(store, "")
    with pytest.raises(StoreAway):
        await store.get("k")
    assert not (tmp_path / "nas").exists()
    store.close()


async def test_links_and_strange_files_are_no_objects(store: FolderStore, tmp_path: Path) -> None:
    await store.put("a/b", b"x")
    (tmp_path / "secret").write_text("no")
    (store.root / "a/link").symlink_to(tmp_path / "secret")
    os.mkfifo(store.root / "a/pipe")
    assert await listing(store, "") == ["a/b"]
    with pytest.raises(NoSuchKey):
        await store.get("a/pipe")
    with pytest.raises(Exception, match="link") as caught:
        await store.get("a/link")
    assert not isinstance(caught.value, OSError)


async def test_what_a_killed_write_left_is_swept_and_never_listed(store: FolderStore) -> None:
    await store.put("k", b"x")
    (store.root / "%tmp" / "torn").write_bytes(b"half")
    assert await listing(store, "") == ["k"]
    await store.sweep()
    assert list((store.root / "%tmp").iterdir()) == []


FILL = """
import asyncio, subprocess, sys
from pathlib import Path
from monitor.adapters.folder_store import FolderStore
from monitor.ports.store import StoreFull
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", sys.argv[1]], check=True)
async def main():
    store = FolderStore(Path(sys.argv[1]) / "s", create=True)
    await store.put("a", b"x" * 300_000)
    for _ in range(3):
        try:
            await store.put("b", b"y" * 900_000)
        except StoreFull as error:
            print("full:", error.hint)
    assert await store.get("a") == b"x" * 300_000
    assert [f.key async for f in store.list("")] == ["a"]
    await store.delete("a")
    await store.put("b", b"y" * 900_000)
    print("recovered")
    store.close()
asyncio.run(main())
"""


def test_a_full_disk_is_said_so_and_harms_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        ["unshare", "-Urm", sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    if "unshare failed" in run.stderr:
        pytest.skip("no user namespaces here")
    assert run.stdout.count("full:") == 3, run.stderr
    assert "recovered" in run.stdout, run.stderr
    assert issubclass(StoreFull, StoreAway)
