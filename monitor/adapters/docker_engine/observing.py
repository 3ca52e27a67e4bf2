"""From Docker's answers to `Instance` and `Diagnosis` values."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from monitor.adapters.docker_engine.client import DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.evidence import exit_of, listening, nanoseconds, state_of
from monitor.adapters.docker_engine.inside import ask_inside
from monitor.adapters.docker_engine.parts import accepts, exit_code, failed_parts, part_name
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.container_plan import HOMELESS
from monitor.domain.instance import Instance, Running
from monitor.ports.engine import Diagnosis, LaunchFailed

_STATUS_S = 10.0
AS_NOBODY = "its image would be root, and runs as another user here"


class Observer:
    """Reads this install's instances; remembers only when each running one started, which listing does not tell."""

    def __init__(self, client: DockerClient, containers: Containers) -> None:
        self._client = client
        self._containers = containers
        self._started: dict[str, int] = {}
        self._accepting: set[str] = set()

    async def instances(self) -> list[Instance]:
        rows = await self._containers.marked()
        apps = [row for row in rows if row["Labels"].get(labels.ROLE) == labels.ROLE_APP]
        alive = {row["Id"] for row in apps if state_of(row["State"]) is Running.RUNNING}
        self._started = {key: value for key, value in self._started.items() if key in alive}
        self._accepting &= alive
        found = await asyncio.gather(*(self._instance(row) for row in apps))
        failed = failed_parts(rows)
        return [_with_parts(instance, failed) for instance in found if instance is not None]

    async def one(self, container: str) -> Instance:
        """One instance as it is now. Raises `Gone`."""
        inspected = await self._containers.inspect(container)
        networks = inspected["NetworkSettings"]["Networks"]
        owned = inspected["Config"]["Labels"]
        health = (inspected["State"].get("Health") or {}).get("Status")
        ready = health == "healthy" and labels.STACK not in owned
        return self._from(owned, networks, inspected, ready=ready)

    async def diagnose(self, container: str, lines: int) -> Diagnosis:
        """What is seen of the container, or of the service beside it whose end was the end of all."""
        try:
            inspected = await self._containers.inspect(container)
            code, reason = exit_of(inspected)
            state = state_of(inspected["State"]["Status"])
            if state is Running.RUNNING and (failed := await self._failed_part(inspected)):
                return await self._of_part(failed, lines)
            sockets = await self._sockets(inspected) if state is Running.RUNNING else ()
            reason = f"{reason}; {AS_NOBODY}" if code and _as_nobody(inspected["Config"]) else reason
            return Diagnosis(state, code, reason, sockets, tuple(await self.logs(container, lines)))
        except Gone:
            return Diagnosis(Running.EXITED, None, "its container is gone", (), ())

    async def logs(self, container: str, lines: int) -> list[str]:
        """Its last lines; those of a stack's services in the order they were said, each with who said it."""
        try:
            owned = (await self._containers.inspect(container))["Config"]["Labels"]
        except Gone:
            return []
        if labels.STACK not in owned or not (parts := await self._parts(owned)):
            return await self._containers.lines(container, lines)
        speakers = {container: owned[labels.STACK], **{row["Id"]: part_name(row) for row in parts}}
        return await self._containers.together(speakers, lines)

    async def _parts(self, owned: dict[str, str]) -> list[Json]:
        return await self._containers.ours(labels.ROLE_PART, owned.get(labels.WORKSPACE, ""))

    async def _failed_part(self, inspected: Json) -> Json | None:
        owned = inspected["Config"]["Labels"]
        if labels.STACK not in owned:
            return None
        return failed_parts(await self._parts(owned)).get(owned.get(labels.WORKSPACE, ""))

    async def _of_part(self, row: Json, lines: int) -> Diagnosis:
        code, reason = exit_of(await self._containers.inspect(row["Id"]))
        said = tuple(await self._containers.lines(row["Id"], lines))
        return Diagnosis(Running.EXITED, code, f"its service {part_name(row)} {reason}", (), said)

    async def copied(self, container: str) -> str:
        """The digest of what a ready instance copied at its start, as its health check read it; "" where none is."""
        try:
            inspected = await self._containers.inspect(container)
        except Gone:
            return ""
        probes = (inspected["State"].get("Health") or {}).get("Log") or ()
        told = next((str(one["Output"]).strip() for one in reversed(probes) if one.get("ExitCode") == 0), "")
        return told or str((await self.status(container)).get("digest") or "")

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
        seen = self._from(row["Labels"], networks, inspected or _listed(row), ready="(healthy)" in row["Status"])
        return seen if seen.announced else await self._asked(seen, healthy="(unhealthy)" not in row["Status"])

    async def _asked(self, instance: Instance, *, healthy: bool) -> Instance:
        """A front of a stack has no mark to tell that it is ready: it is once it accepts on its port."""
        if instance.state is not Running.RUNNING or not healthy:
            return replace(instance, ready=False)
        if instance.id not in self._accepting and await accepts(instance.host, instance.port):
            self._accepting.add(instance.id)
        return replace(instance, ready=instance.id in self._accepting)

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
            announced=labels.STACK not in owned,
        )


def _as_nobody(config: Json) -> bool:
    """Whether a stack's container runs as a user its image did not choose: that one has no home there."""
    return labels.STACK in (config.get("Labels") or {}) and f"HOME={HOMELESS}" in (config.get("Env") or [])


def _with_parts(instance: Instance, failed: dict[str, Json]) -> Instance:
    """A stack is one instance: it has ended when one of its services has ended badly."""
    row = None if instance.announced else failed.get(instance.workspace)
    if row is None or instance.state is not Running.RUNNING:
        return instance
    code = exit_code(row)
    reason = f"its service {part_name(row)} exited with code {code}"
    return replace(instance, state=Running.EXITED, ready=False, host=None, exit_code=code, exit_reason=reason)


def _listed(row: Json) -> Json:
    """A listed row in the shape of an inspected one, as far as it goes."""
    return {"Id": row["Id"], "State": {"Status": row["State"]}}


def _address(networks: Json) -> str | None:
    return next((str(one["IPAddress"]) for one in networks.values() if one.get("IPAddress")), None)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
