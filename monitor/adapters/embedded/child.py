"""One bundled process: adopted or started, ready by a real probe, stopped for good.

A killed monitor leaves its children running. The next one finds them (pid file, else the mark in their
environment), adopts one that answers under the same configuration, and otherwise stops it and waits until
it is gone: starting beside it would end in "address already in use".
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from monitor.adapters.embedded.logs import last_lines
from monitor.adapters.embedded.ports import require_free
from monitor.adapters.embedded.private_files import private_folder, write_private
from monitor.adapters.embedded.process import FINGERPRINT, MARK, Process, marked, spawn
from monitor.adapters.loopback import release
from monitor.errors import Away, SlipwayError

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
_ADOPT_WITHIN_S = 5.0
_SCARCE_BYTES = 16 * 1024 * 1024


class ChildFailed(Away):
    """A bundled process ended or never answered; its supervisor tries again."""

    reason = "child-failed"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run and how to know that it works.

    `ready` answers True once the process really serves (exceptions of the store or the network count as
    not yet). `config` is whatever else decides how it behaves, such as its files' contents: with `argv` and
    `env` it makes the fingerprint that a leftover must share to be adopted. `listens` are the addresses it
    needs. `leavings` are paths it fails to remove when it ends.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    pid_file: Path
    ready: Callable[[], Awaitable[bool]]
    stop_grace_s: float = 5.0
    ready_within_s: float = 30.0
    config: str = field(default="", repr=False)
    listens: tuple[tuple[str, int], ...] = ()
    leavings: tuple[Path, ...] = ()

    @property
    def fingerprint(self) -> str:
        parts = [list(self.argv), sorted(self.env.items()), str(self.cwd), self.config]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Child:
    """One bundled process, at most one at a time. Not for use by several tasks, but `stop` may come any time."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.adopted = False
        self._stopping = False

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    async def start(self) -> None:
        """Have it running and ready; does nothing if it is.

        Raises `ChildFailed` (a later try may help) or `PortTaken` (once the other program is gone).
        """
        self._stopping = False
        if self.running:
            return
        private_folder(self.spec.log.parent)
        for leftover in leftovers_of(self.spec.pid_file):
            if await self._adopt(leftover):
                return
            await leftover.stop(self.spec.stop_grace_s)
        self._clear_away()
        for host, port in self.spec.listens:
            require_free(host, port)
        self._spawn()
        await self._until_ready(self.spec.ready_within_s)

    async def wait(self) -> int | None:
        """Return once the process is gone; its exit code, None if it was adopted."""
        return await self.process.wait() if self.process else None

    async def healthy(self, patience_s: float = 5.0) -> bool:
        """Ask `ready` once."""
        try:
            async with asyncio.timeout(patience_s):
                return await self.spec.ready()
        except (SlipwayError, OSError, TimeoutError, aiohttp.ClientError):
            return False

    async def stop(self) -> None:
        """TERM, wait, KILL; nothing of it is left afterwards. A start under way fails."""
        self._stopping = True
        if self.process:
            await self.process.stop(self.spec.stop_grace_s)
        self._clear_away()
        self.process = None
        for _, port in self.spec.listens:
            release(port)

    async def _adopt(self, leftover: Process) -> bool:
        if leftover.environment.get(FINGERPRINT) != self.spec.fingerprint:
            return False
        self.process, self.adopted = leftover, True
        with contextlib.suppress(ChildFailed):
            await self._until_ready(_ADOPT_WITHIN_S)
            _write_pid(self.spec.pid_file, leftover)
            return True
        self.process = None
        return False

    def _spawn(self) -> None:
        if self._stopping:
            raise ChildFailed(f"{self.spec.name} is being stopped.")
        env = {**self.spec.env, MARK: str(self.spec.pid_file), FINGERPRINT: self.spec.fingerprint}
        try:
            self.process = spawn(self.spec.argv, env, self.spec.cwd, self.spec.log)
        except OSError as error:
            raise ChildFailed(f"{self.spec.argv[0]} cannot be started: {error.strerror}.") from error
        self.adopted = False
        _write_pid(self.spec.pid_file, self.process)

    async def _until_ready(self, within_s: float) -> None:
        process, pause = self.process, _FIRST_PAUSE_S
        deadline = asyncio.get_running_loop().time() + within_s
        while process and asyncio.get_running_loop().time() < deadline:
            if await self.healthy():
                return
            if await _ended_within(process, pause):
                break
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
        raise await self._failure(process, within_s)

    async def _failure(self, process: Process | None, within_s: float) -> ChildFailed:
        ended = process is None or not process.running
        if process and not ended and not self.adopted:
            await process.stop(self.spec.stop_grace_s)
        what = "ended while starting" if ended else f"did not answer within {within_s:g} s"
        # What a program writes about a full disk is mostly where it stumbled over it.
        said = _full(self.spec.cwd) or last_lines(self.spec.log)
        return ChildFailed(
            f"{self.spec.name} {what}{f': {said}' if said else '.'}", hint=f"Its log is {self.spec.log}"
        )

    def _clear_away(self) -> None:
        for path in (self.spec.pid_file, *self.spec.leavings):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def leftovers_of(pid_file: Path) -> list[Process]:
    """Processes an earlier monitor left running for this pid file, in other words for the same data."""
    mark = str(pid_file)
    known = _read_pid(pid_file)
    if known and known.running and known.environment.get(MARK) == mark:
        return [known]
    return list(marked(mark))


def _full(folder: Path) -> str:
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        return f"only {free // 2**20} MiB are free on the disk of {folder}" if free < _SCARCE_BYTES else ""
    return ""


async def _ended_within(process: Process, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        return False
    return True


def _write_pid(path: Path, process: Process) -> None:
    write_private(path, json.dumps({"pid": process.pid, "start": process.start}))


def _read_pid(path: Path) -> Process | None:
    try:
        written = json.loads(path.read_text())
        return Process(int(written["pid"]), int(written["start"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
