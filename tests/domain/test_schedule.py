"""Scheduled runs: the next one, across changes of the clock, and missed ones made up for once."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.moments import NS
from monitor.domain.schedule import Schedule, Turn, check, next_run, turn

ZURICH = "Europe/Zurich"


def ns(text: str, zone: str = "UTC", fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * NS


def runs(schedule: Schedule, after: int, count: int) -> list[str]:
    found = []
    for _ in range(count):
        after = next_run(schedule, after)
        found.append(f"{datetime.fromtimestamp(after // NS, UTC).astimezone(ZoneInfo(schedule.zone)):%m-%d %H:%M %z}")
    return found


def test_a_skipped_time_runs_after_the_change_and_then_as_ever() -> None:
    daily = Schedule("30 2 * * *", ZURICH)
    assert runs(daily, ns("2024-03-30 01:00", ZURICH), 3) == [
        "03-30 02:30 +0100",
        "03-31 03:30 +0200",
        "04-01 02:30 +0200",
    ]


def test_a_repeated_time_runs_once() -> None:
    daily = Schedule("30 2 * * *", ZURICH)
    assert runs(daily, ns("2024-10-26 03:00", ZURICH), 2) == ["10-27 02:30 +0200", "10-28 02:30 +0100"]


def test_every_hour_that_passes_counts_in_autumn() -> None:
    hourly = Schedule("0 * * * *", ZURICH)
    assert runs(hourly, ns("2024-10-27 01:30", ZURICH), 3) == [
        "10-27 02:00 +0200",
        "10-27 02:00 +0100",
        "10-27 03:00 +0100",
    ]


def test_and_in_spring_the_missing_hour_is_not_run_twice() -> None:
    hourly = Schedule("0 * * * *", ZURICH)
    assert runs(hourly, ns("2024-03-31 00:30", ZURICH), 3) == [
        "03-31 01:00 +0100",
        "03-31 03:00 +0200",
        "03-31 04:00 +0200",
    ]


@given(
    st.sampled_from(
        ["*/7 * * * *", "0 * * * *", "15,45 */2 * * *", "30 2 * * *", "0 0 1 * *", "@weekly", "0 3 * * 1-5"]
    ),
    st.sampled_from([ZURICH, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(ns("2023-01-01 00:00") // NS, ns("2026-01-01 00:00") // NS),
)
def test_the_next_run_is_the_next_whatever_lies_between(cron: str, zone: str, at: int) -> None:
    schedule = Schedule(cron, zone)
    after = at * NS
    found = next_run(schedule, after)
    assert found > after
    assert next_run(schedule, found - NS) == found
    assert next_run(schedule, (after + found) // 2 // NS * NS) == found


def test_around_a_change_no_hour_of_a_pattern_is_left_out() -> None:
    for zone, day in (
        (ZURICH, "2024-10-27 00:00"),
        ("America/New_York", "2024-11-03 00:00"),
        (ZURICH, "2024-03-31 00:00"),
    ):
        at, seen = ns(day, zone), []
        for _ in range(12):
            at = next_run(Schedule("0 * * * *", zone), at)
            seen.append(at)
        assert {b - a for a, b in pairwise(seen)} == {3600 * NS}


def test_missed_runs_collapse_into_one() -> None:
    nightly = Schedule("0 3 * * *")
    planned = turn(nightly, None, ns("2024-01-10 12:00"))
    assert planned == Turn(False, ns("2024-01-11 03:00"))
    late = turn(nightly, planned.next_ns, ns("2024-01-15 12:00"))
    assert late == Turn(True, ns("2024-01-16 03:00"), missed=4)
    assert not turn(nightly, late.next_ns, ns("2024-01-15 12:01")).run


def test_a_clock_set_back_does_not_silence_the_schedule() -> None:
    hourly = Schedule("0 * * * *")
    ahead = turn(hourly, ns("2024-01-11 12:00"), ns("2024-01-11 12:00"))
    back = turn(hourly, ahead.next_ns, ns("2024-01-10 12:10"))
    assert back == Turn(False, ns("2024-01-10 13:00"))


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("", "UTC"), ("* * * *", "UTC"), ("0 0 30 2 *", "UTC"), ("R * * * *", "UTC"), ("H H * * *", "UTC"),
     ("61 * * * *", "UTC"), ("* * * * * *", "UTC"), ("@reboot", "UTC"), ("0 3 * * *", "Mars/Base"),
     ("0 3 * * *", "../etc"), ("\0", "UTC")],
)  # fmt: skip
def test_what_never_comes_due_is_refused(cron: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"^(must be|names)"):
        check(Schedule(cron, zone))


@pytest.mark.parametrize(
    "cron", ["0 3 * * *", "@daily", "@hourly", "*/5 * * * *", "0 0 29 2 *", "0 9 * * MON-FRI", "0 3 * * THU"]
)
def test_what_people_write_is_taken(cron: str) -> None:
    assert check(Schedule(cron, ZURICH)).cron == cron
