"""What may be removed and when: never what a listed revision needs, never in the run that condemned it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.garbage import GRACE_NS, Holdings, Needs, Sweep, packs_needed, sweep
from monitor.domain.history.condemned import (
    Condemned,
    read_condemned,
    read_confirmed,
    write_condemned,
    write_confirmed,
)

NOW = 10 * GRACE_NS


def names(letters: str) -> dict[str, int]:
    return {letter * 64: 1 for letter in letters}


def needs(base: str, packs: str) -> Needs:
    return Needs(base * 64, frozenset(letter * 64 for letter in packs))


HELD = Holdings({1: needs("a", "ab"), 2: needs("a", "bc")}, names("ab"), names("abcd"))


def test_the_first_run_condemns_and_removes_nothing() -> None:
    first = sweep(HELD, {1}, Condemned(), NOW)
    assert (first.revisions, first.bases, first.packs) == ((), (), ())
    assert first.condemned == Condemned({1: NOW}, {"b" * 64: NOW}, {"a" * 64: NOW, "d" * 64: NOW}, newest=2)


def test_a_run_a_day_later_removes_and_an_earlier_one_does_not() -> None:
    first = sweep(HELD, {1}, Condemned(), NOW)
    assert sweep(HELD, {1}, first.condemned, NOW + GRACE_NS - 1).removes == 0
    later = sweep(HELD, {1}, first.condemned, NOW + GRACE_NS)
    assert (later.revisions, later.bases, later.packs) == ((1,), ("b" * 64,), ("a" * 64, "d" * 64))


def test_even_without_a_grace_nothing_goes_in_the_run_that_condemned_it() -> None:
    first = sweep(HELD, {1}, Condemned(), NOW, grace_ns=0)
    assert first.removes == 0
    assert sweep(HELD, {1}, first.condemned, NOW, grace_ns=0).removes == 4


def test_what_is_needed_again_leaves_the_list() -> None:
    first = sweep(HELD, {1}, Condemned(), NOW)
    back = replace(HELD, revisions={**HELD.revisions, 3: needs("b", "cd")})
    later = sweep(back, {1}, first.condemned, NOW + GRACE_NS)
    assert (later.revisions, later.bases, later.packs) == ((1,), (), ("a" * 64,))
    assert later.condemned == Condemned({1: NOW}, {}, {"a" * 64: NOW}, newest=3)


def test_a_pack_stays_while_a_revision_that_goes_later_is_listed() -> None:
    old = Condemned(packs={"a" * 64: 0})
    assert sweep(HELD, {1}, old, NOW).packs == ()


def test_a_wrong_clock_that_was_far_ahead_does_not_hold_things_for_ever() -> None:
    old = Condemned(packs={"d" * 64: 99 * GRACE_NS})
    again = sweep(HELD, set(), old, NOW).condemned
    assert again.packs == {"d" * 64: NOW}
    assert sweep(HELD, set(), replace(old, packs={"d" * 64: NOW + GRACE_NS}), NOW).condemned.packs == {
        "d" * 64: NOW + GRACE_NS
    }


def test_a_day_ahead_and_back_removes_nothing() -> None:
    """Decided under a clock a day ahead; set right within the day, nothing was removed and nothing is condemned."""
    ahead = sweep(HELD, {1}, Condemned(), NOW + GRACE_NS)
    assert ahead.removes == sweep(HELD, {1}, ahead.condemned, NOW + 2 * GRACE_NS - 1).removes == 0
    right = sweep(HELD, set(), ahead.condemned, NOW)
    assert right.removes == 0
    assert right.condemned.revisions == {}


letters = st.sampled_from("abcdef")
wants = st.builds(lambda b, p: needs(b, "".join(p)), letters, st.frozensets(letters, max_size=4))
moves = st.tuples(
    st.lists(wants, max_size=2), st.frozensets(st.integers(1, 12)), st.integers(-GRACE_NS, 3 * GRACE_NS)
)


@settings(max_examples=300)
@given(st.lists(moves, max_size=8))
def test_whatever_happens_every_listed_revision_has_all_it_needs(steps: list[object]) -> None:
    """Revisions are added and condemned in any order, the clock jumps; deletes are carried out in part or whole."""
    held, condemned, now, seq = Holdings({}, names("abcdef"), names("abcdef")), Condemned(), NOW, 0
    for new, going, jump in steps:  # type: ignore[misc]
        for one in new:
            seq += 1
            held = Holdings(
                {**held.revisions, seq: one},
                {**held.bases, one.base: 1},
                {**held.packs, **dict.fromkeys(one.packs, 1)},
            )
        now += jump
        planned = sweep(held, going, condemned, now)
        assert set(planned.revisions) <= condemned.revisions.keys()
        assert set(planned.bases) <= condemned.bases.keys()
        assert set(planned.packs) <= condemned.packs.keys()
        condemned = planned.condemned
        held = _carried_out(held, planned)
        assert held.missing() == (frozenset(), frozenset())


def _carried_out(held: Holdings, planned: Sweep) -> Holdings:
    revisions = dict(held.revisions)
    for seq in planned.revisions:
        del revisions[seq]
    left = Holdings(
        revisions,
        {b: 1 for b in held.bases if b not in planned.bases},
        {p: 1 for p in held.packs if p not in planned.packs},
    )
    assert packs_needed(revisions.values()) <= left.packs.keys()
    return left


shas = st.sampled_from("abcdef").map(lambda c: c * 64)
times = st.integers(-(2**63), 2**63 - 1)


@given(st.dictionaries(st.integers(1, 2**62), times), st.dictionaries(shas, times), st.dictionaries(shas, times))
def test_the_list_comes_back(revisions: dict[int, int], bases: dict[str, int], packs: dict[str, int]) -> None:
    condemned = Condemned(revisions, bases, packs, newest=7)
    assert read_condemned(write_condemned(condemned)) == condemned
    assert read_confirmed(write_confirmed(9)) == 9
