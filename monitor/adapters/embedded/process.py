"""One process by pid *and* start time, so that a reused pid is never taken for it.

Works for processes that are not our children: those a killed monitor left behind. Linux only (`/proc`,
pidfd), like the rest of Slipway's host side.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# Each child carries whose it is in its environment: found even when its pid was never written down.
MARK = "SLIPWAY_CHILD"
FINGERPRINT = "SLIPWAY_CHILD_FINGERPRINT"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was running: `start` is its start in clock ticks after boot."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this pid now; None if none has, or only a zombie."""
        state, start = _state(pid)
        return cls(pid, start) if state not in {"", "Z", "X"} else None

    @property
    def running(self) -> bool:
        return Process.of(self.pid) == self

    @property
    def environment(self) -> Mapping[str, str]:
        """Its environment at its start; empty where we may not look."""
        try:
            raw = Path(f"/proc/{self.pid}/environ").read_bytes()
        except OSError:
            return {}
        pairs = (item.partition(b"=") for item in raw.split(b"\0"))
        return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs if name}

    async def wait(self) -> int | None:
        """Return once it is gone: its exit code if it was our child (negative: the signal), else None."""
        with _handle(self) as pidfd:
            if pidfd is None:
                return None
            await _readable(pidfd)
            return _reap(self.pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to exactly this process; nothing happens if it is gone."""
        with _handle(self) as pidfd, contextlib.suppress(ProcessLookupError):
            if pidfd is not None:
                signal.pidfd_send_signal(pidfd, number)

    async def stop(self, grace_s: float) -> None:
        """Ask with TERM, wait `grace_s`, then KILL; returns when it is gone."""
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.wait()


def spawn(argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> Process:
    """Start `argv` in a session of its own, output appended to `log`; raises `OSError`.

    The session keeps a Ctrl-C in the terminal away from it. Files it makes are its owner's alone.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            umask=0o077,
        )
    # The child may outlive this monitor on purpose: Popen is not to care for it any further.
    child.returncode = 0
    return Process(child.pid, _state(child.pid)[1])


def marked(mark: str) -> Iterator[Process]:
    """Every running process whose environment carries `mark`."""
    for folder in Path("/proc").glob("[0-9]*"):
        process = Process.of(int(folder.name))
        if process and process.environment.get(MARK) == mark:
            yield process


def _state(pid: int) -> tuple[str, int]:
    """State letter and start time from `/proc/PID/stat`; the name in it may hold anything, `)` included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return "", 0
    return fields[0], int(fields[19])


@contextlib.contextmanager
def _handle(process: Process) -> Iterator[int | None]:
    """A pidfd for exactly this process, or None when it is gone."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        # Asked after opening: from here on the pid cannot come to mean another process.
        yield pidfd if _state(process.pid)[1] == process.start else None
    finally:
        os.close(pidfd)


async def _readable(handle: int) -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(handle)


def _reap(pid: int) -> int | None:
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if done else None
