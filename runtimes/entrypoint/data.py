"""What must survive the instance: paths of the app that really live in the data folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat

from copying import copy_entry
from listing import is_inside
from places import Failed, Places, say


def link(places: Places) -> None:
    """Make each data path a link into the data folder, seeded once from the app or the source.

    Raises `Failed` for a path that is none, or a data folder that cannot be written.
    """
    for path in places.data_paths:
        if not is_inside(path.rstrip("/")):
            raise Failed(f"data path {path!r} is not a path inside the workspace", 2)
        try:
            _link(places, path)
        except OSError as error:
            raise Failed(f"cannot keep {path!r} in the data folder: {error.strerror} ({error.filename})") from error


def _link(places: Places, path: str) -> None:
    name = path.rstrip("/")
    here, kept = os.path.join(places.app, name), os.path.join(places.data, name)
    if not os.path.lexists(kept):
        _seed(places, path, kept)
    if os.path.islink(here) and os.readlink(here) == kept:
        return
    os.makedirs(os.path.dirname(here), exist_ok=True)
    if os.path.lexists(here):
        aside = f"{here}.replaced-by-data"
        say(f"{name} was in the app folder as well as in the data folder: the former is now {aside}")
        os.rename(here, aside)
    os.symlink(kept, here)


def _seed(places: Places, path: str, kept: str) -> None:
    """First time: what the source has, or an empty folder; a file the source lacks is the app's to make."""
    name = path.rstrip("/")
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    source = os.path.join(places.source, name)
    if os.path.realpath(source) == os.path.join(os.path.realpath(places.source), name) and os.path.exists(source):
        part = f"{kept}.slipway-part"
        shutil.rmtree(part, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(part)
        _copy_tree(source, part)
        os.rename(part, kept)
    elif path.endswith("/") or "." not in os.path.basename(name).lstrip("."):
        os.mkdir(kept)


def _copy_tree(source: str, target: str) -> None:
    info = os.lstat(source)
    copy_entry(source, target, info)
    if stat.S_ISDIR(info.st_mode):
        for name in os.listdir(source):
            _copy_tree(os.path.join(source, name), os.path.join(target, name))
