"""What is there: instances from their records and the kernel, never from memory. Blocking."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.loopback import LOOPBACK
from monitor.adapters.process_engine import evidence, procfs, records, sandbox
from monitor.adapters.process_engine.records import Ended, Keeper, Record
from monitor.adapters.process_engine.workshop import Workshop
from monitor.ports.engine import Diagnosis, EngineInfo, Instance, Running

LOG = "log"
READY = ".container-ready"
TRUSTS = "trusts its workspaces: their code runs on this machine as {who}, and reaches its network{files}"


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance, and who keeps it while it runs."""

    instance: Instance
    keeper: Keeper | None


def info(workshop: Workshop) -> EngineInfo:
    """Who this is, with the warnings people must see."""
    who = f"uid {workshop.owner.uid}" if workshop.owner.uid is not None else "your own account"
    boxed = workshop.sandbox.works()
    warnings = [TRUSTS.format(who=who, files="" if boxed else " and every file that account may read")]
    if not boxed:
        warnings.append(
            "bubblewrap is missing or may not make namespaces here: install it to hide files and processes"
        )
    if workshop.places.base != workshop.config.data:
        warnings.append(
            f"uid {workshop.owner.uid} cannot enter {workshop.config.data}: working copies and data volumes are in "
            f"{workshop.places.base}"
        )
    return EngineInfo("process", ".".join(map(str, sys.version_info[:3])), tuple(warnings))


def instances(workshop: Workshop) -> list[Seen]:
    """Everything there is a record of, by workspace and generation."""
    return [
        _seen(record, folder)
        for folder in records.folders(workshop.places.process)
        if (record := records.read(folder)) is not None
    ]


def see(folder: Path) -> Seen:
    """The instance in this folder now; what is gone is an exited one without a reason."""
    record = records.read(folder)
    if record is None:
        gone = Instance(
            f"{folder.parent.name}/{folder.name}", folder.parent.name, "", int(folder.name), Running.EXITED
        )
        return Seen(gone, None)
    return _seen(record, folder)


def diagnose(workshop: Workshop, instance: Instance, lines: int) -> Diagnosis:
    """State, listening sockets and last lines, as they are now."""
    folder = workshop.places.generation(instance.workspace, instance.generation)
    found = see(folder)
    marker = f"{sandbox.INSTANCE}={workshop.marker(instance.workspace, instance.generation)}".encode()
    keeper = found.keeper.pid if found.keeper is not None else None
    return Diagnosis(
        state=found.instance.state,
        exit_code=found.instance.exit_code,
        exit_reason=found.instance.exit_reason,
        listening=procfs.listening(procfs.members(marker, keeper)),
        log=tuple(evidence.tail(folder / LOG, lines)),
    )


def logs(workshop: Workshop, instance: Instance, lines: int) -> list[str]:
    folder = workshop.places.generation(instance.workspace, instance.generation)
    return evidence.tail(folder / LOG, lines)


def _seen(record: Record, folder: Path) -> Seen:
    keeper, ended = records.keeper(folder), records.ended(folder)
    running = keeper is not None and ended is None and keeper.alive
    if keeper is not None and not running and ended is None:
        # It may have ended between the two looks.
        ended = records.ended(folder)
    state = Running.CREATED if keeper is None else Running.RUNNING if running else Running.EXITED
    return Seen(_instance(record, state, ended), keeper if running else None)


def _instance(record: Record, state: Running, ended: Ended | None) -> Instance:
    exited = state is Running.EXITED
    return Instance(
        id=record.id,
        workspace=record.workspace,
        spec_hash=record.spec_hash,
        generation=record.generation,
        state=state,
        ready=state is Running.RUNNING and (Path(record.slot) / READY).exists(),
        host=LOOPBACK,
        port=record.port,
        started_at=record.started_at,
        exit_code=evidence.code_of(ended) if exited and ended is not None else None,
        exit_reason=evidence.reason(ended) if exited else "",
    )
