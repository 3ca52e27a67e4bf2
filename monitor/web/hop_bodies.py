"""Bodies the hop changes, pages and style sheets, through their compression where there is one."""

from __future__ import annotations

import re
import zlib
from typing import Protocol

import aiohttp

from monitor.domain.prefix import css
from monitor.domain.prefix.html import PageRewriter, may_change_inline
from monitor.domain.prefix.urls import Mount

SHEET_LIMIT = 4 * 1024 * 1024
"""A longer style sheet goes through as it is."""
EXPANDED = 512 * 1024
"""A compressed piece is expanded in steps of at most this."""

_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_WIDE = re.compile(r"charset\s*=\s*\"?\s*utf-?(16|32)", re.IGNORECASE)


class Body(Protocol):
    """Takes a body piece by piece; each call returns what may be sent on."""

    def feed(self, data: bytes) -> bytes: ...
    def close(self) -> bytes: ...


def changed_body(method: str, answer: aiohttp.ClientResponse, mount: Mount, shim: str) -> Body | None:
    """What changes this answer's body; None where it passes as it is.

    A part of a page (206), an encoding we do not know and text that is not written in single bytes pass.
    """
    kind = answer.headers.get("Content-Type", "").lower()
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS or answer.status == 206 or _WIDE.search(kind):
        return None
    inner: Body
    if kind.startswith(("text/html", "application/xhtml+xml")):
        policy = " ".join(answer.headers.getall("Content-Security-Policy", []))
        inner = PageRewriter(mount, shim=shim, inline=may_change_inline(policy))
    elif kind.startswith("text/css"):
        inner = Sheet(mount)
    else:
        return None
    if method == "HEAD" or answer.status in {204, 304}:
        return Nothing()
    return Zipped(inner) if encoding.endswith("gzip") else inner


class Nothing:
    """The body of an answer that has none, but would have a changed one."""

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""


class Sheet:
    """A style sheet, kept until it is whole."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        self._parts.append(data)
        self._size += len(data)
        return self._given() if self._size > SHEET_LIMIT else b""

    def close(self) -> bytes:
        whole = self._given()
        return (
            whole
            if self._size > SHEET_LIMIT
            else css.rewritten(whole.decode("latin-1"), self._mount).encode("latin-1")
        )

    def _given(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


class Zipped:
    """The same behind gzip, streamed: expanded, changed, compressed again and flushed with each piece."""

    def __init__(self, inner: Body) -> None:
        self._inner = inner
        self._expand = zlib.decompressobj(wbits=31)
        self._compress = zlib.compressobj(level=4, wbits=31)

    def feed(self, data: bytes) -> bytes:
        out = []
        while data:
            plain = self._expand.decompress(data, EXPANDED)
            data = self._expand.unconsumed_tail
            out.append(self._compress.compress(self._inner.feed(plain)))
        out.append(self._compress.flush(zlib.Z_SYNC_FLUSH))
        return b"".join(out)

    def close(self) -> bytes:
        rest = self._inner.feed(self._expand.flush()) + self._inner.close()
        return self._compress.compress(rest) + self._compress.flush()
