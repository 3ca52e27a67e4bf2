"""One install: its data folder, held by exactly one monitor at a time, with an id and an engine chosen once."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.state_files import DiskStateFiles
from monitor.errors import Conflict, SlipwayError
from monitor.ports.state_files import StateFiles

FILE = "install.json"


@dataclass(frozen=True, slots=True)
class Install:
    """`id` marks everything this install makes (containers, networks, processes, the writer in the bucket)."""

    id: str
    data: Path
    files: StateFiles

    @property
    def engine(self) -> str:
        """The engine `auto` decided for, "" before that."""
        kept = self.files.read(FILE)
        return str(kept.get("engine", "")) if isinstance(kept, dict) else ""

    def remember_engine(self, name: str) -> None:
        """Record the decision: a daemon missing later is "engine away", never a switch."""
        self.files.write(FILE, {"id": self.id, "engine": name})


@contextmanager
def held(data: Path) -> Iterator[Install]:
    """The install in `data`, held until the end; raises `Conflict` while another process holds it.

    The lock is the kernel's: it is gone the moment its holder is, however that ended.
    """
    _make(data)
    fd = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise Conflict(
                f"another Slipway (pid {holder}) is running on {data}",
                hint="use `scripts/slipway status` to look at it, or set SLIPWAY_DATA to run a second one",
            ) from None
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield _install(data)
    finally:
        os.close(fd)


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        data.chmod(0o700)
    except OSError as error:
        raise SlipwayError(
            f"the data folder {data} cannot be used: {error.strerror}",
            hint="mend its permissions, free some disk space, or set SLIPWAY_DATA to another folder",
        ) from None


def _install(data: Path) -> Install:
    files = DiskStateFiles(data)
    kept = files.read(FILE)
    if isinstance(kept, dict) and kept.get("id"):
        return Install(str(kept["id"]), data, files)
    install = Install(secrets.token_hex(8), data, files)
    install.remember_engine("")
    return install
