"""What the instances' account may reach, and readable copies of what it may not.

A monitor that runs as root often lives in `/root`, where nobody else may look: its own interpreter, a Node
from a version manager. Such a tree is linked (same filesystem) or copied to a folder that can be reached.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path


def passable(path: Path, uid: int, gid: int) -> bool:
    """Whether that account can pass through `path` and every folder above it (modes alone; no ACLs)."""
    try:
        real = path.resolve(strict=True)
        return all(_allows(folder.stat(), uid, gid, 0o1) for folder in (real, *real.parents))
    except OSError:
        return False


def reachable(path: Path, uid: int, gid: int) -> bool:
    """Whether that account can read (a folder: list and enter) what `path` leads to."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat()
    except OSError:
        return False
    wanted = 0o5 if stat.S_ISDIR(mode.st_mode) else 0o4
    return passable(real.parent, uid, gid) and _allows(mode, uid, gid, wanted)


def copy_tree(source: Path, into: Path, skip: Iterable[str] = ()) -> None:
    """Make `into` a readable copy of `source`, files linked where that is possible and safe.

    `skip` are folder names left out everywhere. Written beside and renamed, so a half copy is never used.
    """
    temporary = into.with_name(f".{into.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(
        source,
        temporary,
        symlinks=True,
        copy_function=_link,
        ignore=shutil.ignore_patterns(*skip),
        dirs_exist_ok=True,
    )
    for folder, _, _ in os.walk(temporary):
        Path(folder).chmod(0o755)
    shutil.rmtree(into, ignore_errors=True)
    temporary.rename(into)


def _link(source: str, target: str) -> None:
    """A second name where everybody may read the file, else a copy that everybody may."""
    mode = Path(source).stat().st_mode
    if mode & 0o004:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            shutil.copy2(source, target)
        return
    shutil.copy2(source, target)
    Path(target).chmod(0o755 if mode & 0o100 else 0o644)


def _allows(status: os.stat_result, uid: int, gid: int, wanted: int) -> bool:
    """The kernel's own order: the owner's bits decide for the owner, then the group's, then everybody's."""
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    return (status.st_mode >> shift) & wanted == wanted
