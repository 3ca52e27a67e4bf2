"""Local processes seen from close: their counters in /proc, and their log read on from where it was left.

Formats: proc(5) `stat` (utime, stime in clock ticks) and `statm` (resident pages). A log of two files: a full one
becomes `log.1`, so a place in it is named by the file's inode and an offset.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from monitor.adapters.process_engine import procfs, sandbox
from monitor.adapters.process_engine.engine import ProcessEngine
from monitor.adapters.process_engine.observing import LOG
from monitor.adapters.process_engine.workshop import Workshop
from monitor.domain.instance import Instance, Running
from monitor.domain.terminal import LINE, coloured
from monitor.ports.closeup import Papers, Printed, Used

T = TypeVar("T")
MOST_BYTES = 512 * 1024
UNFINISHED = LINE * 4
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessCloseup:
    """Keeps the promises of `monitor.ports.closeup` for one engine, in that engine's own threads."""

    def __init__(self, engine: ProcessEngine) -> None:
        self._engine = engine

    async def usage(self, instances: Sequence[Instance]) -> dict[str, Used]:
        return await self._run(_usage, instances)

    async def papers(self, instance: Instance) -> Papers:
        """There are none: a process has no image, no labels and no compose file."""
        return Papers()

    async def printed(self, instance: Instance, cursor: str, lines: int) -> Printed:
        return await self._run(_printed, instance, cursor, lines)

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        workshop = await self._engine._open()
        return await self._engine._run(function, workshop, *arguments)


def _usage(workshop: Workshop, instances: Sequence[Instance]) -> dict[str, Used]:
    wanted = {workshop.marker(one.workspace, one.generation): one.id for one in instances}
    pids: dict[str, list[int]] = {key: [] for key in wanted.values()}
    for pid, value in procfs.marked(f"{sandbox.INSTANCE}=".encode()).items():
        if value in wanted:
            pids[wanted[value]].append(pid)
    return {key: _sum(found) for key, found in pids.items() if found}


def _sum(pids: list[int]) -> Used:
    ticks = pages = count = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            fields = (procfs.PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            pages += int((procfs.PROC / str(pid) / "statm").read_bytes().split()[1])
            # With children it has waited for: what a build spent is not lost with it.
            ticks += sum(int(field) for field in fields[11:15])
            count += 1
    return Used(ticks / _TICKS, pages * _PAGE, None, count)


def _printed(workshop: Workshop, instance: Instance, cursor: str, lines: int) -> Printed:
    log = workshop.places.generation(instance.workspace, instance.generation) / LOG
    data, now, skipped = _since(log, *_place(cursor), whole=instance.state is Running.EXITED)
    said = [coloured(line) for line in data.split(b"\n")]
    said = said[:-1] if not data or data.endswith(b"\n") else said
    # The end of what there was before somebody looked is no gap.
    return Printed(tuple(said[-lines:]), now or cursor, bool(cursor) and (skipped or len(said) > lines))


def _place(cursor: str) -> tuple[int, int]:
    inode, _, offset = cursor.partition(":")
    good = inode.isdecimal() and offset.isdecimal() and len(cursor) < 60
    return (int(inode), int(offset)) if good else (0, 0)


def _since(log: Path, inode: int, offset: int, *, whole: bool) -> tuple[bytes, str, bool]:
    """What came after a place, the place after it, and whether something between is left out."""
    try:
        with log.open("rb") as file:
            status = os.fstat(file.fileno())
            known = status.st_ino == inode and offset <= status.st_size
            start = offset if known else 0
            before = b"" if known else _older(log.with_name(log.name + ".1"), inode, offset)
            cut = max(start, status.st_size - MOST_BYTES)
            file.seek(cut)
            data = file.read(MOST_BYTES)
    except OSError:
        return b"", "", False
    lost = cut > start
    data = before + data if not lost else data.partition(b"\n")[2] or data
    rest = 0 if whole else len(data) - (data.rfind(b"\n") + 1)
    if rest > UNFINISHED:
        # A line without an end is shown in pieces, never waited for.
        rest = 0
    end = cut + min(MOST_BYTES, status.st_size - cut) - rest
    return data[: len(data) - rest] if rest else data, f"{status.st_ino}:{end}", lost


def _older(log: Path, inode: int, offset: int) -> bytes:
    """The end of the file that was the log before, from the place on where it is the one that was read."""
    with suppress(OSError), log.open("rb") as file:
        status = os.fstat(file.fileno())
        start = offset if status.st_ino == inode else 0
        file.seek(max(start, status.st_size - MOST_BYTES))
        return file.read(MOST_BYTES)
    return b""
