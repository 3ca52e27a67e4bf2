"""Where everything of an instance is on disk, and that nothing of it is left when it goes.

Below a base folder every account of this machine may pass through (the data folder where that is so, else
`/var/lib/slipway/<install id>`; decided once and written down):

    process/<workspace>/<generation>/   records, log, control/, tmp/
    process/<workspace>/apps/<key>-<n>/ app folders: dependencies are installed in place, where they will run
    process/<workspace>/cache/          download caches
    volumes/<workspace>/                the data volume
    shipped/, tools/                    readable copies of our own programs and interpreters

An app folder is taken by one instance at a time: a virtual environment cannot be moved.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monitor.adapters.process_engine import readable, records
from monitor.errors import Refused

OPEN = 0o711
RUN = "run-"
"""Begins the names of the folders of commands."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who instances run as: None for both means whoever the monitor is."""

    uid: int | None
    gid: int | None

    def give(self, path: Path) -> None:
        """Hand a folder (not what is in it) to the instances' account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


class Places:
    """The folders of one install, made on demand; every method that makes something is blocking."""

    def __init__(self, data: Path, install_id: str, owner: Owner, base: Path | None = None) -> None:
        self.owner = owner
        self.base = _base(data, install_id, owner, base)
        self.process = self.base / "process"
        self.volumes = self.base / "volumes"
        self.shipped = self.base / "shipped"
        self.tools = self.base / "tools"
        for folder in (self.process, self.volumes, self.shipped, self.tools):
            make(folder)

    def workspace(self, name: str) -> Path:
        """The folder of all a workspace has but its data volume. Raises `Refused` for what is no name."""
        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} is not a workspace name")
        return self.process / name

    def generation(self, name: str, generation: int) -> Path:
        return self.workspace(name) / str(generation)

    def apps(self, name: str) -> Path:
        return self.workspace(name) / "apps"

    def volume(self, name: str) -> Path:
        self.workspace(name)
        return self.volumes / name

    def make_generation(self, name: str, generation: int) -> Path:
        """An empty generation folder with its control and tmp folders."""
        folder = self.generation(name, generation)
        remove(folder)
        for path in (self.workspace(name), folder, folder / "control"):
            make(path)
        (folder / "control").chmod(0o755)
        self.make_own(folder / "tmp")
        self.make_own(folder / "tmp" / "home")
        return folder

    def make_own(self, path: Path) -> Path:
        """A folder that belongs to the instances' account (existing ones are left as they are)."""
        if not path.is_dir():
            make(path.parent)
            path.mkdir(mode=0o700)
            self.owner.give(path)
        return path

    def remove_generation(self, name: str, generation: int) -> None:
        """Remove what one instance had; its app folder stays for the next one."""
        remove(self.generation(name, generation))


def make(path: Path) -> None:
    """A folder everybody may pass through and only we may list (an existing one is left as it is)."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(OPEN)


def remove(path: Path) -> None:
    """Remove a tree whatever modes its owner gave it; never follows a link; what is gone is no error."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.is_dir():
        shutil.rmtree(path, onerror=partial(_again, path))


def _again(top: Path, function: Callable[..., object], path: str, _error: object) -> None:
    """Once more: with rights inside the tree, where a folder without hid what is in it; and of a folder that is not
    empty all of it, as what is just ending may have written there meanwhile."""
    target = Path(path)
    for folder in (target.parent, target):
        if folder.is_relative_to(top) and not folder.is_symlink() and folder.is_dir():
            folder.chmod(0o700)
    if function is os.unlink:
        target.unlink(missing_ok=True)
    elif target.is_dir() and not target.is_symlink():
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)


def _base(data: Path, install_id: str, owner: Owner, chosen: Path | None) -> Path:
    """The base folder, as decided on the first start: moving it later would lose running instances."""
    note = data / "process" / "base"
    with contextlib.suppress(OSError):
        return Path(os.fsdecode(note.read_bytes()))
    data.mkdir(parents=True, exist_ok=True)
    fits = owner.uid is None or owner.gid is None or readable.passable(data, owner.uid, owner.gid)
    base = chosen or (data if fits else Path("/var/lib/slipway") / install_id)
    make(base)
    make(note.parent)
    records.replace(note, os.fsencode(base))
    return base
