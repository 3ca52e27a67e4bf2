"""Running commands and writing files: the parts joined."""

from __future__ import annotations

from contextlib import AsyncExitStack

from monitor.adapters.file_writing import DiskWriting
from monitor.adapters.files import DiskFiles
from monitor.adapters.placing.disk import DiskPlacing
from monitor.adapters.scratch import DiskScratch
from monitor.app.recording import Recording
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine
from monitor.services.jobs import Jobs
from monitor.services.registry import Registry
from monitor.services.running.bringing import Bringer
from monitor.services.running.running import Running
from monitor.services.survey import Survey
from monitor.services.writing import Writes
from monitor.settings import Settings


def running_of(
    settings: Settings,
    engine: Engine,
    survey: Survey,
    files: DiskFiles,
    kept: Recording,
    jobs: Jobs,
    registry: Registry,
    stack: AsyncExitStack,
) -> Running:
    """What the doors ask; `stack` closes what it made."""
    placing = DiskPlacing()
    stack.callback(placing.close)
    scratch = DiskScratch(settings.data / "scratch")
    stack.callback(scratch.close)
    bringer = Bringer(files, placing, kept.history, kept.turns, settings.workspaces)
    return Running(engine, survey, bringer, scratch, jobs, registry)


def writes_of(
    settings: Settings, files: DiskFiles, kept: Recording, registry: Registry, clock: Clock, stack: AsyncExitStack
) -> Writes:
    """What writes single files."""
    writing = DiskWriting(settings.workspaces)
    stack.callback(writing.close)
    return Writes(writing, files, kept.history, registry, kept.turns, clock, settings.workspaces)
