"""What somebody wants restored, and where to: checked before anything is read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.history.entry import Entry
from monitor.domain.restoring.plan import Mode, shown
from monitor.domain.workspace import NAME, RESERVED, assign_names, name_of
from monitor.errors import Conflict, NotFound, UsageError
from monitor.ports.files import Files
from monitor.services.restore.choosing import Chosen


@dataclass(frozen=True, slots=True)
class Wish:
    """`path`: only what was at or below it. At most one of `into` (a folder that is no workspace) and `as_name` (a
    workspace that is not there yet); without either the workspace itself is put back, or made again if it is gone."""

    chosen: Chosen
    mode: Mode = Mode.MIRROR
    path: str = ""
    into: Path | None = None
    as_name: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """`workspace` is empty where the folder is none; `fresh`: it comes to be by this restore."""

    folder: Path
    workspace: str = ""
    fresh: bool = False

    @property
    def elsewhere(self) -> bool:
        return not self.workspace

    @property
    def turn(self) -> str:
        """Whose turn a restore takes: two never work on one folder."""
        return self.workspace or str(self.folder)


async def target_of(wish: Wish, root: Path, files: Files) -> Target:
    """Where it goes. Raises `UsageError` and `Conflict` for where it cannot, `RootTrouble` without a root."""
    if wish.into is not None and wish.as_name is not None:
        raise UsageError("a restore goes into a folder or becomes a new workspace, not both", hint="leave one out")
    if wish.into is not None:
        return Target(_outside(wish, root))
    folders, _ = assign_names((await files.scan_root(root)).folders)
    name = wish.chosen.workspace if wish.as_name is None else wish.as_name
    if not NAME.match(name) or name in RESERVED:
        raise UsageError(
            f"{name[:60]!r} cannot be a workspace's name", hint="use up to 40 of a-z, 0-9 and -, as in `my-shop-2`"
        )
    found = folders.get(name)
    if wish.as_name is not None and (found is not None or (root / name).exists()):
        raise Conflict(f"there is a workspace {name} already", hint="choose another name")
    if found is not None:
        return Target(root / found.folder, name)
    if _taken(root / name):
        raise Conflict(f"{root / name} stands where the workspace would be made", hint="move it away")
    return Target(root / name, name, fresh=True)


def checked_path(path: str, wanted: Mapping[str, Entry], chosen: Chosen) -> str:
    """The path as entries spell it; raises `UsageError`, and `NotFound` where there was nothing at it then."""
    plain = plain_path(path)
    if plain and not any(one == plain or one.startswith(f"{plain}/") for one in wanted):
        raise NotFound(
            f"revision {chosen.seq} of {chosen.workspace} holds no {shown(plain)}",
            hint="`slipway history NAME PATH` shows when it was there",
        )
    return plain


def plain_path(path: str) -> str:
    """The path without what says nothing (`./`, doubled slashes); raises `UsageError` for one that leads out."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise UsageError(f"{shown(path)} is not a path inside the workspace", hint="give it relative to its folder")
    return "/".join(parts)


def _outside(wish: Wish, root: Path) -> Path:
    assert wish.into is not None
    folder, inside = wish.into.absolute(), root.resolve()
    real = folder.resolve()
    if real == inside or inside in real.parents or real in inside.parents:
        raise UsageError(
            f"{folder} and the workspaces folder lie in one another", hint="use --as for a new workspace"
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Conflict(f"{folder} is no folder", hint="name a folder, or one that is not there yet")
    if wish.mode is Mode.MIRROR and folder.is_dir() and any(folder.iterdir()):
        raise Conflict(
            f"{folder} is not empty", hint="name an empty folder, or use --mode merge, which deletes nothing there"
        )
    return folder


def _taken(folder: Path) -> bool:
    return folder.is_symlink() or folder.exists() or name_of(folder.name) != folder.name
