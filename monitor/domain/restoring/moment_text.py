"""A moment as a person types it: a date and time in some zone, or how long ago.

`2024-01-15 10:30:00`, RFC 3339 (`2024-01-15T10:30:00.5+01:00`), `10 minutes ago`, `1 day 2 hours ago`,
`yesterday 14:00`, `today 09:30`, `now`. Without a zone it is local time; one that the clocks' change makes
ambiguous, or that never was, is refused with what it could have meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from monitor.domain.durations import DAY, HOUR, MINUTE, WEEK
from monitor.domain.moments import NS, rfc3339
from monitor.errors import UsageError

HINT = 'write it as "2024-01-15 10:30:00", with a zone as "2024-01-15T10:30:00+01:00", or as "10 minutes ago"'

_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_DATED = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})(?:[Tt]|\s+){_CLOCK}\s*(?P<zone>Z|z|UTC|[+-]\d{{2}}:?\d{{2}})?"
)
_NAMED = re.compile(rf"(?P<word>today|yesterday)\s+(?:at\s+)?{_CLOCK}")
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]+)")
_AGO = re.compile(r"((?:\d{1,9}\s*[a-z]+[\s,]*)+)\s+ago")
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), WEEK),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """`at_ns` since the epoch; `text` as it was typed."""

    at_ns: int
    text: str

    @property
    def utc(self) -> str:
        """How it was understood (RFC 3339, UTC)."""
        return rfc3339(self.at_ns)


def parse_moment(text: str, now_ns: int, zone: tzinfo | None = None) -> Moment:
    """The moment `text` means at `now_ns`; `zone` is the local one (None: this machine's).

    Raises `UsageError` for what is no moment, and for a local time that names two or none.
    """
    typed = " ".join(text.split())
    try:
        at_ns = _parse(typed, now_ns, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{typed[:80]!r} is no moment: {error}.", hint=HINT) from error
    return Moment(at_ns, typed)


def _parse(typed: str, now_ns: int, zone: tzinfo | None) -> int:
    if typed.lower() == "now":
        return now_ns
    if match := _DATED.fullmatch(typed):
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]))  # noqa: DTZ001
        return _at(day, match, _zone(match["zone"], zone), typed)
    if match := _NAMED.fullmatch(typed.lower()):
        today = datetime.fromtimestamp(now_ns // NS, UTC).astimezone(zone).replace(tzinfo=None)
        day = today - timedelta(days=match["word"] == "yesterday")
        return _at(day, match, zone, typed)
    if match := _AGO.fullmatch(typed.lower()):
        return now_ns - _seconds(match[1]) * NS
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed):
        raise ValueError("a day alone leaves open which of its saves is meant; add a time")
    raise ValueError("it is neither a date with a time nor a span of time ago")


def _seconds(spans: str) -> int:
    total = 0
    for count, unit in _SPAN.findall(spans):
        if unit not in _UNITS:
            raise ValueError(f"{unit!r} is not one of seconds, minutes, hours, days, weeks")
        total += int(count) * _UNITS[unit]
    return total


def _zone(text: str | None, local: tzinfo | None) -> tzinfo | None:
    if text is None:
        return local
    if text.upper() in {"Z", "UTC"}:
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"{text} is no zone")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _at(day: datetime, match: re.Match[str], zone: tzinfo | None, typed: str) -> int:
    second = int(match["second"] or 0)
    when = day.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=second, microsecond=0)
    fraction = int((match["fraction"] or "").ljust(9, "0"))
    earlier, later = (int(when.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if earlier == later:
        return earlier * NS + fraction
    first, second_reading = sorted((earlier, later))
    readings = f"{rfc3339(first * NS + fraction)} or {rfc3339(second_reading * NS + fraction)}"
    if earlier > later:
        raise UsageError(
            f"{typed!r} never was: the clocks were set forward over it.", hint=f"do you mean {readings}?"
        )
    raise UsageError(f"{typed!r} was twice: the clocks were set back over it.", hint=f"write {readings}")
