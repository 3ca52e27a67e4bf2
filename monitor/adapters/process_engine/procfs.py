"""What /proc tells of processes: who they are, who belongs to whom, and what they listen on.

Formats: proc(5). A process is named by pid *and* start time (clock ticks since boot, with the boot's own id),
because the kernel gives pids out again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Process:
    """One process as /proc/PID/stat shows it; `start` is in clock ticks since boot."""

    pid: int
    name: str
    state: str
    parent: int
    start: int


def boot_id() -> str:
    """The id of this boot: start times of another one mean nothing."""
    return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()


def look(pid: int) -> Process | None:
    """The process with this pid now, None where there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    # The name stands in brackets and may hold brackets and spaces itself.
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    return Process(pid, head.partition("(")[2], fields[0], int(fields[1]), int(fields[19]))


def alive(pid: int, start: int, boot: str) -> bool:
    """Whether exactly that process still runs (a zombie does not)."""
    if pid <= 0 or boot != boot_id():
        return False
    process = look(pid)
    return process is not None and process.start == start and process.state not in "ZX"


def everyone() -> list[Process]:
    """All processes there are now."""
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    return [process for pid in pids if (process := look(pid)) is not None]


def members(marker: bytes, root: int | None) -> set[int]:
    """Pids of everything below `root`, and of everything that carries `marker` in its first environment.

    Neither is enough alone: a daemon leaves its ancestors, a program may start another with a new environment.
    """
    processes = [process for process in everyone() if process.state not in "ZX"]
    found = {process.pid for process in processes if _carries(process.pid, marker)}
    if root is not None and any(process.pid == root for process in processes):
        found.add(root)
    grown = True
    while grown:
        more = {p.pid for p in processes if p.parent in found} - found
        found |= more
        grown = bool(more)
    found.discard(os.getpid())
    return found


def marked(prefix: bytes) -> dict[int, str]:
    """The value after `prefix` in the environment of every process that carries it, by pid."""
    return {p.pid: value for p in everyone() if (value := _value(p.pid, prefix)) is not None}


def kill(pids: Iterable[int], number: int = signal.SIGKILL) -> None:
    """Send a signal to each; one that is gone (or not ours) is passed over."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end_all(marker: bytes, root: int | None, patience_s: float = 5.0) -> None:
    """Kill all `members` until there are none: what they start meanwhile goes too. Blocking, and bounded."""
    pause = 0.01
    while patience_s > 0 and (found := members(marker, root)):
        kill(found)
        time.sleep(pause)
        patience_s -= pause
        pause = min(pause * 2, 0.2)


def listening(pids: Iterable[int]) -> tuple[str, ...]:
    """The TCP sockets these processes listen on, as `address:port`, sorted."""
    sockets = dict(_listeners())
    return tuple(sorted({sockets[inode] for pid in pids for inode in _inodes(pid) if inode in sockets}))


def _carries(pid: int, marker: bytes) -> bool:
    return marker in _environ(pid)


def _value(pid: int, prefix: bytes) -> str | None:
    for part in _environ(pid):
        if part.startswith(prefix):
            return part[len(prefix) :].decode("utf-8", "replace")
    return None


def _environ(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _inodes(pid: int) -> Iterator[str]:
    folder = PROC / str(pid) / "fd"
    try:
        links = list(folder.iterdir())
    except OSError:
        return
    for link in links:
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]


def _listeners() -> Iterator[tuple[str, str]]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN:
                    yield fields[9], _address(fields[1])


def _address(text: str) -> str:
    """`0100007F:1F90` (words in host order) as `127.0.0.1:8080`."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
    raw = b"".join(words)
    if len(raw) == 4:
        return f"{'.'.join(str(byte) for byte in raw)}:{int(port, 16)}"
    groups = ":".join(raw[i : i + 2].hex() for i in range(0, 16, 2))
    shown = {"0000:0000:0000:0000:0000:0000:0000:0000": "::", "0000:0000:0000:0000:0000:0000:0000:0001": "::1"}
    return f"[{shown.get(groups, groups)}]:{int(port, 16)}"
