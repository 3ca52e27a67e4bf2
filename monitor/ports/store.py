"""The object store: a flat map from keys to bytes, as any S3 keeps it.

Promises every implementation keeps (one contract suite holds them all to it):

- A `put` that returned is durable and seen by every later `get`, `head` and `list`.
- `put_new` writes only where nothing is; of several writers exactly one succeeds.
- Keys are opaque UTF-8 strings of at most 1,024 bytes; `/` has no meaning but in `list` prefixes.
- No caller writes `a` and `a/b` at the same time: the bundled server may then lose one it acknowledged.
  One after the other, both are kept.
- Nothing here retries. `StoreAway` means that a later try may succeed, and that a write may or may not
  have happened; every other exception is final for the same call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from monitor.errors import Away, Conflict, NotFound, Refused


class StoreAway(Away):
    """No answer, a time-out, a 429 or a 5xx: a later try may succeed; a write may have happened."""

    reason = "store-away"


class StoreFull(StoreAway):
    """The server has no room (507, 500 'no free volumes'): a later try helps once there is some."""

    reason = "store-full"


class StoreRefused(Refused):
    """Wrong credentials or a forbidden call: retrying does not help, a person must act."""

    reason = "store-refused"


class NoSuchKey(NotFound):
    """Nothing is kept under that key."""

    reason = "no-such-key"


class KeyExists(Conflict):
    """`put_new` found something there already."""

    reason = "key-exists"


@dataclass(frozen=True, slots=True)
class Listed:
    """One listed object: its key and its size in bytes."""

    key: str
    size: int


class Store(Protocol):
    """See the module's promises."""

    async def put(self, key: str, data: bytes) -> None:
        """Write, replacing what was there."""
        ...

    async def put_new(self, key: str, data: bytes) -> None:
        """Write only if nothing is there; raises `KeyExists`."""
        ...

    async def get(self, key: str) -> bytes:
        """The whole object; raises `NoSuchKey`."""
        ...

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`; raises `NoSuchKey`, or `StoreAway` on a short answer."""
        ...

    async def head(self, key: str) -> int:
        """Size in bytes; raises `NoSuchKey`."""
        ...

    async def delete(self, key: str) -> None:
        """Remove; removing what is not there is not an error."""
        ...

    def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        """Every object whose key starts with `prefix` and is greater than `after`, in key order (UTF-8 bytes)."""
        ...
