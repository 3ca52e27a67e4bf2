"""One look from outside at an instance: does it answer, and how.

A probe never raises for what the other side does; it returns what was seen, in words for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Seen:
    """`status` is the HTTP status, None where nothing answered; `problem` says what happened instead."""

    status: int | None = None
    problem: str = ""


class Probe(Protocol):
    async def http(self, host: str, port: int, path: str, timeout_s: float) -> Seen:
        """GET once, redirects not followed, body not read."""
        ...

    async def page(self, host: str, port: int, path: str, timeout_s: float) -> str:
        """The text of the HTML page at `path`, at most 256 KiB of it; "" for anything else."""
        ...

    async def accepts(self, host: str, port: int, timeout_s: float) -> bool:
        """Whether a TCP connection is accepted."""
        ...
