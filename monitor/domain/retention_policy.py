"""A retention policy as a value: how long which revisions stay, and the limits on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.domain.durations import DAY, HOUR, MONTH, WEEK, YEAR, seconds_of


@dataclass(frozen=True, slots=True)
class Policy:
    """Spans in seconds, measured back from the newest revision; 0 switches a rule off.

    `all`: every revision this long; `hourly` … `yearly`: for this long the last one of each hour, day, week
    (Monday first), month, year (UTC); `safety`: those made before a restore or a run. `ttl`: nothing unnamed gets
    older, whatever the rules say. `max_count`, `max_bytes`: the oldest unnamed ones beyond them go. None: no limit.
    """

    all: int = 24 * HOUR
    hourly: int = 7 * DAY
    daily: int = 30 * DAY
    weekly: int = 12 * WEEK
    monthly: int = 24 * MONTH
    yearly: int = 5 * YEAR
    safety: int = 30 * DAY
    ttl: int | None = None
    max_count: int | None = None
    max_bytes: int | None = None


UNIT = {"all": HOUR, "hourly": HOUR, "daily": DAY, "weekly": WEEK, "monthly": MONTH, "yearly": YEAR, "safety": DAY}
"""What a bare number counts: `daily: 30` is 30 days."""

DEFAULT = Policy()
EVERYTHING = Policy(*([1000 * YEAR] * 7))


def span_of(rule: str, value: object) -> int:
    """`30` or `"30d"` → seconds; raises `ValueError`."""
    if isinstance(value, str):
        return seconds_of(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
        raise ValueError("must be a number or a span of time such as `30d`")
    return value * UNIT[rule]


def with_overrides(policy: Policy, said: Mapping[str, int | None]) -> Policy:
    """`policy` with what was said (None: not said) in its place."""
    return replace(policy, **{name: value for name, value in said.items() if value is not None})


def parse_policy(text: str) -> Policy:
    """`daily=30,weekly=12w,ttl=1y` → the default with these changes; `all` and `default` alone are words for
    keeping everything and for the default. Raises `ValueError`."""
    words = text.replace(",", " ").split()
    if words in ([], ["default"]):
        return DEFAULT
    if words == ["all"]:
        return EVERYTHING
    said: dict[str, int | None] = {}
    for word in words:
        rule, equals, value = word.partition("=")
        if not equals or rule not in {*UNIT, "ttl", "max_count", "max_bytes"}:
            raise ValueError(f"must be pairs such as `daily=30,ttl=1y`, and {word[:40]!r} is none")
        if rule in {"max_count", "max_bytes"}:
            if not value.isdecimal() or len(value) > 18 or int(value) < 1:
                raise ValueError(f"must be a whole number above 0 for {rule}")
            said[rule] = int(value)
        else:
            said[rule] = span_of(rule, int(value)) if value.isdecimal() and rule != "ttl" else seconds_of(value)
    return with_overrides(DEFAULT, said)
