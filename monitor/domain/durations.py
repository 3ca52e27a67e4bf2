"""Spans of time as a person writes them: `90s`, `15m`, `24h`, `7d`, `12w`, `24mo`, `5y`."""

from __future__ import annotations

import re

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800
YEAR = 31_557_600
MONTH = YEAR // 12
LONGEST = 1000 * YEAR

UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "mo": MONTH, "y": YEAR}
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]{1,2})")


def seconds_of(text: str) -> int:
    """The span in seconds; raises `ValueError`, whose text completes a sentence, for anything else."""
    match = _SPAN.fullmatch(text.strip().lower())
    seconds = int(match[1]) * UNITS.get(match[2], 0) if match else 0
    if match is None or match[2] not in UNITS or seconds > LONGEST:
        raise ValueError("must be a span of time such as `90s`, `15m`, `24h`, `7d`, `12w`, `24mo` or `5y`")
    return seconds


def span(seconds: int) -> str:
    """The span in its largest two units: `2 d 3 h`."""
    parts: list[tuple[int, str]] = []
    for unit, size in (("y", YEAR), ("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"
