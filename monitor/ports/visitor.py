"""A visitor: asks for pages through the router, as a browser on this machine would.

A visitor never raises for what the other side does: it returns what came, or why nothing did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Got:
    """`status` is None where nothing answered, then `problem` says why. `body` is cut at the limit asked for."""

    status: int | None = None
    location: str = ""
    kind: str = ""
    body: bytes = b""
    problem: str = ""


class Visit(Protocol):
    """One browser's stay: cookies are kept until `close`."""

    async def get(self, path: str, *, accept: str, referer: str = "", limit: int = 0) -> Got:
        """GET `path` (with query) once, redirects not followed, at most `limit` bytes of the body read."""
        ...

    async def close(self) -> None: ...


class Visitor(Protocol):
    origin: str
    """What the visitor types before the path: `http://localhost:8080`."""

    def visit(self) -> Visit: ...
