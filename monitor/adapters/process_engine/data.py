"""The data volume, copied and replaced by programs of ours that run as the instances' account, in their sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from monitor.adapters.data_stage import ANSWER, COPYING, REPLACING, Stages, answer_of, copied, failed
from monitor.adapters.process_engine import sandbox
from monitor.adapters.process_engine.sandbox import Rooms
from monitor.adapters.process_engine.workshop import Workshop
from monitor.domain.launch import Limits
from monitor.ports.engine import EngineAway, LaunchFailed
from monitor.ports.volumes import DataCopy, Mark

AT_ONCE = 2
LONGEST_S = 900


class DataVolumes:
    """The data volumes of one install's workspaces; `opened` gives the workshop once it is set up."""

    def __init__(self, opened: Callable[[], Awaitable[Workshop]]) -> None:
        self._opened = opened
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="data")
        self._made: Stages | None = None

    @asynccontextmanager
    async def copy_data(self, workspace: str, known: Mark | None, limit: int) -> AsyncIterator[DataCopy | None]:
        workshop = await self._opened()
        if not await self._run(workshop.places.volume(workspace).is_dir):
            yield None
            return
        async with self._stages(workshop).stage(workspace, "copy") as stage:
            asked = {"into": str(stage), "limit": limit, "known": known}
            yield copied(await self._run(_worked, workshop, workspace, COPYING, stage, asked), stage, limit)

    @asynccontextmanager
    async def data_stage(self, workspace: str) -> AsyncIterator[Path]:
        async with self._stages(await self._opened()).stage(workspace, "stage") as stage:
            yield stage

    async def replace_data(self, workspace: str, stage: Path, user: tuple[int, int]) -> None:
        """Everything belongs to the one account all instances have here."""
        workshop = await self._opened()
        await self._run(workshop.places.make_own, workshop.places.volume(workspace))
        await self._run(_worked, workshop, workspace, REPLACING, stage, {"from": str(stage)})

    async def recover_data(self, workspace: str) -> None:
        workshop = await self._opened()
        if await self._run(workshop.places.volume(workspace).is_dir):
            async with self._stages(workshop).stage(workspace, "recover") as stage:
                await self._run(_worked, workshop, workspace, REPLACING, stage, {"from": None})

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
        self._pool.shutdown(wait=False)

    def _stages(self, workshop: Workshop) -> Stages:
        self._made = self._made or Stages(workshop.places.base / "staging")
        return self._made

    async def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments))
        except OSError as error:
            raise EngineAway(
                f"the process engine cannot work: {error}", hint="look at the disk and its rights"
            ) from error


def _worked(
    workshop: Workshop, workspace: str, program: str, stage: Path, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Run one of the programs to its end. Blocking; killed with us, and then continued by `recover_data`."""
    _give(workshop, stage)
    volume = workshop.places.volume(workspace)
    told = {"owner": None, **asked, "volume": str(volume), "answer": str(stage.parent / ANSWER)}
    source = (workshop.config.runtimes / "data" / program).read_text("utf-8")
    argv = [str(workshop.tools.python().program), "-I", "-c", source, json.dumps(told)]
    rooms = Rooms(
        app=stage.parent,
        tmp=stage.parent,
        readonly=(),
        writable=(stage.parent, volume),
        hidden=(workshop.config.data, workshop.places.base, *workshop.config.hidden),
    )
    try:
        done = subprocess.run(
            workshop.sandbox.wrap(argv, rooms, Limits()),
            env=sandbox.basic(workshop.tools.python()),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LaunchFailed(f"the data volume of {workspace} took longer than {LONGEST_S} s") from error
    if done.returncode:
        raise failed(workspace, done.stderr.decode("utf-8", "replace").splitlines()[-20:])
    return answer_of(stage)


def _give(workshop: Workshop, stage: Path) -> None:
    """The programs are not us: all they work on must be theirs.

    The innermost first: what is still to be given lies where only we can put anything in its place.
    """
    for folder, _, names in os.walk(stage, topdown=False):
        for path in (*(Path(folder, name) for name in names), Path(folder)):
            workshop.owner.give(path)
    workshop.owner.give(stage.parent)
