"""A person's command in an app folder of its own: as the instances' account, under their limits, then gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from concurrent.futures import Executor
from pathlib import Path

from monitor.adapters.process_engine import procfs, records, sandbox
from monitor.adapters.process_engine.bringing import Bringing
from monitor.adapters.process_engine.piped import piped
from monitor.adapters.process_engine.places import RUN, remove
from monitor.adapters.process_engine.records import Record
from monitor.adapters.process_engine.starting import take
from monitor.adapters.process_engine.workshop import Workshop
from monitor.domain.command import ComesBack, Command, Ran, once
from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Hear, Launch

_PIECE = 64 * 1024


def name_of(command: Command) -> str:
    """What its folder and its processes are called."""
    return f"{RUN}{command.id}"


async def run(
    workshop: Workshop,
    pool: Executor,
    spec: LaunchSpec,
    launch: Launch,
    command: Command,
    hear: Hear,
    into: Path | None,
) -> Ran:
    """As the port says; killed halfway it leaves what the next `sweep` ends and removes."""
    loop = asyncio.get_running_loop()
    name = name_of(command)
    try:
        slot, plan = await asyncio.shield(loop.run_in_executor(pool, _lay_out, workshop, spec, launch, command))
        code = await _run(plan, hear)
        # What it left running could still write.
        await loop.run_in_executor(pool, _end, workshop, spec.workspace, name)
        if into is not None:
            wanted = ComesBack(launch.files, spec.data)
            await asyncio.shield(loop.run_in_executor(pool, Bringing(wanted).copy, slot, into))
    finally:
        await asyncio.shield(loop.run_in_executor(pool, _clear, workshop, spec.workspace, name))
    return Ran(code, f"killed by signal {code - 128}" if code > 128 else "")


async def _run(plan: Path, hear: Hear) -> int:
    """The command's exit code; cancelled, it and its keeper are killed."""
    process, printed = await piped(plan)
    try:
        while data := await printed.read(_PIECE):
            hear(data)
        return await process.wait()
    finally:
        if process.returncode is None:
            procfs.kill([process.pid])
            await asyncio.shield(process.wait())


def _lay_out(workshop: Workshop, spec: LaunchSpec, launch: Launch, command: Command) -> tuple[Path, Path]:
    """Its app folder, taken by a record, and the keeper's plan."""
    workshop.refuse_unable(spec)
    workshop.make_shared(spec.workspace)
    name, run = name_of(command), once(spec, command.argv)
    folder = workshop.places.workspace(spec.workspace) / name
    for path in (folder, folder / "control"):
        path.mkdir(mode=0o755)
        path.chmod(0o755)
    for path in (folder / "tmp", folder / "tmp" / "home"):
        workshop.places.make_own(path)
    with workshop.slots.taking:
        slot = take(workshop, spec)
        port = workshop.free_port()
        records.write(folder, Record(spec.workspace, -1, spec.hash, port, 0, launch.digest, str(slot), False))
    workshop.slots.reset(slot)
    source = workshop.source(spec.workspace, launch)
    workshop.told(folder, launch)
    extra = {
        **workshop.commands(run, source),
        "SLIPWAY_START": run.start,
        "PORT": str(port),
        sandbox.INSTANCE: workshop.marker(spec.workspace, name),
    }
    plan = {
        "argv": workshop.command("once", run, folder, slot, source),
        "env": workshop.environment(run, folder, slot, source, extra),
        "cwd": str(slot),
    }
    records.replace(folder / "plan.json", json.dumps(plan).encode())
    return slot, folder / "plan.json"


def _end(workshop: Workshop, workspace: str, name: str) -> None:
    procfs.end_all(f"{sandbox.INSTANCE}={workshop.marker(workspace, name)}".encode(), None)


def _clear(workshop: Workshop, workspace: str, name: str) -> None:
    _end(workshop, workspace, name)
    with contextlib.suppress(OSError):
        remove(workshop.places.workspace(workspace) / name)
