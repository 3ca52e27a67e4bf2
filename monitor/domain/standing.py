"""The phase a workspace is in and the sentence that says why, from what is desired, observed and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.plan import Action, Apply, Confirm, Desired, Observed, Start
from monitor.domain.state import Failure
from monitor.domain.workspace import Intent, Phase

NEW = "a new folder; waiting until it is quiet"


@dataclass(frozen=True, slots=True)
class Standing:
    """`changing` is a sentence while something is under way beside a serving instance."""

    phase: Phase
    reason: str
    changing: str = ""


def standing(
    desired: Desired,
    observed: Observed,
    actions: Sequence[Action],
    *,
    intent: Intent,
    failure: Failure | None,
) -> Standing:
    """Given all of it, return where the workspace stands before `actions` are carried out."""
    serving = [i for i in observed.instances if i.id in observed.confirmed]
    if serving and intent is Intent.RUN:
        return Standing(Phase.SERVING, _serving_reason(desired, failure), _changing(actions))
    if intent is Intent.STOP:
        return _stopping(bool(serving), observed)
    if desired.spec is None:
        return Standing(Phase.FAILED if desired.failed else Phase.DETECTED, desired.reason)
    if failure is not None and not any(isinstance(a, Start | Confirm | Apply) for a in actions):
        return Standing(Phase.FAILED, _failed_reason(failure))
    return Standing(Phase.STARTING, _changing(actions) or desired.reason)


def _stopping(serving: bool, observed: Observed) -> Standing:
    """Stopped is what no longer answers; until then visitors still reach it."""
    if not observed.instances:
        return Standing(Phase.STOPPED, "stopped on purpose")
    return Standing(Phase.SERVING if serving else Phase.STARTING, "it is being stopped", changing="stopping")


def _serving_reason(desired: Desired, failure: Failure | None) -> str:
    if desired.spec is None:
        return f"serving an earlier state: {desired.reason}"
    if failure is not None:
        return f"serving an earlier state; the newest failed: {failure.reason}"
    return "it answers"


def _failed_reason(failure: Failure) -> str:
    if failure.failures > 1:
        return f"crash loop ({failure.failures} failures in a row): {failure.reason}"
    return failure.reason


def _changing(actions: Sequence[Action]) -> str:
    for action in actions:
        match action:
            case Start(spec=spec, reason=reason):
                return f"starting {spec.type.value}: {reason}"
            case Confirm():
                return "waiting for it to answer"
            case Apply(reason=reason):
                return f"updating: {reason}"
            case _:
                continue
    return ""
