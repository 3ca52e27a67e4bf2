"""End instances and remove what they had: asked first, killed after the grace, nothing left. Blocking but `wait`."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from monitor.adapters.process_engine import procfs, records, sandbox
from monitor.adapters.process_engine.deps import INSTALL
from monitor.adapters.process_engine.places import RUN, remove
from monitor.adapters.process_engine.workshop import Workshop


def ask(folder: Path) -> None:
    """Send TERM to the keeper, which hands it on; one that is gone is passed over."""
    keeper = records.keeper(folder)
    if keeper is not None and keeper.alive:
        procfs.kill([keeper.pid], signal.SIGTERM)


async def wait(folder: Path, seconds: float) -> None:
    """Return when the keeper has ended, or after `seconds`."""
    keeper = records.keeper(folder)
    if keeper is None:
        return
    try:
        descriptor = os.pidfd_open(keeper.pid)
    except OSError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        if keeper.alive:
            async with asyncio.timeout(max(0.0, seconds)):
                await ended.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def end(workshop: Workshop, workspace: str, generation: int) -> None:
    """Kill what is left of an instance and remove its folder; what is gone is no error."""
    keeper = records.keeper(workshop.places.generation(workspace, generation))
    root = keeper.pid if keeper is not None and keeper.alive else None
    _kill(workshop, workspace, generation, root)
    workshop.places.remove_generation(workspace, generation)


def forget(workshop: Workshop, workspace: str) -> None:
    """End everything of a workspace and remove it; its data volume stays."""
    folder = workshop.places.workspace(workspace)
    for generation in _generations(folder):
        end(workshop, workspace, generation)
    for what in _running(workshop).get(workspace, ()):
        _kill(workshop, workspace, what, None)
    remove(folder)


def purge(workshop: Workshop, workspace: str) -> None:
    """The same, and its data volume too."""
    forget(workshop, workspace)
    remove(workshop.places.volume(workspace))


def sweep(workshop: Workshop, known: set[str], working: frozenset[str]) -> list[str]:
    """Remove leftovers; `working` are `<workspace>/<generation or install>` this monitor is busy with."""
    said = []
    busy = {name.partition("/")[0] for name in working}
    for folder in sorted(path for path in workshop.places.process.iterdir() if path.is_dir()):
        if folder.name not in known and folder.name not in busy:
            forget(workshop, folder.name)
            said.append(f"removed what was left of {folder.name}, which is no workspace any more")
        elif folder.name not in busy:
            said += _half_made(workshop, folder)
    return said + _strays(workshop, working)


def _half_made(workshop: Workshop, folder: Path) -> list[str]:
    """Instances a killed monitor never started, old app folders, and an installer's folder."""
    said = []
    for generation in _generations(folder):
        if records.keeper(folder / str(generation)) is None:
            end(workshop, folder.name, generation)
            said.append(f"removed generation {generation} of {folder.name}, which was never started")
    if (folder / INSTALL).is_dir():
        _kill(workshop, folder.name, INSTALL, None)
        remove(folder / INSTALL)
        said.append(f"ended an installer of {folder.name} that an earlier monitor had left")
    for path in folder.glob(f"{RUN}*"):
        _kill(workshop, folder.name, path.name, None)
        remove(path)
        said.append(f"ended a command in {folder.name} that an earlier monitor had left")
    return said + [
        f"removed the unused app folder {name} of {folder.name}" for name in workshop.slots.trim(folder.name)
    ]


def _strays(workshop: Workshop, working: frozenset[str]) -> list[str]:
    """Processes of ours that no running keeper and nobody at work answers for."""
    said = []
    for workspace, whats in sorted(_running(workshop).items()):
        for what in sorted(whats):
            keeper = records.keeper(workshop.places.workspace(workspace) / what)
            if f"{workspace}/{what}" not in working and (keeper is None or not keeper.alive):
                _kill(workshop, workspace, what, None)
                said.append(f"ended processes that {workspace}/{what} had left behind")
    return said


def _running(workshop: Workshop) -> dict[str, set[str]]:
    """What our marked processes belong to: generations, installs and commands by workspace."""
    found: dict[str, set[str]] = {}
    prefix = f"{sandbox.INSTANCE}={workshop.config.install_id}/".encode()
    for value in procfs.marked(prefix).values():
        workspace, _, what = value.partition("/")
        # The environment is the workspace's to write: only what we could have written counts.
        if what.isdigit() or what == INSTALL or what.startswith(RUN):
            found.setdefault(workspace, set()).add(what)
    return found


def _generations(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit() and path.is_dir())


def _kill(workshop: Workshop, workspace: str, what: int | str, root: int | None) -> None:
    procfs.end_all(f"{sandbox.INSTANCE}={workshop.marker(workspace, what)}".encode(), root)
