"""A real program run for a test: started, awaited by probe, and gone when the test is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from tests.support.waiting import NeverHappened, until_sync


class Program:
    """Run `argv` between `start` and `stop`, as a `with` or an `async with` block does.

    `ready` is asked until it says yes; a program that ends before that fails the test at once. Output
    goes to the file `log`, whose tail stands in every failure. The program leads a process group of its
    own, so that whatever it started goes down with it.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        ready: Callable[[], object],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        start_timeout: float = 30.0,
        stop_timeout: float = 15.0,
    ) -> None:
        self.argv = [str(part) for part in argv]
        self.ready = ready
        self.log = log
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.start_timeout = start_timeout
        self.stop_timeout = stop_timeout
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The running program's process id."""
        if self._child is None:
            raise RuntimeError(f"{self.argv[0]} is not running")
        return self._child.pid

    def start(self) -> None:
        """Start and return once `ready` says yes."""
        with self.log.open("ab") as output:
            self._child = self._spawn(output)
        try:
            until_sync(self._ready_or_ended, self.start_timeout, f"{self.argv[0]} to be ready")
        except BaseException:
            self.kill()
            raise
        if self._child.poll() is not None:
            self.kill()
            raise NeverHappened(f"{self.argv[0]} ended while starting:\n{self.tail()}")

    def stop(self) -> int:
        """Ask with SIGTERM, wait, kill at last; return the exit code (negative: the signal)."""
        if self._child is None:
            return 0
        self._child.terminate()
        try:
            self._child.wait(self.stop_timeout)
        except subprocess.TimeoutExpired:
            return self.kill()
        return self._clear()

    def kill(self) -> int:
        """Kill the program and all it started, as a crash would; return the exit code."""
        if self._child is None:
            return 0
        return self._clear()

    def tail(self, lines: int = 30) -> str:
        """The end of what the program said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=self.env,
            cwd=self.cwd,
            start_new_session=True,
        )

    def _ready_or_ended(self) -> object:
        assert self._child is not None
        return self._child.poll() is not None or self.ready()

    def _clear(self) -> int:
        """Kill what is left of the group and reap the program."""
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        code = self._child.wait()
        self._child = None
        return code

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self.stop)
