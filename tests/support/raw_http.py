"""Requests exactly as typed: no client library tidies the path or the headers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back: status, headers with lower-cased names, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def raw(
    port: int, target: str | bytes, *headers: str, host: str = "localhost", method: str = "GET"
) -> RawAnswer:
    """Send one request for `target` and read the answer to its end."""
    path = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = [f"Host: {host}", *headers]
    if not any(line.lower().startswith("connection:") for line in headers):
        lines.append("Connection: close")
    request = method.encode() + b" " + path + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            return await _read(reader)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> RawAnswer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    length = headers.get("content-length")
    body = await (reader.readexactly(int(length)) if length else reader.read())
    return RawAnswer(int(head[0].split()[1]), headers, body)
