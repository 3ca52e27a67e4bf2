"""What retention keeps, told in sentences, and what it can never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.durations import DAY, HOUR, YEAR, seconds_of, span
from monitor.domain.moments import NS
from monitor.domain.retention import Candidate, Decision, Named, decide, unconfirmed
from monitor.domain.retention_policy import DEFAULT, EVERYTHING, Policy, parse_policy, span_of


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * NS


def made(*rows: str) -> list[Candidate]:
    """`<seq> <date> <time> [kind] [=name[@expiry date]] [#files]`."""
    found = []
    for row in rows:
        seq, day, time, *more = row.split()
        names = tuple(
            Named(name, ns(until) if until else None)
            for name, _, until in (word[1:].partition("@") for word in more if word.startswith("="))
        )
        files = [int(word[1:]) for word in more if word.startswith("#")]
        kinds = [word for word in more if word[0] not in "=#"]
        found.append(
            Candidate(
                int(seq),
                ns(f"{day} {time}"),
                kinds[0] if kinds else "change",
                (),
                names,
                files=files[0] if files else 0,
            )
        )
    return found


def told(decisions: tuple[Decision, ...]) -> str:
    return "\n".join(one.as_line() for one in decisions)


def kept(decisions: tuple[Decision, ...]) -> set[int]:
    return {one.seq for one in decisions if one.keep}


def test_the_defaults_told() -> None:
    revisions = made(
        "1 2018-05-05 10:00",
        "2 2022-03-01 09:00",
        "3 2022-12-30 09:00",
        "4 2024-02-10 12:00",
        "5 2024-02-20 12:00",
        "6 2024-05-28 08:00",
        "7 2024-05-28 20:00",
        "8 2024-06-10 10:05",
        "9 2024-06-10 10:55",
        "10 2024-06-14 09:10",
        "11 2024-06-14 09:20",
        "12 2024-06-14 09:30 before-restore",
        "13 2024-06-14 09:31 restore",
        "14 2024-06-15 08:00",
        "15 2024-06-15 08:01",
    )
    assert told(decide(revisions, DEFAULT, ns("2024-06-15 09:00"))) == GOLDEN.strip()


GOLDEN = """
remove      1  2018-05-05 10:00:00Z  6 y 41 d before the newest: older than every rule
remove      2  2022-03-01 09:00:00Z  2 y 106 d before the newest, and revision 3 is the last of the year 2022
keep        3  2022-12-30 09:00:00Z  last of the month 2022-12; last of the year 2022
remove      4  2024-02-10 12:00:00Z  125 d 20 h before the newest, and revision 5 is the last of the month 2024-02
keep        5  2024-02-20 12:00:00Z  last of the month 2024-02
remove      6  2024-05-28 08:00:00Z  18 d before the newest, and revision 7 is the last of the day 2024-05-28
keep        7  2024-05-28 20:00:00Z  last of the day 2024-05-28; last of the week 2024-W22; last of the month 2024-05
remove      8  2024-06-10 10:05:00Z  4 d 21 h before the newest, and revision 9 is the last of the hour 2024-06-10 10h
keep        9  2024-06-10 10:55:00Z  last of the hour 2024-06-10 10h; last of the day 2024-06-10
keep       10  2024-06-14 09:10:00Z  within 1 d of the newest
keep       11  2024-06-14 09:20:00Z  within 1 d of the newest
keep       12  2024-06-14 09:30:00Z  within 1 d of the newest; before-restore, kept for 30 d
keep       13  2024-06-14 09:31:00Z  within 1 d of the newest; last of the hour 2024-06-14 09h; last of the day 2024-06-14
keep       14  2024-06-15 08:00:00Z  within 1 d of the newest
keep       15  2024-06-15 08:01:00Z  the newest; within 1 d of the newest; last of the hour 2024-06-15 08h; last of the day 2024-06-15; last of the week 2024-W24; last of the month 2024-06; last of the year 2024
"""  # noqa: E501


def test_a_year_of_hourly_saves_thins_out_as_promised() -> None:
    newest = ns("2024-06-15 12:30")
    revisions = [Candidate(n + 1, newest - (365 * 24 - 1 - n) * HOUR * NS) for n in range(365 * 24)]
    decisions = decide(revisions, DEFAULT, newest)
    said = ["; ".join(one.reasons) for one in decisions if one.keep]
    rules = ("hour", "day", "week", "month", "year")
    by_rule = {word: sum(f"last of the {word}" in line for line in said) for word in rules}
    assert sum("within 1 d" in line for line in said) == 24
    assert by_rule == {"hour": 168, "day": 31, "week": 13, "month": 13, "year": 2}
    assert len(kept(decisions)) < 230


def test_a_name_holds_until_it_expires() -> None:
    revisions = made(
        "1 2024-01-01 10:00 =v1@2024-03-01", "2 2024-01-01 10:01 =v2", "3 2024-01-01 10:02", "4 2024-01-09 10:00"
    )
    policy = Policy(hourly=0, daily=0, weekly=0, monthly=0, yearly=0)
    assert kept(decide(revisions, policy, ns("2024-02-29 23:59"))) == {1, 2, 4}
    later = decide(revisions, policy, ns("2024-03-01 00:00"))
    assert kept(later) == {2, 4}
    assert later[0].reasons == ("its name v1 has expired", "8 d before the newest: older than every rule")


def test_what_stood_before_a_loss_stays_as_long_as_the_loss() -> None:
    policy = Policy(all=HOUR, hourly=0, daily=0, weekly=0, monthly=0, yearly=0)
    gone = made(
        "1 2020-01-01 10:00", "2 2020-01-01 10:01", "3 2024-01-01 10:02 mass-delete", "4 2024-01-05 11:00 deleted"
    )
    decisions = decide(gone, policy, ns("2024-06-01 00:00"), confirmed=3)
    assert kept(decisions) == {2, 3, 4}
    assert decisions[1].reasons == ("the last before revision 3 (mass-delete)",)
    back = [*gone, *made("5 2024-06-01 09:00")]
    assert kept(decide(back, policy, ns("2024-06-01 09:00"), confirmed=3)) == {5}


def test_no_limit_takes_what_stood_before_a_deletion() -> None:
    gone = made("1 2020-01-01 10:00", "2 2024-01-05 11:00 deleted")
    assert kept(decide(gone, Policy(ttl=DAY, max_count=1), ns("2034-06-01 00:00"))) == {1, 2}


def test_an_unconfirmed_mass_deletion_makes_everything_before_it_wait() -> None:
    revisions = made(
        "1 2019-01-01 10:00", "2 2019-01-01 10:01", "3 2024-01-02 10:02 mass-delete", "4 2024-06-02 10:00"
    )
    policy = Policy(all=HOUR, hourly=0, daily=0, weekly=0, monthly=0, yearly=0)
    now = ns("2024-06-02 10:00")
    assert unconfirmed(revisions) == 3
    assert kept(decide(revisions, policy, now)) == {1, 2, 3, 4}
    assert kept(decide(revisions, policy, now, confirmed=3)) == {4}
    restored = [*revisions, *made("5 2024-06-02 10:00 restore")]
    assert unconfirmed(restored) is None


def test_safety_revisions_outlive_the_hour_they_were_made_in() -> None:
    revisions = made("1 2024-06-01 09:30 before-restore", "2 2024-06-01 09:31 restore", "3 2024-06-03 10:00")
    assert kept(decide(revisions, DEFAULT, ns("2024-06-03 10:00"))) == {1, 2, 3}
    revisions[2] = replace(revisions[2], time_ns=ns("2024-08-03 10:00"))
    assert 1 not in kept(decide(revisions, DEFAULT, ns("2024-08-03 10:00")))


def test_limits_take_the_oldest_first_and_never_a_name() -> None:
    revisions = made("1 2024-06-01 09:00 =v1", "2 2024-06-01 09:10", "3 2024-06-01 09:20", "4 2024-06-01 09:30")
    now = ns("2024-06-01 10:00")
    assert kept(decide(revisions, Policy(max_count=3), now)) == {1, 3, 4}
    assert kept(decide(revisions, Policy(max_count=1), now)) == {1, 4}
    assert kept(decide(revisions, Policy(ttl=60), now)) == {1, 4}


def test_the_limit_on_size_counts_what_really_goes() -> None:
    times = ["09:00", "09:10", "09:20", "09:30"]
    objects = [{"a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}]
    revisions = [Candidate(n + 1, ns(f"2024-06-01 {times[n]}"), objects=frozenset(objects[n])) for n in range(4)]
    sizes = {"a": 100, "b": 10, "c": 10, "d": 10}
    now = ns("2024-06-01 10:00")
    assert kept(decide(revisions, Policy(max_bytes=130), now, sizes=sizes)) == {1, 2, 3, 4}
    # The first alone frees nothing: the second needs the same pack.
    assert kept(decide(revisions, Policy(max_bytes=129), now, sizes=sizes)) == {3, 4}
    assert kept(decide(revisions, Policy(max_bytes=1), now, sizes=sizes)) == {4}


def test_a_quiet_year_and_a_wrong_clock_remove_nothing_of_the_last_day() -> None:
    revisions = [Candidate(n, ns("2024-06-01 09:00") + n * 60 * NS) for n in range(1, 50)]
    for now in ("2024-06-01 12:00", "2024-06-02 12:00", "2024-05-31 12:00", "2025-06-01 12:00", "1970-01-02 00:00"):
        assert len(kept(decide(revisions, DEFAULT, ns(now)))) == 49


def test_revisions_of_a_clock_that_was_ahead_count_as_young() -> None:
    revisions = made("1 2024-06-03 09:00", "2 2024-06-03 09:01", "3 2024-06-02 09:05")
    assert kept(decide(revisions, DEFAULT, ns("2024-06-02 09:06"))) == {1, 2, 3}


def test_what_stood_before_a_slow_deletion_stays_as_long_as_the_deletion() -> None:
    revisions = made(
        "1 2024-06-01 08:00 #40",
        "2 2024-06-01 09:00:00 #41",
        "3 2024-06-01 09:05:00 #41",
        "4 2024-06-01 09:05:05 #30",
        "5 2024-06-01 09:05:10 #11",
        "6 2024-06-01 09:05:12 deleted",
        "7 2024-06-20 09:00 #5",
    )
    found = decide(revisions, DEFAULT, ns("2024-06-20 09:01"))
    assert kept(found) >= {3, 4, 5, 6}, told(found)
    assert "the last before revision 4 (a piece of a loss)" in told(found)
    assert 2 not in kept(found), told(found)


stamps = st.integers(0, 6 * YEAR).map(lambda s: ns("2019-06-01 00:00") + s * NS)
kinds = st.sampled_from(
    ["change"] * 6 + ["manual", "restore", "before-restore", "mass-delete", "deleted", "a-later-kind"]
)
spans = st.sampled_from([0, 600, HOUR, 5 * DAY, 40 * DAY, 2 * YEAR])
policies = st.builds(
    Policy, spans, spans, spans, spans, spans, spans, spans, st.none() | spans, st.none() | st.integers(1, 8),
    st.none() | st.integers(1, 60),
)  # fmt: skip
objects = st.frozensets(st.sampled_from("abcdef"), max_size=3)
SIZES = {name: 2**n for n, name in enumerate("abcdef")}


@st.composite
def histories(draw: st.DrawFn) -> list[Candidate]:
    times = draw(st.lists(stamps, min_size=1, max_size=25))
    if draw(st.booleans()):
        times.sort()
    expiries = st.none() | stamps
    return [
        Candidate(
            n,
            time,
            draw(kinds),
            (),
            tuple(Named("n", e) for e in draw(st.lists(expiries, max_size=1))),
            draw(objects),
            draw(st.integers(0, 3)),
        )
        for n, time in enumerate(times, 1)
    ]


@settings(max_examples=300)
@given(histories(), policies, stamps, st.integers(0, 30))
def test_the_newest_and_the_named_always_stay(
    revisions: list[Candidate], policy: Policy, now: int, confirmed: int
) -> None:
    found = kept(decide(revisions, policy, now, sizes=SIZES, confirmed=confirmed))
    assert revisions[-1].seq in found
    for one in revisions:
        assert one.seq in found or all(name.expired(now) for name in one.names)
    decisions = decide(revisions, policy, now, sizes=SIZES, confirmed=confirmed)
    assert all(d.reasons and all(d.reasons) for d in decisions)


@settings(max_examples=300)
@given(histories(), policies, stamps, st.integers(0, 30))
def test_deciding_again_changes_nothing(revisions: list[Candidate], policy: Policy, now: int, confirmed: int) -> None:
    found = kept(decide(revisions, policy, now, sizes=SIZES, confirmed=confirmed))
    left = [one for one in revisions if one.seq in found]
    assert kept(decide(left, policy, now, sizes=SIZES, confirmed=confirmed)) == found


@settings(max_examples=300)
@given(histories(), policies, stamps, st.integers(0, YEAR))
def test_what_went_is_never_wanted_again(revisions: list[Candidate], policy: Policy, now: int, later: int) -> None:
    """Without limits and confirmations, which people change, time only ever takes away."""
    plain = replace(policy, max_count=None, max_bytes=None)
    before = kept(decide(revisions, plain, now, confirmed=99))
    assert kept(decide(revisions, plain, now + later * NS, confirmed=99)) <= before


@settings(max_examples=200)
@given(histories(), policies, stamps, spans)
def test_a_more_generous_policy_keeps_more(revisions: list[Candidate], policy: Policy, now: int, more: int) -> None:
    plain = replace(policy, max_count=None, max_bytes=None, ttl=None)
    wider = Policy(
        *(getattr(plain, rule) + more for rule in ("all", "hourly", "daily", "weekly", "monthly", "yearly", "safety"))
    )
    assert kept(decide(revisions, plain, now)) <= kept(decide(revisions, wider, now))


def test_policies_as_text() -> None:
    assert parse_policy("") == parse_policy("default") == DEFAULT
    assert parse_policy("all") == EVERYTHING
    assert parse_policy("daily=10, weekly=4w ttl=1y max_count=7") == replace(
        DEFAULT, daily=10 * DAY, weekly=28 * DAY, ttl=YEAR, max_count=7
    )
    for bad in ("daily", "daily=", "daily=-1", "x=1", "ttl=5", "max_count=0", "daily=1q", "daily=99999999999d"):
        with pytest.raises(ValueError):
            parse_policy(bad)


def test_spans_of_time() -> None:
    assert [seconds_of(t) for t in ("90s", "15m", "24h", "7d", "12w", "24mo", "5y")] == [
        90, 900, 24 * HOUR, 7 * DAY, 84 * DAY, 2 * YEAR, 5 * YEAR]  # fmt: skip
    assert [span(s) for s in (0, 59, 3600, 90_061, 2 * YEAR)] == ["0 s", "59 s", "1 h", "1 d 1 h", "2 y"]
    assert span_of("weekly", 2) == 14 * DAY
    for bad in (True, -1, 1.5, None):
        with pytest.raises(ValueError):
            span_of("daily", bad)
