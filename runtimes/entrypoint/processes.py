"""Commands in process groups of their own: started, watched, ended whole."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import sys
import time

GRACE_S = 3.0
LOG_LINES = 50
LINE_BYTES = 2000


class Group:
    """One `/bin/sh -c` command and everything it starts."""

    def __init__(self, command: str, folder: str, env: dict[str, str], pipe: bool = False) -> None:
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe else None,
            stderr=subprocess.STDOUT if pipe else None,
            process_group=0,
        )
        self.pid = self.process.pid
        self.ending = False

    def wait(self) -> int:
        """Wait for the command itself, as a shell would tell it: its code, or 128 + signal."""
        code = self.process.wait()
        return code if code >= 0 else 128 - code

    def end(self, first: signal.Signals = signal.SIGTERM, grace_s: float = GRACE_S) -> None:
        """Ask the whole group to end, then make it; returns when nothing of it is left."""
        self.ending = True
        self._send(first)
        deadline = time.monotonic() + grace_s
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        self._send(signal.SIGKILL)
        while self.alive() and time.monotonic() < deadline + 1:
            time.sleep(0.01)

    def alive(self) -> bool:
        """Whether any process of the group still runs (one that ended but was not collected does not count)."""
        self.process.poll()
        return any(group == self.pid and state not in "ZX" for _, _, group, state in table())

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def table() -> list[tuple[int, int, int, str]]:
    """Every process we can see: pid, parent, group, state."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b") ")[2].split()
                found.append((int(name), int(fields[1]), int(fields[2]), fields[0].decode()))
    return found


def passed_through(group: Group) -> list[str]:
    """Copy a piped command's output to ours as it comes; its last lines, bounded in number and length."""
    lines: collections.deque[bytes] = collections.deque(maxlen=LOG_LINES)
    rest = b""
    assert group.process.stdout is not None
    pipe = group.process.stdout.fileno()
    for chunk in iter(lambda: os.read(pipe, 65536), b""):
        with contextlib.suppress(OSError):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        *whole, rest = (rest + chunk).split(b"\n")
        lines.extend(line[:LINE_BYTES] for line in whole[-LOG_LINES:])
        rest = rest[:LINE_BYTES]
    return [line.decode("utf-8", "replace") for line in [*lines, *([rest] if rest else [])][-LOG_LINES:]]
