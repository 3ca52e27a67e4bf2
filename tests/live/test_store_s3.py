"""The obstore adapter keeps the store's promises on a real S3 server."""

from __future__ import annotations

import asyncio
import socket

import pytest

from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.ports.store import NoSuchKey, Store, StoreAway, StoreRefused
from tests.contracts.store_contract import StoreContract
from tests.support.ports import free_port
from tests.support.s3 import S3Server, seaweedfs

pytestmark = [pytest.mark.live, pytest.mark.s3]


def access(server: S3Server, bucket: str, **changed: str) -> S3Access:
    return S3Access(
        endpoint=changed.get("endpoint", server.endpoint),
        bucket=bucket,
        access_key=server.credentials.access_key,
        secret_key=changed.get("secret_key", server.credentials.secret_key),
        timeout_s=20,
        connect_timeout_s=2,
    )


@pytest.fixture(params=["versioned", "plain"])
def store(request: pytest.FixtureRequest, s3_server: S3Server, bucket: str) -> Store:
    """Both kinds of bucket: SeaweedFS keeps them quite differently."""
    if request.param == "versioned":
        client = s3_server.client()
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        client.close()
    return ObjectStore(access(s3_server, bucket))


class TestObjectStore(StoreContract):
    """The whole contract, in a versioned and in a plain bucket."""


async def test_another_client_sees_the_same_object(s3_server: S3Server, bucket: str) -> None:
    await ObjectStore(access(s3_server, bucket)).put("w/live/a b%25.txt", b"bytes")
    client = s3_server.client()
    assert client.get_object(Bucket=bucket, Key="w/live/a b%25.txt")["Body"].read() == b"bytes"
    client.put_object(Bucket=bucket, Key="w/live/folder/", Body=b"")
    client.close()
    found = [one.key async for one in ObjectStore(access(s3_server, bucket)).list("w/")]
    assert found == ["w/live/a b%25.txt"], "a folder's marker object is no file"


async def test_wrong_credentials_are_refused_and_never_repeated(s3_server: S3Server, bucket: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        await ObjectStore(access(s3_server, bucket, secret_key="not-the-secret")).put("k", b"x")
    assert "not-the-secret" not in repr(caught.value) + repr(access(s3_server, bucket, secret_key="not-the-secret"))


async def test_a_missing_bucket_is_not_a_missing_key(s3_server: S3Server) -> None:
    with pytest.raises(StoreRefused) as caught:
        await ObjectStore(access(s3_server, "no-such-bucket-here")).get("k")
    assert not isinstance(caught.value, NoSuchKey)


async def test_nobody_there_is_away_at_once(s3_server: S3Server) -> None:
    store = ObjectStore(access(s3_server, "bucket", endpoint=f"http://127.0.0.1:{free_port()}"))
    async with asyncio.timeout(5):
        for call in (store.put("k", b"x"), store.put_new("k", b"x"), store.get("k"), store.delete("k")):
            with pytest.raises(StoreAway):
                await call


async def test_a_server_that_says_nothing_is_away_in_time(s3_server: S3Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        patient = access(s3_server, "bucket", endpoint=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        hasty = S3Access(patient.endpoint, "bucket", "k", "s", timeout_s=0.5)
        async with asyncio.timeout(5):
            with pytest.raises(StoreAway):
                await ObjectStore(hasty).get("k")


async def test_loopback_never_goes_through_a_proxy(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    store = ObjectStore(access(s3_server, bucket))
    await store.put("k", b"x")
    assert await store.get("k") == b"x"


async def test_acknowledged_writes_outlive_kill_9(tmp_path_factory: pytest.TempPathFactory) -> None:
    with seaweedfs(tmp_path_factory.mktemp("killed")) as server:
        client = server.client()
        client.create_bucket(Bucket="killed")
        client.close()
        store = ObjectStore(access(server, "killed"))
        kept: set[str] = set()

        async def write(writer: int) -> None:
            for number in range(10_000):
                await store.put(f"{writer}/{number:05}", b"%d" % number)
                kept.add(f"{writer}/{number:05}")
                if len(kept) == 200:
                    server.program.kill()

        results = await asyncio.gather(*map(write, range(8)), return_exceptions=True)
        assert all(isinstance(one, StoreAway) for one in results)
        await asyncio.to_thread(server.program.start)
        found = {one.key async for one in store.list("")}
        assert len(kept) >= 200
        assert kept <= found
        for key in sorted(kept):
            assert await store.get(key) == b"%d" % int(key[2:])
