"""Bring a settled batch of edits into a running instance, and remember what it acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.process_engine import evidence, observing, procfs, records, sandbox
from monitor.adapters.process_engine.workshop import Workshop, direct
from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Instance, Launch, LaunchFailed, Running

SYNC_S = 900
ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the entrypoint said to a `sync`."""

    ok: bool
    reason: str
    log: tuple[str, ...]


async def apply(workshop: Workshop, pool: Executor, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
    """Returns once the instance runs `launch.digest`; raises `LaunchFailed` with the reason it gave."""
    loop = asyncio.get_running_loop()
    folder = workshop.places.generation(instance.workspace, instance.generation)
    argv, env = await loop.run_in_executor(pool, _tell, workshop, instance, spec, launch)
    answer = await _ask(argv, env)
    if not answer.ok:
        raise LaunchFailed(
            f"the edit could not be brought in: {answer.reason}",
            hint="the last lines of the log say why; it is tried again when a file changes",
            log=answer.log,
        )
    await loop.run_in_executor(pool, records.replace, folder / records.APPLIED, os.fsencode(launch.digest))


def applied(workshop: Workshop, instance: Instance) -> str | None:
    """The digest last acknowledged: by an edit, or by the first start having become ready."""
    folder = workshop.places.generation(instance.workspace, instance.generation)
    with contextlib.suppress(OSError):
        return os.fsdecode((folder / records.APPLIED).read_bytes())
    record = records.read(folder)
    if record is None or not (Path(record.slot) / observing.READY).exists():
        return None
    return record.digest


def _tell(
    workshop: Workshop, instance: Instance, spec: LaunchSpec, launch: Launch
) -> tuple[list[str], dict[str, str]]:
    """Write the new list where the instance reads it; the client's command and environment."""
    folder = workshop.places.generation(instance.workspace, instance.generation)
    record = records.read(folder)
    if record is None or observing.see(folder).instance.state is not Running.RUNNING:
        raise LaunchFailed("the instance is not running any more", hint="it is started again by the next pass")
    if (before := applied(workshop, instance)) is not None:
        # From now on the mark may go without the acknowledgement having been taken back.
        records.replace(folder / records.APPLIED, os.fsencode(before))
    source = workshop.source(spec.workspace, launch)
    workshop.told(folder, launch)
    env = {
        **sandbox.basic(workshop.tools.python()),
        "SLIPWAY_SOURCE": str(source),
        "SLIPWAY_APP": record.slot,
        "SLIPWAY_CONTROL": str(folder / "control"),
        "SLIPWAY_SOURCE_MODE": "direct" if direct(spec) else "copy",
        "TMPDIR": str(folder / "tmp"),
        "PORT": str(record.port),
    }
    return workshop.sandbox.limited(workshop.entrypoint("sync"), spec.limits), env


async def _ask(argv: list[str], env: dict[str, str]) -> Answer:
    process = await asyncio.create_subprocess_exec(
        *argv, env=env, cwd="/", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SYNC_S):
            data = await process.stdout.read(ANSWER_BYTES)
            while len(data) < ANSWER_BYTES and (more := await process.stdout.read(ANSWER_BYTES - len(data))):
                data += more
            await process.wait()
    except TimeoutError:
        return Answer(False, f"no answer within {SYNC_S} s", ())
    finally:
        if process.returncode is None:
            # Not `process.kill`: it may collect the child behind asyncio's back.
            procfs.kill([process.pid])
            await asyncio.shield(process.wait())
    return _answer(data)


def _answer(data: bytes) -> Answer:
    """What the client printed; written by a workspace's own process, so nothing in it is taken on trust."""
    try:
        said = json.loads(data)
        lines = tuple(evidence.clean(str(line).encode()) for line in said["log"][: evidence.LINES_LIMIT])
        return Answer(said["ok"] is True, evidence.clean(str(said["reason"]).encode()), lines)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Answer(False, "the instance gave no answer that can be read", ())
