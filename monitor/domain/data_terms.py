"""How often a data volume is looked at, and how much of it is kept at most: `keep:` in `slipway.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.domain.durations import HOUR, MINUTE, seconds_of
from monitor.domain.sizes import GIB

LIMIT = 2 * GIB
OFF = "off"
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([kmgt])i?b?")
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": GIB, "t": 1 << 40}


@dataclass(frozen=True, slots=True)
class DataTerms:
    """`every_s` None: only when somebody asks. `limit` is in bytes."""

    every_s: int | None = HOUR
    limit: int = LIMIT


def every(text: str) -> int | None:
    """`30m` in seconds, None for `off`; raises `ValueError`, whose text completes a sentence."""
    if text == OFF:
        return None
    seconds = seconds_of(text)
    if seconds < MINUTE:
        raise ValueError("must be a minute at least, such as `15m`, or `off`")
    return seconds


def size(text: str) -> int:
    """`4g` in bytes; raises `ValueError`, whose text completes a sentence."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("must be a size such as `512m` or `20g`")
    return int(float(found[1]) * _UNITS[found[2]])


def terms_of(said_every: str | None, said_limit: str | None) -> DataTerms:
    """What was said, else the default."""
    plain = DataTerms()
    return DataTerms(
        plain.every_s if said_every is None else every(said_every),
        plain.limit if said_limit is None else size(said_limit),
    )
