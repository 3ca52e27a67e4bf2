"""Containers seen from close: Docker's counters, its log read on by time, the compose file beside the state.

Formats: Docker Engine API 1.41+ `stats?one-shot` (cgroup counters), `logs?timestamps&since` (RFC 3339, nine digits).
"""

from __future__ import annotations

import asyncio
import calendar
import time
from collections.abc import Sequence

from docker import APIClient

from monitor.adapters.docker_engine.client import Gone
from monitor.adapters.docker_engine.engine import DockerEngine
from monitor.adapters.docker_engine.parts import part_name
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.instance import Instance, Running
from monitor.domain.terminal import coloured
from monitor.ports.closeup import Papers, Printed, Used

AT_ONCE = 4
MOST_LINES = 500
MOST_COMPOSE = 256 * 1024


class DockerCloseup:
    """Keeps the promises of `monitor.ports.closeup` for one engine, over that engine's own client."""

    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def usage(self, instances: Sequence[Instance]) -> dict[str, Used]:
        running = [one for one in instances if one.state is Running.RUNNING]
        found = await asyncio.gather(*(self._used(one.id) for one in running))
        return {one.id: used for one, used in zip(running, found, strict=True) if used is not None}

    async def papers(self, instance: Instance) -> Papers:
        file = self._engine._control.folder(instance.workspace, instance.generation) / "compose.yaml"
        try:
            with file.open("rb") as opened:
                text = opened.read(MOST_COMPOSE).decode("utf-8", "replace")
        except OSError:
            text = ""
        try:
            config = (await self._engine._containers.inspect(instance.id))["Config"]
        except Gone:
            return Papers(text)
        return Papers(text, str(config["Image"]), tuple(sorted((config.get("Labels") or {}).items())))

    async def printed(self, instance: Instance, cursor: str, lines: int) -> Printed:
        try:
            owned = (await self._engine._containers.inspect(instance.id))["Config"]["Labels"]
            speakers = {instance.id: ""} if labels.STACK not in owned else await self._speakers(instance.id, owned)
            said = [row for key, name in speakers.items() for row in await self._after(key, name, cursor, lines)]
        except Gone:
            return Printed((), cursor)
        said.sort(key=lambda row: row[0])
        last = said[-1][0] if said else cursor
        most = min(lines, MOST_LINES)
        return Printed(tuple(text for _, text in said[-most:]), last, bool(cursor) and len(said) > most)

    async def _used(self, container: str) -> Used | None:
        async with self._turns:
            try:
                seen = await self._stats(container)
            except Gone:
                return None
        memory = seen.get("memory_stats") or {}
        if "usage" not in memory:
            return None
        cache = (memory.get("stats") or {}).get("inactive_file", 0)
        cpu = seen["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
        return Used(
            cpu, memory["usage"] - cache, memory.get("limit"), (seen.get("pids_stats") or {}).get("current", 0)
        )

    async def _stats(self, container: str) -> Json:
        def read(api: APIClient) -> Json:
            seen: Json = api.stats(container, stream=False, one_shot=True)
            return seen

        return await self._engine._client.ask(read)

    async def _speakers(self, container: str, owned: dict[str, str]) -> dict[str, str]:
        parts = await self._engine._containers.ours(labels.ROLE_PART, owned.get(labels.WORKSPACE, ""))
        return {container: owned[labels.STACK], **{row["Id"]: part_name(row) for row in parts}}

    async def _after(self, container: str, speaker: str, cursor: str, lines: int) -> list[tuple[str, str]]:
        """Entries with their times; Docker cuts an endless line into entries of 16 KiB, so the sum is bounded."""
        since = _seconds(cursor)

        def read(api: APIClient) -> bytes:
            most = min(lines, MOST_LINES) + 1
            return bytes(api.logs(container, stream=False, timestamps=True, tail=most, since=since))

        raw = await self._engine._client.ask(read)
        rows = (line.partition(b" ") for line in raw.split(b"\n") if line)
        said = ((moment.decode("ascii", "replace"), coloured(text)) for moment, _, text in rows)
        before = f"{speaker} | " if speaker else ""
        return [(moment, before + text) for moment, text in said if moment > cursor]


def _seconds(cursor: str) -> float | None:
    """A time as Docker writes it, `2024-01-15T10:30:00.123456789Z`; None for what is none."""
    whole, _, rest = cursor.partition(".")
    try:
        seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
        return seconds + int(rest.rstrip("Z")[:6].ljust(6, "0")) / 1e6
    except ValueError:
        return None
