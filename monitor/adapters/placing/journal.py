"""A stage's journal: `job.json` from the start, `orders.json` from the commit on, `placed` when all is in place.

They lie in `<root>/.slipway/restore-<id>/`, a folder only we may enter; `new` and `displaced` lie beside them, or
inside the target where that is no workspace.
"""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.adapters.disk.opening import open_dir, read_small
from monitor.adapters.placing.ground import make_folder, spread
from monitor.errors import Conflict
from monitor.ports.placing import Job, Orders, Phase, Stamp

FOLDER, PREFIX = ".slipway", "restore-"
JOB, ORDERS, PLACED = "job.json", "orders.json", "placed"

_ID = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST = 512 * 1024 * 1024
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Written:
    """What `job.json` says: the job, and which folder the target was (device and inode; zeros where it was none)."""

    job: Job
    device: int = 0
    inode: int = 0


def home(root: Path) -> int:
    """`<root>/.slipway`, open; raises `Conflict` where it is not a folder of our own."""
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(FileExistsError):
            os.mkdir(FOLDER, 0o700, dir_fd=top)
        fd = open_dir(FOLDER, top)
    except OSError as error:
        if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
            raise
        raise Conflict(f"{root / FOLDER} is no folder", hint="move it away: restores are staged there") from error
    finally:
        os.close(top)
    if os.fstat(fd).st_uid != os.geteuid():
        os.close(fd)
        raise Conflict(f"{root / FOLDER} belongs to another user", hint="move it away: restores are staged there")
    os.fchmod(fd, 0o700)
    spread(fd)
    return fd


def folder_of(job_id: str) -> str:
    """The stage's name in `.slipway`; raises `ValueError` for an id that is no plain word."""
    if not _ID.fullmatch(job_id):
        raise ValueError(f"not the id of a restore: {job_id!r}")
    return f"{PREFIX}{job_id}"


def begin(home_fd: int, written: Written) -> int:
    """Make the stage's folder with its `job.json`; its descriptor. Raises `Conflict` for an id in use."""
    name = folder_of(written.job.id)
    try:
        os.mkdir(name, 0o700, dir_fd=home_fd)
    except FileExistsError as error:
        raise Conflict(f"a restore {written.job.id} is there already", hint="use another id") from error
    fd = make_folder(home_fd, name, None)
    os.fchmod(fd, 0o700)
    job = {**asdict(written.job), "root": str(written.job.root), "folder": str(written.job.folder)}
    write(fd, JOB, {"version": 1, "job": job, "device": written.device, "inode": written.inode})
    return fd


def read_job(fd: int) -> Written | None:
    """None where it was never written whole: then nothing was done yet."""
    found = _read(fd, JOB)
    try:
        job = {**found["job"], "root": Path(found["job"]["root"]), "folder": Path(found["job"]["folder"])}
        if job.get("origin") is not None:
            job["origin"] = (str(job["origin"][0]), int(job["origin"][1]))
        return Written(Job(**job), found["device"], found["inode"])
    except (TypeError, KeyError, IndexError, ValueError):
        return None


def write_orders(fd: int, orders: Orders) -> None:
    """The commit: from here on the restore is completed."""
    write(fd, ORDERS, asdict(orders))


def read_orders(fd: int) -> Orders | None:
    found = _read(fd, ORDERS)
    if found is None:
        return None
    return Orders(
        tuple(found["removed"]),
        tuple(found["cleared"]),
        tuple(map(_stamp, found["stamps"])),
        tuple(map(_stamp, found["folders"])),
        found["known"],
    )


def phase(fd: int) -> Phase:
    names = os.listdir(fd)
    if PLACED in names:
        return Phase.PLACED
    return Phase.PLACING if ORDERS in names else Phase.STAGING


def write(fd: int, name: str, value: Any) -> None:
    """Replace atomically and durably."""
    temporary = f".{name}.tmp"
    with os.fdopen(os.open(temporary, _WRITE, 0o600, dir_fd=fd), "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    os.fsync(fd)


def _read(fd: int, name: str) -> Any:
    data = read_small(name, fd, _MOST)
    try:
        return None if data is None else json.loads(data)
    except ValueError:
        return None


def _stamp(value: dict[str, Any]) -> Stamp:
    was = value["was"]
    return Stamp(value["path"], value["mode"], value["mtime_ns"], None if was is None else (was[0], was[1]))
