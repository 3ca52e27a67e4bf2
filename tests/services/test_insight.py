"""Looking closely: shares of CPU from two samples, happenings as sentences, a log over replaced instances."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from monitor.domain.instance import Instance, Running
from monitor.domain.state import SyncState
from monitor.domain.workspace import Phase
from monitor.ports.closeup import Papers, Printed, Used
from monitor.services.insight.chronicle import EACH, Chronicle
from monitor.services.insight.output import Output
from monitor.services.insight.usage import Usage
from monitor.services.registry import Registry


class Time:
    """A clock the test turns."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wall_ns(self) -> int:
        return int(self.now * 1e9)


class Seen:
    """An engine seen from close, and its listing; counts how often it is asked."""

    def __init__(self, *instances: Instance) -> None:
        self.instances = list(instances)
        self.cpu, self.asked = 0.0, 0
        self.log: list[str] = []

    async def all(self) -> dict[str, list[Instance]]:
        return {one.workspace: [one] for one in self.instances}

    async def of(self, workspace: str) -> list[Instance]:
        return [one for one in self.instances if one.workspace == workspace]

    async def usage(self, instances: Sequence[Instance]) -> dict[str, Used]:
        self.asked += 1
        return {one.id: Used(self.cpu, 1000, 4000, 2) for one in instances}

    async def papers(self, instance: Instance) -> Papers:
        return Papers()

    async def printed(self, instance: Instance, cursor: str, lines: int) -> Printed:
        start = int(cursor or 0)
        return Printed(tuple(self.log[start:]), str(len(self.log)))


def instance(name: str, generation: int = 1) -> Instance:
    return Instance(f"{name}-{generation}", name, "hash", generation, Running.RUNNING, started_at=generation)


async def test_a_share_of_cpu_needs_two_samples_and_nobody_asks_too_often() -> None:
    seen, clock = Seen(instance("shop"), instance("blog")), Time()
    usage = Usage(seen, seen, clock)  # type: ignore[arg-type]
    assert (await usage.of(["shop", "nobody"]))["shop"]["cpu_cores"] is None
    seen.cpu, clock.now = 1.0, 104.0
    found = await usage.of(["shop"])
    assert found == {"shop": {"cpu_cores": 0.25, "memory": 1000, "memory_limit": 4000, "processes": 2}}
    for _ in range(5):
        await usage.of(["shop"])
    assert seen.asked == 2


async def test_happenings_are_sentences_and_bounded() -> None:
    registry, chronicle = Registry(), Chronicle(Time())  # type: ignore[arg-type]
    registry.on_event(chronicle.take)
    registry.update("shop", folder="shop", phase=Phase.STARTING, reason="a new folder")
    registry.update("shop", progress=("installing: 1 of 2",))
    registry.update("shop", sync=SyncState(revision=1, pending=3))
    registry.update("shop", sync=SyncState(revision=1, pending=2))
    registry.update("shop", phase=Phase.FAILED, reason="it exited with code 1", hint="read its log")
    registry.emit({"type": "job", "job": _job("running")})
    registry.emit({"type": "job", "job": _job("running")})
    registry.emit({"type": "job", "job": _job("failed", {"message": "no room"})})
    registry.emit({"type": "notice", "text": "routes differ"})
    told = [(one["kind"], one["text"], one["detail"]) for one in chronicle.of("shop")]
    assert told == [
        ("job", "restore: failed", "no room"),
        ("job", "restore: running", ""),
        ("phase", "failed: it exited with code 1", "read its log"),
        ("kept", "revision 1 is kept", ""),
        ("phase", "starting: a new folder", ""),
    ]
    assert [one["text"] for one in chronicle.general()] == ["routes differ"]
    for number in range(2 * EACH):
        registry.update("shop", changing=f"change {number}")
    assert len(chronicle.of("shop")) == EACH
    registry.remove("shop")
    assert chronicle.of("shop") == []


async def test_a_log_goes_on_with_the_next_instance() -> None:
    seen, clock, registry = Seen(instance("shop")), Time(), Registry()
    registry.update("shop", folder="shop", phase=Phase.SERVING, generation=1)
    states: Any = registry.states
    desk = SimpleNamespace(workspace=states.__getitem__, observer=seen, keepers={})
    output = Output(desk, seen, clock)  # type: ignore[arg-type]
    seen.log = ["one", "two"]
    first = await output.after("shop", "", 100)
    assert (first["lines"], first["began"]) == (["one", "two"], True)
    seen.log.append("three")
    then = await output.after("shop", first["after"], 100)
    assert (then["lines"], then["began"]) == (["three"], False)
    seen.instances, seen.log = [instance("shop", 2)], ["afresh"]
    registry.update("shop", generation=2)
    new = await output.after("shop", then["after"], 100)
    assert (new["lines"], new["began"], new["generation"]) == (["afresh"], True, 2)


def _job(state: str, error: Any = None) -> dict[str, Any]:
    return {"id": "7", "kind": "restore", "workspace": "shop", "state": state, "error": error}
