"""The process records: what was started, as small JSON files that outlive any monitor.

One folder per instance. `record.json` is written by the engine before anything runs and never changes;
`running.json` and `exit.json` are written by the keeper, `applied` by the engine after an acknowledgement. Each is
replaced atomically, so a kill at any moment leaves the older or the newer one.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.adapters.process_engine import procfs

RECORD = "record.json"
RUNNING = "running.json"
EXIT = "exit.json"
APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class Record:
    """One instance as started: `slot` is its app folder, `digest` the state it began with.

    `started_at` is in ns since the epoch. `direct` ones read their source in place.
    """

    workspace: str
    generation: int
    spec_hash: str
    port: int
    started_at: int
    digest: str
    slot: str
    direct: bool

    @property
    def id(self) -> str:
        return f"{self.workspace}/{self.generation}"


@dataclass(frozen=True, slots=True)
class Keeper:
    """The process that keeps an instance: pid, start time in ticks, and the boot these belong to."""

    pid: int
    start: int
    boot: str

    @property
    def alive(self) -> bool:
        return procfs.alive(self.pid, self.start, self.boot)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an instance's entrypoint ended: its code (negative: the signal), and whether memory had run out."""

    code: int
    out_of_memory: bool


def write(folder: Path, record: Record) -> None:
    """Write the record; `folder` exists."""
    replace(folder / RECORD, json.dumps(asdict(record)).encode())


def read(folder: Path) -> Record | None:
    """The record in this folder, None where there is none or it is not ours to understand."""
    values = _load(folder / RECORD)
    try:
        return Record(**values) if values is not None else None
    except TypeError:
        return None


def keeper(folder: Path) -> Keeper | None:
    """Who keeps the instance, None while nobody was started."""
    values = _load(folder / RUNNING)
    try:
        return Keeper(**values) if values is not None else None
    except TypeError:
        return None


def ended(folder: Path) -> Ended | None:
    """How it ended, None where that was never written (it runs, or its keeper was killed)."""
    values = _load(folder / EXIT)
    try:
        return Ended(**values) if values is not None else None
    except TypeError:
        return None


def folders(root: Path) -> list[Path]:
    """The folders of all instances below `root` (`<workspace>/<generation>`), whatever their state."""
    found = [path.parent for path in root.glob(f"*/*/{RECORD}") if path.parent.name.isdigit()]
    return sorted(found, key=lambda path: (path.parent.name, int(path.name)))


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a small file whole or not at all: temporary name, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 -- an open descriptor, not a path
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None
