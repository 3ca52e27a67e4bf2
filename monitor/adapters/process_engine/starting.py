"""Start one instance: an app folder, a port, a record, then the keeper. Blocking."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from monitor.adapters.process_engine import observing, records, sandbox
from monitor.adapters.process_engine.piped import no_process
from monitor.adapters.process_engine.records import Record
from monitor.adapters.process_engine.shipped import KEEPER_ENV, keeping
from monitor.adapters.process_engine.slots import PLAIN
from monitor.adapters.process_engine.workshop import Workshop, direct
from monitor.domain.launch import LaunchSpec
from monitor.errors import Conflict
from monitor.ports.engine import EngineAway, Launch, LaunchFailed

LOG_BYTES = 4 * 1024 * 1024
KEEPER_S = 30


def start(workshop: Workshop, spec: LaunchSpec, launch: Launch, generation: int, now: int) -> observing.Seen:
    """The started instance; on any failure nothing of it is left. `now` is in ns since the epoch.

    Raises `Conflict` where this generation runs already, `LaunchFailed`, `EngineAway` where no process can be made.
    """
    workshop.refuse_unable(spec)
    old = records.keeper(workshop.places.generation(spec.workspace, generation))
    if old is not None and old.alive:
        raise Conflict(f"generation {generation} of {spec.workspace} runs already", hint="stop it first")
    try:
        folder = workshop.places.make_generation(spec.workspace, generation)
        plan = _lay_out(workshop, spec, launch, folder, generation, now)
        _keep(folder, plan)
    except BaseException:
        workshop.places.remove_generation(spec.workspace, generation)
        raise
    return observing.see(folder)


def _lay_out(
    workshop: Workshop, spec: LaunchSpec, launch: Launch, folder: Path, generation: int, now: int
) -> dict[str, Any]:
    """Write everything the instance needs, its record included; the keeper's plan."""
    workshop.make_shared(spec.workspace)
    with workshop.slots.taking:
        slot = take(workshop, spec)
        record = Record(
            spec.workspace, generation, spec.hash, workshop.free_port(), now, launch.digest, str(slot), direct(spec)
        )
        records.write(folder, record)
    workshop.slots.reset(slot)
    source = workshop.source(spec.workspace, launch)
    workshop.told(folder, launch)
    extra = {
        **workshop.commands(spec, source),
        "PORT": str(record.port),
        sandbox.INSTANCE: workshop.marker(spec.workspace, generation),
    }
    return {
        "argv": workshop.command("run", spec, folder, slot, source),
        "env": workshop.environment(spec, folder, slot, source, extra),
        "cwd": str(slot),
        "log": str(folder / observing.LOG),
        "log_bytes": LOG_BYTES,
        "running": str(folder / records.RUNNING),
        "exit": str(folder / records.EXIT),
    }


def take(workshop: Workshop, spec: LaunchSpec) -> Path:
    """An app folder nobody has, with the dependencies of `spec`; `slots.taking` is held. Raises `LaunchFailed`."""
    key = spec.deps_key if spec.install else PLAIN
    slot = workshop.slots.idle(spec.workspace, key)
    if slot is None and spec.install:
        raise LaunchFailed("its dependencies are not installed", hint="start it again")
    if slot is None:
        slot = workshop.slots.make(spec.workspace, key)
        workshop.slots.complete(slot)
    return slot


def _keep(folder: Path, plan: dict[str, Any]) -> None:
    """Start the keeper and return once it has written who it is: from then on it needs nobody."""
    file = folder / "plan.json"
    records.replace(file, json.dumps(plan).encode())
    try:
        done = subprocess.run(
            keeping(file),
            env=KEEPER_ENV,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=KEEPER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise no_process(error) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise EngineAway(f"the keeper did not start: {' '.join(said)}", hint="is the disk full?")
