"""From Docker's answers to `Instance` and `Diagnosis` values."""

from __future__ import annotations

import asyncio

from monitor.adapters.docker_engine.client import DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.evidence import (
    MOST_LINES,
    exit_of,
    listening,
    nanoseconds,
    state_of,
    text_lines,
)
from monitor.adapters.docker_engine.inside import ask_inside
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.instance import Instance, Running
from monitor.ports.engine import Diagnosis, LaunchFailed

_STATUS_S = 10.0


class Observer:
    """Reads this install's instances; remembers only when each running one started, which listing does not tell."""

    def __init__(self, client: DockerClient, containers: Containers) -> None:
        self._client = client
        self._containers = containers
        self._started: dict[str, int] = {}

    async def instances(self) -> list[Instance]:
        rows = await self._containers.ours(labels.ROLE_APP)
        alive = {row["Id"] for row in rows if state_of(row["State"]) is Running.RUNNING}
        self._started = {key: value for key, value in self._started.items() if key in alive}
        found = await asyncio.gather(*(self._instance(row) for row in rows))
        return [instance for instance in found if instance is not None]

    async def one(self, container: str) -> Instance:
        """One instance as it is now. Raises `Gone`."""
        inspected = await self._containers.inspect(container)
        networks = inspected["NetworkSettings"]["Networks"]
        health = (inspected["State"].get("Health") or {}).get("Status")
        return self._from(inspected["Config"]["Labels"], networks, inspected, ready=health == "healthy")

    async def diagnose(self, container: str, lines: int) -> Diagnosis:
        try:
            inspected = await self._containers.inspect(container)
            code, reason = exit_of(inspected)
            state = state_of(inspected["State"]["Status"])
            sockets = await self._sockets(inspected) if state is Running.RUNNING else ()
            return Diagnosis(state, code, reason, sockets, tuple(await self.logs(container, lines)))
        except Gone:
            return Diagnosis(Running.EXITED, None, "its container is gone", (), ())

    async def logs(self, container: str, lines: int) -> list[str]:
        try:
            return text_lines(await self._containers.logs(container, min(lines, MOST_LINES)), lines)
        except Gone:
            return []

    async def status(self, container: str) -> Json:
        """What the entrypoint says of itself; empty where it says nothing."""
        try:
            return await ask_inside(self._client, container, "status", _STATUS_S)
        except LaunchFailed:
            return {}

    async def _sockets(self, inspected: Json) -> tuple[str, ...]:
        """Read from the host where it can be, else asked inside."""
        seen = await self._client.ask(lambda _: listening(int(inspected["State"]["Pid"]), inspected["Id"]))
        return seen or tuple(map(str, (await self.status(inspected["Id"])).get("listening") or ()))

    async def _instance(self, row: Json) -> Instance | None:
        state = state_of(row["State"])
        try:
            known = state is Running.CREATED or row["Id"] in self._started
            inspected = None if known else await self._containers.inspect(row["Id"])
        except Gone:
            return None
        networks = row["NetworkSettings"]["Networks"]
        return self._from(row["Labels"], networks, inspected or _listed(row), ready="(healthy)" in row["Status"])

    def _from(self, owned: dict[str, str], networks: Json, seen: Json, *, ready: bool) -> Instance:
        state = state_of(seen["State"]["Status"])
        running = state is Running.RUNNING
        started = nanoseconds(seen["State"].get("StartedAt", "")) or self._started.get(seen["Id"], 0)
        if running:
            self._started[seen["Id"]] = started
        code, reason = exit_of(seen)
        return Instance(
            id=seen["Id"],
            workspace=owned.get(labels.WORKSPACE, ""),
            spec_hash=owned.get(labels.SPEC_HASH, ""),
            generation=_number(owned.get(labels.GENERATION, "")),
            state=state,
            ready=ready and running,
            host=_address(networks) if running else None,
            port=_number(owned.get(labels.PORT, "")) or None if running else None,
            started_at=started,
            exit_code=code,
            exit_reason=reason,
        )


def _listed(row: Json) -> Json:
    """A listed row in the shape of an inspected one, as far as it goes."""
    return {"Id": row["Id"], "State": {"Status": row["State"]}}


def _address(networks: Json) -> str | None:
    return next((str(one["IPAddress"]) for one in networks.values() if one.get("IPAddress")), None)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
