"""The plan: converges, gives reasons, and is empty once everything is as desired."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.backoff import Backoff
from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec, ProjectType, Source
from monitor.domain.plan import Apply, Confirm, Desired, Forget, Observed, Start, Stop, plan

SPEC = LaunchSpec("shop", ProjectType.NODE, "node", "npm start", (1000, 1000))
NEWER = replace(SPEC, start="node server.js")


def instance(generation: int, spec: LaunchSpec = SPEC, state: Running = Running.RUNNING, **more: object) -> Instance:
    return replace(Instance(f"i{generation}", "shop", spec.hash, generation, state, ready=True), **more)


def kinds(actions: tuple[object, ...]) -> list[str]:
    return [type(a).__name__ for a in actions]


def test_nothing_runs_so_the_first_generation_starts():
    (action,) = plan(Desired(SPEC, "d"), Observed(), Backoff(), 0)
    assert isinstance(action, Start)
    assert action.generation == 1
    assert action.reason == "nothing runs yet"


def test_a_restart_is_a_new_generation_beside_what_serves():
    serving = Observed([instance(2)], {"i2": "d"}, frozenset({"i2"}))
    assert plan(Desired(SPEC, "d", restart=True), serving, Backoff(), 0) == (
        Start(SPEC, 3, "a restart was asked for"),
    )
    both = Observed([instance(2), instance(3)], {"i2": "d", "i3": "d"}, frozenset({"i2", "i3"}))
    (stop,) = plan(Desired(SPEC, "d"), both, Backoff(), 0)
    assert stop == Stop(instance(2), "replaced by generation 3")


@pytest.mark.parametrize(
    ("spec", "confirmed"),
    [(SPEC, frozenset()), (replace(SPEC, data=("shop.db",)), frozenset({"i2"}))],
    ids=["does not serve", "keeps data"],
)
def test_a_restart_ends_what_runs_first_where_two_of_it_are_no_use(spec: LaunchSpec, confirmed: frozenset[str]):
    seen = Observed([instance(2, spec)], {"i2": "d"}, confirmed)
    assert kinds(plan(Desired(spec, "d", restart=True), seen, Backoff(), 0)) == ["Stop"]


def test_started_then_confirmed_then_nothing_left():
    running = instance(1)
    assert kinds(plan(Desired(SPEC, "d"), Observed([running]), Backoff(), 0)) == ["Confirm"]
    done = Observed([running], {"i1": "d"}, frozenset({"i1"}))
    assert plan(Desired(SPEC, "d"), done, Backoff(), 0) == ()


def test_an_edit_is_applied_to_a_copy_but_not_to_a_direct_source():
    seen = Observed([instance(1)], {"i1": "old"}, frozenset({"i1"}))
    assert kinds(plan(Desired(SPEC, "new"), seen, Backoff(), 0)) == ["Apply"]
    direct = replace(SPEC, source=Source.DIRECT)
    seen = Observed([instance(1, direct)], {}, frozenset({"i1"}))
    assert plan(Desired(direct, "new"), seen, Backoff(), 0) == ()


def test_a_new_spec_starts_beside_the_old_one_which_goes_last():
    old = instance(3)
    assert plan(Desired(NEWER, "d"), Observed([old], {}, frozenset({"i3"})), Backoff(), 0) == (
        Start(NEWER, 4, "what it needs to run changed"),
    )
    both = [old, instance(4, NEWER)]
    assert kinds(plan(Desired(NEWER, "d"), Observed(both, {"i4": "d"}, frozenset({"i3"})), Backoff(), 0)) == [
        "Confirm"
    ]
    (stop,) = plan(Desired(NEWER, "d"), Observed(both, {"i4": "d"}, frozenset({"i3", "i4"})), Backoff(), 0)
    assert stop == Stop(old, "replaced by generation 4")


def test_a_new_version_that_never_answers_leaves_the_old_one():
    both = [instance(3), replace(instance(4, NEWER), ready=False)]
    seen = Observed(both, {}, frozenset({"i3"}), frozenset({"i4"}))
    (stop,) = plan(Desired(NEWER, "d"), seen, Backoff(), 0)
    assert isinstance(stop, Stop)
    assert stop.instance.generation == 4


def test_a_late_one_is_confirmed_once_it_is_ready_after_all():
    late = replace(instance(1), ready=False)
    assert plan(Desired(SPEC, "d"), Observed([late], {"i1": "d"}, given_up=frozenset({"i1"})), Backoff(), 0) == ()
    ready = Observed([instance(1)], {"i1": "d"}, given_up=frozenset({"i1"}))
    assert kinds(plan(Desired(SPEC, "d"), ready, Backoff(), 0)) == ["Confirm"]


def test_one_that_never_got_ready_is_left_alone_until_an_edit():
    late = replace(instance(1), ready=False)
    seen = Observed([late], {"i1": None}, given_up=frozenset({"i1"}))
    failed = Backoff().failed(0, reason="no answer", spec_hash=SPEC.hash, digest="d")
    assert plan(Desired(SPEC, "d"), seen, failed, 1000) == ()
    assert kinds(plan(Desired(SPEC, "edited"), seen, failed, 1000)) == ["Apply"]


def test_a_crash_leaves_evidence_and_waits_its_turn():
    dead = instance(1, state=Running.EXITED, exit_reason="exit code 1")
    (stop,) = plan(Desired(SPEC, "d"), Observed([dead]), Backoff(), 0)
    assert stop == Stop(dead, "exit code 1", crashed=True)
    held = Backoff().failed(100, reason="x", spec_hash=SPEC.hash, digest="d")
    assert plan(Desired(SPEC, "d"), Observed(), held, 105) == ()
    assert kinds(plan(Desired(SPEC, "d"), Observed(), held, 110)) == ["Start"]
    assert kinds(plan(Desired(SPEC, "edited"), Observed(), held, 105)) == ["Start"]


def test_gone_stopped_and_held():
    seen = Observed([instance(1), instance(2)])
    assert kinds(plan(Desired(None, gone=True), seen, Backoff(), 0)) == ["Stop", "Stop", "Forget"]
    assert plan(Desired(None, gone=True), Observed(), Backoff(), 0) == (Forget("its folder is gone"),)
    assert kinds(plan(Desired(None, reason="stopped on purpose"), seen, Backoff(), 0)) == ["Stop", "Stop"]
    assert plan(Desired(None, hold=True), seen, Backoff(), 0) == ()


def test_backoff_doubles_is_capped_and_forgets_after_ten_healthy_minutes():
    backoff, delays = Backoff(), []
    for _ in range(8):
        backoff = backoff.failed(0, reason="", spec_hash="s", digest="d")
        delays.append(backoff.left(0))
    assert delays == [10, 20, 40, 80, 160, 300, 300, 300]
    assert backoff.failed(0, reason="", spec_hash="s", digest="d", healthy_s=601).left(0) == 10


@given(
    st.lists(
        st.tuples(st.sampled_from([SPEC, NEWER]), st.sampled_from(Running), st.booleans(), st.booleans()), max_size=4
    ),
    st.sampled_from([SPEC, NEWER, None]),
    st.booleans(),
)
def test_carrying_plans_out_reaches_rest(drawn, spec, restart):
    """From any start, doing what the plan says ends in an empty plan with exactly what is desired running."""
    instances = [instance(n + 1, s, state, ready=ready) for n, (s, state, ready, _) in enumerate(drawn)]
    confirmed = {f"i{n + 1}" for n, (_, state, _, known) in enumerate(drawn) if known and state is Running.RUNNING}
    applied: dict[str, str | None] = {}
    for _ in range(40):
        desired = Desired(spec, "d", restart=restart)
        actions = plan(desired, Observed(instances, applied, frozenset(confirmed)), Backoff(), 0)
        if not actions and not restart:
            break
        for action in actions:
            match action:
                case Start():
                    instances.append(instance(action.generation, action.spec))
                case Confirm():
                    confirmed.add(action.instance.id)
                case Apply():
                    applied[action.instance.id] = "d"
                case Stop():
                    instances = [i for i in instances if i.id != action.instance.id]
                case Forget():
                    raise AssertionError("nothing was deleted")
        restart = False
    else:
        raise AssertionError("never comes to rest")
    assert [i.spec_hash for i in instances] == ([spec.hash] if spec else [])
