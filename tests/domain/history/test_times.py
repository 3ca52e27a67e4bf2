"""A moment leads to the right revision, whatever the clock did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.history.times import ClockStep, Found, Mark, search, time_and_segment

S, DAY = 1_000_000_000, 86_400_000_000_000


def history_of(times: list[int]) -> list[Mark]:
    """Revisions as a writer makes them of these clock readings."""
    marks: list[Mark] = []
    for number, time_ns in enumerate(times, 1):
        kept, segment, _ = time_and_segment(time_ns, number, marks[-1] if marks else None)
        marks.append(Mark(number, kept, segment))
    return marks


def ask(marks: list[Mark], at_ns: int) -> tuple[Found, int]:
    by_seq = {mark.seq: mark for mark in marks}
    asking, questions = search(sorted(by_seq), at_ns), 0
    try:
        seq = next(asking)
        while True:
            questions += 1
            seq = asking.send(by_seq[seq])
    except StopIteration as done:
        return done.value, questions


def by_hand(marks: list[Mark], at_ns: int) -> Mark | None:
    """The definition: the newest segment that has one, its highest seq with time ≤ T."""
    for segment in sorted({m.segment for m in marks}, reverse=True):
        fitting = [m for m in marks if m.segment == segment and m.time_ns <= at_ns]
        if fitting:
            return fitting[-1]
    return None


@given(
    st.lists(st.integers(-3 * S, 5 * S) | st.sampled_from([-DAY, DAY]), min_size=1, max_size=60),
    st.data(),
)
def test_search_is_the_definition(steps: list[int], data: st.DataObject) -> None:
    now, times = 100 * DAY, []
    for step in steps:
        now += step
        times.append(now)
    marks = history_of(times)
    kept = [m for m in marks if data.draw(st.booleans())] or marks
    at_ns = data.draw(st.sampled_from(times)) + data.draw(st.integers(-S, S))
    assert ask(kept, at_ns)[0].mark == by_hand(kept, at_ns)


def test_a_day_ahead_and_back_does_not_mislead() -> None:
    ten = 1000 * DAY
    marks = history_of([ten, ten + DAY + 60 * S, ten + 300 * S, ten + 600 * S])
    found, _ = ask(marks, ten + 420 * S)
    assert found == Found(marks[2])
    found, _ = ask(marks, ten + 120 * S)
    assert found == Found(marks[0], (ClockStep(3, ten + DAY + 60 * S, ten + 300 * S),))
    assert ask(marks, ten - 1)[0].mark is None
    assert ask(marks, ten + 9 * DAY)[0].mark == marks[3]


def test_inclusive_and_cheap() -> None:
    marks = history_of([n * 10 * S for n in range(5_000)])
    found, questions = ask(marks, 777 * 10 * S)
    assert found.mark is not None
    assert found.mark.seq == 778
    assert questions <= 16
    assert ask(marks, 777 * 10 * S - 1)[0].mark == marks[776]


def test_jitter_is_clamped_and_a_step_is_flagged() -> None:
    parent = Mark(7, 100 * S, 3)
    assert time_and_segment(99 * S, 8, parent) == (100 * S, 3, False)
    assert time_and_segment(99 * S - 1, 8, parent) == (99 * S - 1, 8, True)
    assert time_and_segment(101 * S, 8, parent) == (101 * S, 3, False)
    assert time_and_segment(5, 1, None) == (5, 1, False)
