"""The services of a stack beside its front, as Docker lists them: which ended badly, and how a front is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress

from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels

_CONNECT_S = 0.5
_EXITED = re.compile(r"Exited \((-?\d+)\)")


def exit_code(row: Json) -> int:
    """How a listed container ended; 0 for one that has not."""
    found = _EXITED.match(str(row.get("Status", "")))
    return int(found[1]) if found else 0


def part_name(row: Json) -> str:
    """The service, as the compose file names it."""
    return str(row["Labels"].get(labels.COMPOSE_SERVICE, "?"))


def failed_parts(rows: Iterable[Json]) -> dict[str, Json]:
    """By workspace the first service that ended with another code than 0; one that did its work and left is fine."""
    found: dict[str, Json] = {}
    for row in rows:
        if row["Labels"].get(labels.ROLE) == labels.ROLE_PART and exit_code(row):
            found.setdefault(str(row["Labels"].get(labels.WORKSPACE, "")), row)
    return found


async def accepts(host: str | None, port: int | None) -> bool:
    """Whether a TCP connection is taken."""
    if host is None or port is None:
        return False
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
