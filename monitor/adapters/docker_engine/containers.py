"""Create, check, start, list, stop: containers of one install and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.conformance import departures
from monitor.adapters.docker_engine.evidence import MOST_LINES, text_lines
from monitor.adapters.docker_engine.rendering import Json, create_body
from monitor.domain import labels
from monitor.domain.container import ContainerPlan
from monitor.domain.docker_names import Names
from monitor.ports.clock import Clock
from monitor.ports.engine import EngineAway, LaunchFailed

_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.3)
_CONFLICT = 409


class Containers:
    """What Docker knows of this install's containers; plain reads and writes, no decisions."""

    def __init__(self, client: DockerClient, names: Names, clock: Clock) -> None:
        self._client = client
        self._names = names
        self._clock = clock

    async def create(self, plan: ContainerPlan) -> str:
        """Create a container and compare it with its plan; returns its id.

        Raises `LaunchFailed` where Docker will not make it, or made something else (it is removed again).
        """
        body = create_body(plan)
        made = await self._made(plan, body)
        inspected = await self.inspect(made)
        if wrong := departures(plan, body, inspected):
            await self.remove(made)
            raise LaunchFailed(
                f"the container Docker made for it is not the one asked for: {wrong[0]}",
                hint="look at the image's labels and volumes, and at the daemon's own defaults",
                log=wrong,
            )
        return made

    async def put(self, body: Json, name: str | None = None) -> str:
        """Create a container that belongs to no plan, for a program of ours; its id. Raises `Declined`, `Gone`."""
        return await self._client.do(lambda api: _post(api, body, name))

    async def exit_code(self, container: str, longest_s: int = 890) -> int:
        """Wait for its end, at most so long. Raises `Declined`, `Gone`, `EngineAway`."""
        return await self._client.work(lambda api: int(api.wait(container, timeout=longest_s)["StatusCode"]))

    async def start(self, container: str) -> None:
        try:
            await self._client.do(lambda api: api.start(container))
        except (Declined, Gone) as error:
            raise LaunchFailed(f"Docker cannot start it: {error.message}") from error

    async def inspect(self, container: str) -> Json:
        """Raises `Gone`."""
        seen: Json = await self._client.ask(lambda api: api.inspect_container(container))
        return seen

    async def ours(self, role: str, workspace: str | None = None) -> list[Json]:
        """This install's containers of one role as Docker lists them, running or not."""
        wanted = [f"{labels.ROLE}={role}"]
        if workspace is not None:
            wanted.append(f"{labels.WORKSPACE}={workspace}")
        return await self.marked(*wanted)

    async def marked(self, *more: str) -> list[Json]:
        """Every container that carries this install's label, and `more` ones, whoever made it."""
        wanted = [f"{labels.INSTALL_ID}={self._names.install_id}", *more]
        found: list[Json] = await self._client.ask(lambda api: api.containers(all=True, filters={"label": wanted}))
        return found

    async def stop(self, container: str, grace_s: float) -> None:
        """Its own stop signal or TERM, wait up to `grace_s`, then remove, which kills; no thread is held."""
        try:
            said = (await self.inspect(container))["Config"].get("StopSignal") or "SIGTERM"
            await self._client.do(lambda api: api.kill(container, said))
            await self._ended(container, grace_s)
        except (Gone, Declined):
            pass
        await self.remove(container)

    async def remove(self, container: str) -> None:
        """Kill and remove, with its anonymous volumes; gone already is as good."""
        try:
            await self._client.do(lambda api: api.remove_container(container, force=True, v=True))
        except Gone:
            return
        except Declined as error:
            if error.status != _CONFLICT:
                raise EngineAway(f"Docker cannot remove a container: {error.message}") from error
            await self._vanished(container)

    async def discard(self, container: str) -> None:
        """Remove what an unfinished piece of work made; with the daemon away the next sweep does it."""
        with suppress(EngineAway):
            await self.remove(container)

    async def remove_all(self, containers: Iterable[Json]) -> None:
        for row in containers:
            await self.remove(row["Id"])

    async def logs(self, container: str, lines: int, *, timestamps: bool = False) -> bytes:
        """The last `lines` entries of its log; Docker cuts an endless line into entries of 16 KiB."""

        def read(api: APIClient) -> bytes:
            return bytes(
                api.logs(container, stdout=True, stderr=True, stream=False, tail=lines, timestamps=timestamps)
            )

        return await self._client.ask(read)

    async def lines(self, container: str, lines: int) -> list[str]:
        """The last lines it printed, as text; none where it is gone."""
        try:
            return text_lines(await self.logs(container, min(lines, MOST_LINES)), lines)
        except Gone:
            return []

    async def together(self, speakers: Mapping[str, str], lines: int) -> list[str]:
        """The last lines of several containers by time, each begun with its speaker's name."""
        said: list[tuple[str, str]] = []
        for container, name in speakers.items():
            with suppress(Gone):
                raw = await self.logs(container, min(lines, MOST_LINES), timestamps=True)
                parts = (line.partition(" ") for line in text_lines(raw, lines))
                said += [(time, f"{name} | {text}") for time, _, text in parts]
        return [line for _, line in sorted(said, key=lambda row: row[0])][-lines:]

    async def _made(self, plan: ContainerPlan, body: Json) -> str:
        try:
            return await self._client.do(lambda api: _post(api, body, plan.name))
        except Declined as error:
            if error.status == _CONFLICT and await self._made_way(plan.name):
                return await self._made(plan, body)
            raise LaunchFailed(f"Docker cannot make its container: {error.message}") from error
        except Gone as error:
            raise LaunchFailed(
                f"Docker cannot make its container: {error.message}", hint="prepare it again"
            ) from error

    async def _made_way(self, name: str) -> bool:
        """Remove what an earlier try left under that name, if it is ours and does not run."""
        try:
            seen = await self.inspect(name)
        except Gone:
            return True
        ours = (seen["Config"].get("Labels") or {}).get(labels.INSTALL_ID) == self._names.install_id
        if not ours or seen["State"]["Running"]:
            return False
        await self.remove(seen["Id"])
        return True

    async def _ended(self, container: str, grace_s: float) -> None:
        deadline = self._clock.monotonic() + grace_s
        pauses = iter(_PAUSES_S)
        while (left := deadline - self._clock.monotonic()) > 0:
            if not (await self.inspect(container))["State"]["Running"]:
                return
            await self._clock.sleep(min(next(pauses, _PAUSES_S[-1]), left))

    async def _vanished(self, container: str) -> None:
        """Somebody else is removing it: wait a moment for that."""
        for pause in (*_PAUSES_S, 1.0, 2.0):
            try:
                await self.inspect(container)
            except Gone:
                return
            await self._clock.sleep(pause)


def _post(api: APIClient, body: Json, name: str | None) -> str:
    made: Json = api.create_container_from_config(body, name)  # type: ignore[no-untyped-call]
    return str(made["Id"])
