"""Moments as text: nanoseconds since the epoch to RFC 3339 UTC and back."""

from __future__ import annotations

from datetime import UTC, datetime

NS = 1_000_000_000


def rfc3339(wall_ns: int) -> str:
    """`2024-01-15T10:30:00.000000001Z`: UTC, always nine digits, so that texts sort as moments do."""
    seconds, ns = divmod(wall_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"
