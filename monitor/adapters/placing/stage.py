"""One stage's blocking half: its folders, its commit, its end."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from monitor.adapters.disk.opening import open_dir
from monitor.adapters.placing import journal
from monitor.adapters.placing.displaced import drop, list_displaced
from monitor.adapters.placing.ground import (
    FOLDER_MODE,
    is_dir,
    kind_at,
    make_folder,
    names_in,
    remove_all,
    sync_disk,
)
from monitor.adapters.placing.moving import Mover
from monitor.adapters.placing.staging import Writer
from monitor.errors import Conflict
from monitor.ports.placing import BESIDE, Displaced, Job, Orders, Phase, Problem

NEW, DISPLACED = "new", "displaced"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GONE = "the folder is not there any more; nothing more was placed"

log = logging.getLogger(__name__)


class Ground:
    """An open stage: `home` is `.slipway`, `own` the journal's folder, `bytes` the one with `new` and `displaced`,
    `target` the target (None where it is not there). Made by `made` or `found`; `close` lets go of everything."""

    def __init__(
        self, written: journal.Written, home: int, own: int, target: int | None, step: Callable[[str], None]
    ):
        self.job, self._written = written.job, written
        self._home, self._own, self.target, self._step = home, own, target, step
        self.phase = journal.phase(own)
        self._bytes = self._beside()
        self._displaced = make_folder(self._bytes, DISPLACED, None)
        # After the commit a missing `new` says that it was moved as a whole.
        self._moved = self.phase is not Phase.STAGING and kind_at(self._bytes, NEW) is None
        self._new = os.dup(self._displaced) if self._moved else make_folder(self._bytes, NEW, None)
        self._owner = self._owner_of_all()
        if self._owner is not None:
            os.fchown(self._new, *self._owner)
        self.writer = Writer(self._new, self._owner, step)

    def close(self) -> None:
        for fd in {self._home, self._own, self._bytes, self._new, self._displaced, self.target}:
            if fd is not None:
                os.close(fd)

    @property
    def disk(self) -> int:
        """A descriptor on the disk everything is written to."""
        return self._new

    @property
    def staged(self) -> Path:
        return self._bytes_path() / NEW

    def place(self, orders: Orders | None) -> tuple[Problem, ...]:
        """Commit, then move; see the port. Raises `Conflict` and `OSError`."""
        if self.phase is Phase.PLACED:
            return ()
        if orders is not None:
            sync_disk(self._new)
            self._step("durable")
            journal.write_orders(self._own, orders)
            self.phase = Phase.PLACING
            self._step("committed")
        orders = orders or journal.read_orders(self._own) or Orders()
        problems = self._fresh(orders) if self.job.fresh else self._into(orders)
        sync_disk(self._displaced)
        journal.write(self._own, journal.PLACED, {})
        self.phase = Phase.PLACED
        self._step("all placed")
        return (*self.writer.problems.values(), *problems)

    def displaced(self) -> tuple[Displaced, ...]:
        orders = journal.read_orders(self._own) or Orders()
        return tuple(list_displaced(self._displaced, self._bytes_path() / DISPLACED, orders.known))

    def release(self, displaced: Displaced, held: Mapping[str, str]) -> int:
        left = drop(self._displaced, displaced, held)
        self._step("released")
        return left

    def end(self) -> None:
        """Remove everything but displaced files that were not released; the journal goes last."""
        remove_all(self._bytes, NEW)
        self._step("unstaged")
        with suppress(OSError):
            for name in names_in(self._displaced):
                os.rmdir(name, dir_fd=self._displaced)
            os.rmdir(DISPLACED, dir_fd=self._bytes)
        left = kind_at(self._bytes, DISPLACED) is not None
        if self.job.elsewhere and self.target is not None and not left:
            with suppress(OSError):
                os.rmdir(self._beside_name, dir_fd=self.target)
        if not left or self.job.elsewhere:
            # Without this word a stage counts as never begun, so a kill in between leaves none that reads otherwise.
            os.unlink(journal.JOB, dir_fd=self._own)
            remove_all(self._home, journal.folder_of(self.job.id))
        self._step("ended")

    def _beside(self) -> int:
        if not self.job.elsewhere or self.target is None:
            return os.dup(self._own)
        fd = make_folder(self.target, self._beside_name, None)
        os.fchmod(fd, 0o700)
        return fd

    @property
    def _beside_name(self) -> str:
        return f"{BESIDE}{self.job.id}"

    def _bytes_path(self) -> Path:
        if self.job.elsewhere and self.target is not None:
            return self.job.folder / self._beside_name
        return self.job.root / journal.FOLDER / journal.folder_of(self.job.id)

    def _owner_of_all(self) -> tuple[int, int] | None:
        """Who everything placed belongs to; None where that is us anyway or cannot be changed."""
        if os.geteuid() != 0:
            return None
        info = self.job.root.stat() if self.target is None else os.fstat(self.target)
        return None if (info.st_uid, info.st_gid) == (0, 0) else (info.st_uid, info.st_gid)

    def _into(self, orders: Orders) -> list[Problem]:
        if self.target is None:
            return [Problem("", _GONE)]
        mover = Mover(self._new, self.target, self._displaced, self._step, self.writer.marks)
        mover.carry_out(orders)
        os.fsync(self.target)
        return mover.problems

    def _fresh(self, orders: Orders) -> list[Problem]:
        """The whole tree by one rename, its folders' stamps before."""
        root = os.open(self.job.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        name, into = self.job.folder.name, self.job.folder
        try:
            if self._moved:
                return []
            mover = Mover(self._new, self._new, self._displaced, self._step)
            mover.stamp(orders.folders)
            os.fchmod(self._new, FOLDER_MODE)
            if kind_at(root, name) is not None:
                raise FileExistsError(errno.EEXIST, "something stands there")
            os.rename(NEW, name, src_dir_fd=self._bytes, dst_dir_fd=root)
            self._step("placed")
            os.fsync(root)
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}:
                raise
            os.unlink(journal.ORDERS, dir_fd=self._own)
            self.phase = Phase.STAGING
            raise Conflict(f"{into} came to be meanwhile", hint="choose another name, or move it away") from error
        finally:
            os.close(root)
        return mover.problems


