"""What tests of file writing send, and what they expect to be there."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from monitor.ports.writing import Expected

ANY = Expected()
NEW = Expected(none_match=frozenset({"*"}))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
