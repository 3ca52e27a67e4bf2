"""When a scheduled snapshot is due: cron expressions in a time zone, right across its clock changes.

Local times that a spring change skips run right after it; those an autumn change repeats run once, unless the
hour is a pattern (`*`, `*/2`, a range), where every hour that passes counts. What was missed while nothing ran
is made up for once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterError

from monitor.domain.moments import NS

MAX_COUNTED = 100
CHANGE = timedelta(hours=4)
"""More than any zone's clock was ever moved at once for the season."""

_HORIZON_YEARS = 8


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron expression of five fields (or `@daily` and its like), and the zone it is read in."""

    cron: str
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look at the clock says: run now or not, when to run next, and how many runs this one stands for."""

    run: bool
    next_ns: int
    missed: int = 0


def check(schedule: Schedule) -> Schedule:
    """The schedule, if it ever comes due; raises `ValueError`, whose text completes a sentence."""
    try:
        ZoneInfo(schedule.zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"names no known time zone: {schedule.zone[:40]!r}") from None
    words = schedule.cron.split()
    if len(schedule.cron) > 200 or len(words) != (1 if schedule.cron.startswith("@") else 5) or "@r" in schedule.cron:
        raise ValueError("must be a cron expression of five fields, such as `0 3 * * *`")
    if any(letter in word for word in words[:2] for letter in "HhRr") and not schedule.cron.startswith("@"):
        raise ValueError("must be a cron expression without random or hashed fields")
    try:
        next_run(schedule, 0)
    except (CroniterError, ValueError, KeyError, OverflowError):
        raise ValueError("must be a cron expression that comes due some day, such as `0 3 * * *`") from None
    return schedule


def next_run(schedule: Schedule, after_ns: int) -> int:
    """The first moment after `after_ns` at which `schedule` is due, in ns."""
    zone = ZoneInfo(schedule.zone)
    after = datetime.fromtimestamp(after_ns // NS, UTC)
    found = _plain_next(schedule, zone, after)
    near = (after - CHANGE, after + CHANGE, found - CHANGE, found + CHANGE)
    if len({moment.astimezone(zone).utcoffset() for moment in near}) > 1:
        found = _next_across_change(schedule, zone, after)
    return int(found.timestamp()) * NS


def _plain_next(schedule: Schedule, zone: ZoneInfo, after: datetime) -> datetime:
    local = next(_locals(schedule, after.astimezone(zone).replace(tzinfo=None)))
    return local.replace(tzinfo=zone).astimezone(UTC)


def _next_across_change(schedule: Schedule, zone: ZoneInfo, after: datetime) -> datetime:
    """As `_plain_next`, where the zone's clock changes somewhere around."""
    found: datetime | None = None
    for local in _locals(schedule, after.astimezone(zone).replace(tzinfo=None) - CHANGE):
        for moment in _moments(local, zone, _hour_is_pattern(schedule)):
            if moment > after and (found is None or moment < found):
                found = moment
        if found is not None and local > found.astimezone(zone).replace(tzinfo=None) + CHANGE:
            return found
    raise ValueError("this schedule is never due")


def turn(schedule: Schedule, planned_ns: int | None, now_ns: int) -> Turn:
    """Given the `next_ns` of the turn before (None: the first look), what to do now.

    All runs that were missed collapse into one. A clock set back does not silence the schedule until it has
    caught up: what is planned is never later than what the clock says now.
    """
    upcoming = next_run(schedule, now_ns)
    if planned_ns is None or planned_ns > now_ns:
        return Turn(False, upcoming if planned_ns is None else min(planned_ns, upcoming))
    return Turn(True, upcoming, _missed(schedule, planned_ns, now_ns))


def _missed(schedule: Schedule, planned_ns: int, now_ns: int) -> int:
    count, at = 0, planned_ns
    while count < MAX_COUNTED and (at := next_run(schedule, at)) <= now_ns:
        count += 1
    return count


def _locals(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    times = croniter(schedule.cron, start, ret_type=datetime, max_years_between_matches=_HORIZON_YEARS)
    while True:
        yield times.get_next(datetime)


def _moments(local: datetime, zone: ZoneInfo, both: bool) -> Iterator[datetime]:
    yield local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    again = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if both and again.astimezone(zone).replace(tzinfo=None) == local:
        yield again


def _hour_is_pattern(schedule: Schedule) -> bool:
    if schedule.cron.startswith("@"):
        return schedule.cron == "@hourly"
    return any(sign in schedule.cron.split()[1] for sign in "*/-")
