"""`keep:` in slipway.yaml: schedules and rules, refused in a sentence at their place."""

from __future__ import annotations

import pytest

from monitor.domain.config import parse_config
from monitor.domain.config_keep import schedule_of
from monitor.domain.config_text import ConfigError
from monitor.domain.schedule import Schedule
from monitor.errors import UsageError
from monitor.settings import load


def test_rules_count_their_own_unit_or_a_span() -> None:
    keep = parse_config(
        "keep: { snapshots: '0 3 * * *', retention: { daily: 60, all: 2h, ttl: 2y, max_count: 9 } }"
    ).keep
    assert keep.snapshots == "0 3 * * *"
    assert keep.retention.said == {"daily": 60 * 86_400, "all": 7200, "ttl": 2 * 31_557_600, "max_count": 9}
    assert parse_config("").keep.retention.said == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("keep: { snapshots: sometimes }", "cron expression"),
        ("keep: { snapshots: '0 3 * * * Nowhere/Land' }", "time zone"),
        ("keep: { retention: { daily: often } }", "span of time"),
        ("keep: { retention: { ttl: 30 } }", "span of time"),
        ("keep: { retention: { max_count: 0 } }", "max_count"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_config(text)


def test_unknown_rules_are_told_beside_those_there_are() -> None:
    with pytest.raises(ConfigError) as error:
        parse_config("keep: { retention: { weakly: 3 } }")
    assert "weekly" in error.value.hint


def test_a_schedule_may_name_its_zone() -> None:
    assert schedule_of("0 3 * * * Europe/Berlin") == Schedule("0 3 * * *", "Europe/Berlin")
    assert schedule_of(" @daily ") == Schedule("@daily", "UTC")
    assert schedule_of("off") is schedule_of("") is None


@pytest.mark.parametrize("given", [{"snapshots": "sometimes"}, {"retention": "daily=often"}])
def test_settings_that_cannot_be_are_refused_at_the_start(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=f"SLIPWAY_{next(iter(given)).upper()}"):
        load(given)
