"""Moments as text: nanoseconds since the epoch to RFC 3339 UTC and back."""

from __future__ import annotations

from datetime import UTC, datetime

NS = 1_000_000_000


def rfc3339(wall_ns: int) -> str:
    """`2024-01-15T10:30:00.000000001Z`: UTC, always nine digits, so that texts sort as moments do."""
    seconds, ns = divmod(wall_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"


def shown(moment: str) -> str:
    """Such a text for people, `2024-01-15 10:30:00.001 UTC`; nothing for nothing.

    Rounded up: typed as a point in time it still finds what was kept at that moment.
    """
    if not moment:
        return ""
    seconds, _, fraction = moment.removesuffix("Z").partition(".")
    whole_ns = int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * NS + int(fraction.ljust(9, "0"))
    whole, ms = divmod(-(-whole_ns // 1_000_000), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%d %H:%M:%S}.{ms:03d} UTC"
