"""Install a workspace's dependencies once, in the app folder they will run in."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from pathlib import Path

from monitor.adapters.process_engine import evidence, procfs, records, sandbox
from monitor.adapters.process_engine.piped import piped
from monitor.adapters.process_engine.places import remove
from monitor.adapters.process_engine.workshop import Workshop
from monitor.domain.launch import LaunchSpec
from monitor.domain.runtimes import as_typed
from monitor.ports.engine import Launch, LaunchFailed, Progress

INSTALL = "install"
INSTALL_S = 1200
TAIL_LINES = 50


async def install(workshop: Workshop, pool: Executor, spec: LaunchSpec, launch: Launch, progress: Progress) -> Path:
    """A complete app folder with the dependencies of `spec`.

    Raises `LaunchFailed` with the installer's last lines, and `EngineAway` (a later try may help) where no process
    can be made. Killed halfway it leaves a folder that is never used, and processes that the next `sweep` ends.
    """
    loop = asyncio.get_running_loop()
    slot, plan = await loop.run_in_executor(pool, _lay_out, workshop, spec, launch)
    progress(f"installing dependencies: {as_typed(spec.install or '')}")
    process, printed = await piped(plan)
    tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
    code: int | None = None
    try:
        async with asyncio.timeout(INSTALL_S):
            async for line in lines(printed):
                tail.append(line)
                progress(line)
            code = await process.wait()
    except TimeoutError:
        tail.append(f"slipway: not finished after {INSTALL_S} s")
    finally:
        # Shielded: an installer that outlives its cancellation would write into the next one's folder.
        if process.returncode is None:
            procfs.kill([process.pid])
        await asyncio.shield(loop.run_in_executor(pool, _clear, workshop, spec.workspace))
        await asyncio.shield(process.wait())
        if code != 0:
            await asyncio.shield(loop.run_in_executor(pool, remove, slot))
    if code != 0:
        how = "did not end" if code is None else f"exited with code {code}"
        raise LaunchFailed(
            f"installing its dependencies failed: {how} (`{as_typed(spec.install or '')}`)",
            hint="see the last lines of its output; the workspace is tried again when its files change",
            log=tail,
        )
    await loop.run_in_executor(pool, workshop.slots.complete, slot)
    return slot


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines as text while they come; a line without an end is cut, so memory stays flat."""
    rest = b""
    while data := await stream.read(64 * 1024):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield evidence.clean(line)
        rest = rest[: evidence.LINE_LIMIT * 4]
    if rest:
        yield evidence.clean(rest)


def _lay_out(workshop: Workshop, spec: LaunchSpec, launch: Launch) -> tuple[Path, Path]:
    workshop.refuse_unable(spec)
    workshop.make_shared(spec.workspace)
    slot = workshop.slots.make(spec.workspace, spec.deps_key)
    folder = workshop.places.workspace(spec.workspace) / INSTALL
    remove(folder)
    for path in (folder, folder / "control"):
        path.mkdir(mode=0o755)
        path.chmod(0o755)
    workshop.places.make_own(folder / "tmp")
    workshop.places.make_own(folder / "tmp" / "home")
    source = workshop.source(spec.workspace, launch)
    workshop.told(folder, launch, spec.deps_files)
    extra = {"SLIPWAY_INSTALL": spec.install or "", sandbox.INSTANCE: workshop.marker(spec.workspace, INSTALL)}
    env = {**workshop.config.install_env, **workshop.environment(spec, folder, slot, source, extra)}
    argv = workshop.command("install", spec, folder, slot, source)
    records.replace(folder / "plan.json", json.dumps({"argv": argv, "env": env, "cwd": str(slot)}).encode())
    return slot, folder / "plan.json"


def _clear(workshop: Workshop, workspace: str) -> None:
    """End what the installer left running and remove its folder."""
    marker = f"{sandbox.INSTANCE}={workshop.marker(workspace, INSTALL)}".encode()
    procfs.end_all(marker, None)
    with contextlib.suppress(OSError):
        remove(workshop.places.workspace(workspace) / INSTALL)
