"""Moments as people type them, and those that are refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.moments import NS, rfc3339, shown
from monitor.domain.restoring.moment_text import parse_moment
from monitor.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = int(datetime(2024, 1, 15, 9, 30, tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2024-01-15 10:30:00", "2024-01-15T09:30:00.000000000Z"),
        ("2024-07-15  10:30", "2024-07-15T08:30:00.000000000Z"),
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000000000Z"),
        ("2024-01-15 10:30:00 UTC", "2024-01-15T10:30:00.000000000Z"),
        ("2024-01-15T10:30:00.123456789+05:30", "2024-01-15T05:00:00.123456789Z"),
        ("2024-01-15T10:30:00-0800", "2024-01-15T18:30:00.000000000Z"),
        ("10 minutes ago", "2024-01-15T09:20:00.000000000Z"),
        ("1 day, 2 hours ago", "2024-01-14T07:30:00.000000000Z"),
        ("1h30m ago", "2024-01-15T08:00:00.000000000Z"),
        ("yesterday 14:00", "2024-01-14T13:00:00.000000000Z"),
        ("Today at 09:05:07.5", "2024-01-15T08:05:07.500000000Z"),
        ("now", "2024-01-15T09:30:00.000000000Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000000Z"),
    ],
)
def test_what_is_typed_is_understood(typed: str, utc: str) -> None:
    assert parse_moment(typed, NOW, BERLIN).utc == utc


@pytest.mark.parametrize(
    "typed",
    ["", "soon", "2024-01-15", "2024-13-01 10:00", "2024-02-30 10:00", "24:00", "10 parsecs ago", "ago",
     "-5 minutes ago", "2024-01-15 10:30:61", "2024-01-15T10:30:00+99:00", "10:30", "0000-01-01 00:00:00",
     "minutes ago"],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_a_hint(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_moment(typed, NOW, BERLIN)
    assert "2024-01-15 10:30:00" in caught.value.hint


def test_a_local_time_that_was_twice_is_refused_with_both_readings() -> None:
    with pytest.raises(UsageError) as caught:
        parse_moment("2024-10-27 02:30:00", NOW, BERLIN)
    assert "2024-10-27T00:30:00.000000000Z or 2024-10-27T01:30:00.000000000Z" in caught.value.hint
    assert parse_moment("2024-10-27 02:30:00+01:00", NOW, BERLIN).utc == "2024-10-27T01:30:00.000000000Z"


def test_a_local_time_that_never_was_is_refused() -> None:
    with pytest.raises(UsageError, match="never was"):
        parse_moment("2024-03-31 02:30:00", NOW, BERLIN)


@given(st.integers(0, 4_000_000_000 * NS))
def test_the_time_of_a_revision_leads_back_to_it(at_ns: int) -> None:
    assert parse_moment(rfc3339(at_ns), NOW, BERLIN).at_ns == at_ns


@given(st.text(max_size=40))
def test_anything_else_is_a_usage_error_and_nothing_worse(typed: str) -> None:
    with suppress(UsageError):
        parse_moment(typed, NOW, BERLIN)


@given(st.integers(0, 4_000_000_000 * NS))
def test_what_is_shown_can_be_typed_and_finds_that_moment(kept_ns: int) -> None:
    typed = parse_moment(shown(rfc3339(kept_ns)), 0)
    assert kept_ns <= typed.at_ns < kept_ns + 1_000_000
