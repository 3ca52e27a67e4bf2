"""What people read when an S3 server refuses: one sentence with its code, never its XML, and what to do."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.embedded import weed_ready
from monitor.adapters.embedded.child import Child, ChildFailed, ChildSpec
from monitor.adapters.embedded.weed_keys import WeedKeys
from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.s3_access import S3Access
from monitor.adapters.store_errors import failure
from monitor.ports.store import NoSuchKey, StoreAway, StoreFull, StoreRefused

Usage = namedtuple("Usage", "total used free")
HEAD = "Error performing PUT http://127.0.0.1:8333/slipway/a/b in 45.57ms - Server returned non-2xx status code: "


def obstore_said(status: str, code: str, message: str) -> str:
    """As obstore words what SeaweedFS 4.02 answered."""
    return (
        f'Generic S3 error: {HEAD}{status}: <?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
        f"<Message>{message}</Message><Resource>/slipway/a/b</Resource><RequestId>18EA1CB7D5E378C9</RequestId>"
        f"<Key>a/b</Key><BucketName>slipway</BucketName></Error>\n\nDebug source:\nGeneric {{\n    store: S3,\n}}"
    )


INTERNAL = obstore_said(
    "500 Internal Server Error", "InternalError", "We encountered an internal error, please try again."
)
QUOTA = obstore_said(
    "403 Forbidden", "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded &amp; nothing\n  more fits."
)
FULL = obstore_said(
    "507 Insufficient Storage", "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."
)
BOTO = (
    "InvalidAccessKeyId: An error occurred (InvalidAccessKeyId) when calling the HeadBucket operation "
    "(reached max retries: 1): The access key ID you provided does not exist in our records."
)


@pytest.mark.parametrize(
    ("status", "said", "kind", "sentence"),
    [
        (500, INTERNAL, StoreAway, "something failed inside the server (InternalError)."),
        (403, QUOTA, StoreFull, "Bucket quota exceeded & nothing more fits (XMinioAdminBucketQuotaExceeded)."),
        (
            507,
            FULL,
            StoreFull,
            "Storage backend has reached its minimum free drive threshold (XMinioStorageFull).",
        ),
        (403, BOTO, StoreRefused, "it does not know this access key (InvalidAccessKeyId)."),
        (404, obstore_said("404 Not Found", "NoSuchBucket", "?"), StoreRefused, "the bucket does not exist"),
        (404, obstore_said("404 Not Found", "NoSuchKey", "?"), NoSuchKey, "nothing is kept there (NoSuchKey)."),
        (503, "<Error><Code>Odd.One</Code></Error>", StoreAway, "it answered Odd.One."),
        (None, "Could not connect to the endpoint URL\n\nDebug source: x", StoreAway, "Could not connect"),
        (
            None,
            "Generic S3 error: Error performing PUT http://127.0.0.1:9/bucket/a/b in 249.491µs - HTTP error: error "
            'sending request\n\nDebug source:\nGeneric {\n    store: "S3",\n',
            StoreAway,
            "http://127.0.0.1:9 does not answer (error sending request).",
        ),
        (
            502,
            f"Generic S3 error: {HEAD}502 Bad Gateway: <html>\n<body>nginx</body></html>\n\nDebug source:\nG",
            StoreAway,
            "it answered 502 Bad Gateway.",
        ),
    ],
)
def test_a_refusal_is_one_sentence_with_its_code(
    status: int | None, said: str, kind: type[Exception], sentence: str
) -> None:
    error = failure(status, said, "write a/b")
    assert type(error) is kind
    assert error.message.startswith("The S3 store could not write a/b: ")
    assert sentence in error.message
    assert not {"<", ">", "\n"} & set(error.message)
    assert "Debug source" not in error.message
    assert kind is NoSuchKey or error.hint


@given(
    st.text(max_size=2000),
    st.sampled_from(["<Code>x</Code><Message>", "An error occurred (x) when calling the y operation:"]),
)
def test_whatever_it_says_stays_short_and_on_one_line(said: str, start: str) -> None:
    for text in (said, start + said, f"{start}{said}</Message>"):
        message = failure(500, text, "write a").message
        assert len(message) < 450
        assert message.isprintable()


def test_an_internal_error_of_the_server_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SeaweedFS 4 answers nothing else when it finds no room for another volume."""
    room = Usage(10 * 2**30, 0, 124 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: room)
    error = failure(500, INTERNAL, "write a/b", tmp_path)
    assert isinstance(error, StoreFull)
    assert error.message == f"The S3 store could not write a/b: only 124 MiB are free on the disk of {tmp_path}."
    assert "Free some space" in error.hint
    assert "wants 512 MiB" in error.hint
    assert type(failure(500, INTERNAL, "write a/b")) is StoreAway, "another's disk is not ours to judge"
    assert type(failure(None, "connection refused", "write a/b", tmp_path)) is StoreAway
    room = Usage(10 * 2**30, 0, 2 * 2**30)
    assert type(failure(500, INTERNAL, "write a/b", tmp_path)) is StoreAway
    assert type(failure(500, INTERNAL, "write a/b", tmp_path / "gone")) is StoreAway


async def test_a_store_that_cannot_start_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SeaweedFS panics then; the last lines of its log are a stack trace."""

    async def nobody_there() -> bool:
        raise StoreAway("nobody there")

    files = (tmp_path, tmp_path / "store.log", tmp_path / "weed.pid")
    spec = ChildSpec("S3 store", ("/bin/sh", "-c", "echo a stack trace; exit 2"), {}, *files, nobody_there)
    with pytest.raises(ChildFailed, match="stack trace"):
        await Child(spec).start()
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10 * 2**30, 0, 2**20))
    with pytest.raises(ChildFailed) as caught:
        await Child(spec).start()
    assert caught.value.message == f"S3 store ended while starting: only 1 MiB are free on the disk of {tmp_path}"


class NoRoom(MemoryStore):
    """Answers, but takes nothing."""

    error: Exception = StoreFull("no room")

    async def put(self, key: str, data: bytes) -> None:
        raise self.error


async def test_a_store_without_room_is_not_ended_since_it_can_still_be_read() -> None:
    access = S3Access("http://127.0.0.1:9", "slipway", "k", "s")
    ready = weed_ready.WeedReady(access, "http://127.0.0.1:9", WeedKeys(*"abcdefg"))
    ready._prepared, ready._store = True, NoRoom()  # type: ignore[assignment]
    assert await ready()
    ready._store.objects[weed_ready.PROBE_KEY] = b"from before"  # type: ignore[attr-defined]
    assert await ready()
    ready._store.error = StoreAway("nobody there")  # type: ignore[attr-defined]
    with pytest.raises(StoreAway):
        await ready()
    await ready.close()