def made(job: Job, step: Callable[[str], None]) -> Ground:
    """A new stage. Raises `Conflict` where the target cannot be one, `OSError` for what the disk says."""
    if job.elsewhere:
        job.folder.mkdir(parents=True, exist_ok=True)
    target = None if job.fresh else _target(job.folder)
    home = journal.home(job.root)
    try:
        if target is not None and not job.elsewhere and _mount(target) != _mount(home):
            raise Conflict(
                f"{job.folder} is on another disk than {job.root}, so a restore cannot be moved in at once",
                hint="restore into a folder of its own with --into",
            )
        info = os.fstat(target) if target is not None else None
        written = journal.Written(job, info.st_dev if info else 0, info.st_ino if info else 0)
        own = journal.begin(home, written)
    except BaseException:
        os.close(home)
        if target is not None:
            os.close(target)
        raise
    step("begun")
    return Ground(written, home, own, target, step)


def found(root: Path) -> list[Job]:
    """The stages that are there; those that were never begun are removed."""
    if not (root / journal.FOLDER).is_dir():
        return []
    home = journal.home(root)
    jobs: list[Job] = []
    try:
        for name in sorted(names_in(home)):
            if name.startswith(journal.PREFIX):
                own = open_dir(name, home)
                written, begun = journal.read_job(own), kind_at(own, journal.JOB) is not None
                os.close(own)
                if written is not None:
                    jobs.append(written.job)
                elif begun:
                    # Of another version, or not readable now: files that are nowhere else may lie in it.
                    log.warning("%s/%s cannot be read and is left as it is", root / journal.FOLDER, name)
                else:
                    remove_all(home, name)
    finally:
        os.close(home)
    return jobs


def again(job: Job, step: Callable[[str], None]) -> Ground:
    """One of `found`, opened; its target is found by what it was, wherever it was renamed to under the root."""
    home = journal.home(job.root)
    own = open_dir(journal.folder_of(job.id), home)
    written = journal.read_job(own) or journal.Written(job)
    return Ground(written, home, own, None if job.fresh else _same_target(written), step)


def _target(folder: Path) -> int:
    try:
        return os.open(folder, _OPEN)
    except OSError as error:
        raise Conflict(
            f"{folder} is no folder that can be restored to", hint="move it away, or use --into"
        ) from error


def _same_target(written: journal.Written) -> int | None:
    job = written.job
    places = [job.folder] if job.elsewhere else [job.folder, *job.root.iterdir()]
    for place in places:
        with suppress(OSError):
            fd = os.open(place, _OPEN)
            info = os.fstat(fd)
            if (info.st_dev, info.st_ino) == (written.device, written.inode) and is_dir(info):
                return fd
            os.close(fd)
    return None


def _mount(fd: int) -> str:
    """Which mount a descriptor is on: a rename never crosses two, be they of the same disk."""
    for line in Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines():
        if line.startswith("mnt_id:"):
            return line
    return str(os.fstat(fd).st_dev)
