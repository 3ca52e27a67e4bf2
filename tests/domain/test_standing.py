"""A phase says what visitors meet now, not what was asked for a moment ago."""

from __future__ import annotations

from monitor.domain.instance import Instance, Running
from monitor.domain.plan import Desired, Observed
from monitor.domain.standing import standing
from monitor.domain.workspace import Intent, Phase

STOPPING = Desired(None, reason="stopped on purpose")


def running() -> Instance:
    return Instance("i1", "shop", "hash", 1, Running.RUNNING, ready=True, host="127.0.0.1", port=1, started_at=0)


def phase(observed: Observed) -> Phase:
    return standing(STOPPING, observed, (), intent=Intent.STOP, failure=None).phase


def test_stopped_is_only_what_no_longer_runs() -> None:
    assert phase(Observed([running()], confirmed=frozenset({"i1"}))) is Phase.SERVING
    assert phase(Observed([running()])) is Phase.STARTING
    assert phase(Observed()) is Phase.STOPPED


def test_what_is_being_stopped_says_so() -> None:
    seen = standing(STOPPING, Observed([running()]), (), intent=Intent.STOP, failure=None)
    assert (seen.changing, seen.reason) == ("stopping", "it is being stopped")
