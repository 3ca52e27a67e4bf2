"""The difference between what should run and what does, as a list of actions, each with its reason.

A plan holds only what can be done now; after it was carried out the world is looked at again. An
empty plan means: as desired. Making the same plan twice without a change in between is a defect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.domain.backoff import Backoff
from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec, Source


@dataclass(frozen=True, slots=True)
class Desired:
    """What should be true of one workspace.

    `spec` is None where nothing can or should run, `reason` says why, `failed` whether that is a failure.
    `hold` leaves what runs as it is (its settings are broken, the folder is still being copied). `gone` means
    the folder is no more. `restart` asks for everything that runs to be replaced.
    """

    spec: LaunchSpec | None
    digest: str = ""
    reason: str = ""
    hold: bool = False
    gone: bool = False
    restart: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What is true of it now: instances, the digest each one runs, which are confirmed through the router.

    `given_up` are running instances that did not get ready in time.
    """

    instances: Sequence[Instance] = ()
    applied: Mapping[str, str | None] | None = None
    confirmed: frozenset[str] = frozenset()
    given_up: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Start:
    """Prepare and start one instance."""

    spec: LaunchSpec
    generation: int
    reason: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Wait until the instance is ready, routed and answering."""

    instance: Instance
    reason: str


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring an edit into a running instance."""

    instance: Instance
    spec: LaunchSpec
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop and remove one instance; `crashed` ones leave their evidence first."""

    instance: Instance
    reason: str
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove what is left of a deleted workspace, but its data volume."""

    reason: str


_ASKED = "a restart was asked for"

Action = Start | Confirm | Apply | Stop | Forget


def plan(desired: Desired, observed: Observed, backoff: Backoff, now: float) -> tuple[Action, ...]:
    """Given what should be and what is, return the next actions in order; `now` in monotonic seconds."""
    if desired.gone:
        return (*_stop_all(observed, "its folder is gone"), Forget("its folder is gone"))
    dead = tuple(_dead(i) for i in observed.instances if i.state is not Running.RUNNING)
    if desired.hold:
        return dead
    if desired.spec is None:
        return _stop_all(observed, desired.reason)
    if desired.restart and observed.instances:
        return _restart(desired.spec, observed, dead)
    if dead:
        return dead
    return _run(desired, desired.spec, observed, backoff, now)


def _restart(spec: LaunchSpec, observed: Observed, dead: tuple[Stop, ...]) -> tuple[Action, ...]:
    """Beside what serves, so that no request is lost, unless two of it might quarrel: over data, or over services."""
    serves = any(i.id in observed.confirmed and i.state is Running.RUNNING for i in observed.instances)
    if not serves or spec.data or spec.stack is not None:
        return _stop_all(observed, _ASKED)
    return (*dead, Start(spec, _newest(observed) + 1, _ASKED))


def _run(desired: Desired, spec: LaunchSpec, observed: Observed, backoff: Backoff, now: float) -> tuple[Action, ...]:
    matching = sorted((i for i in observed.instances if i.spec_hash == spec.hash), key=lambda i: i.generation)
    others = [i for i in observed.instances if i.spec_hash != spec.hash]
    if not matching:
        return _start(desired, spec, observed, backoff, now)
    current = matching[-1]
    stuck = current.id in observed.given_up and not current.ready
    if stuck and any(i.id in observed.confirmed for i in observed.instances):
        return (Stop(current, "it did not get ready in time; the earlier one keeps serving"),)
    if not stuck and current.id not in observed.confirmed:
        return (Confirm(current, "it has been started"),)
    if spec.source is Source.COPY and (observed.applied or {}).get(current.id) != desired.digest:
        held = backoff.holds(now, spec.hash, desired.digest)
        tried = stuck and backoff.same(spec.hash, desired.digest)
        return () if held or tried else (Apply(current, spec, "its source changed"),)
    if stuck:
        return ()
    return tuple(Stop(old, f"replaced by generation {current.generation}") for old in (*others, *matching[:-1]))


def _start(
    desired: Desired, spec: LaunchSpec, observed: Observed, backoff: Backoff, now: float
) -> tuple[Action, ...]:
    if backoff.holds(now, spec.hash, desired.digest):
        return ()
    reason = "what it needs to run changed" if observed.instances else "nothing runs yet"
    return (Start(spec, _newest(observed) + 1, reason),)


def _newest(observed: Observed) -> int:
    return max((i.generation for i in observed.instances), default=0)


def _stop_all(observed: Observed, reason: str) -> tuple[Action, ...]:
    return tuple(Stop(i, reason) for i in observed.instances)


def _dead(instance: Instance) -> Stop:
    if instance.state is Running.CREATED:
        return Stop(instance, "it was made but never started")
    return Stop(instance, instance.exit_reason or "it ended", crashed=True)
