"""How much a bare clone holds on disk, and removing what a fetch that was ended left in it. Blocking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BEGUN = ("tmp_pack_", "tmp_idx_", "tmp_rev_", "tmp_obj_")


def weighed(clone: Path, tidy: bool = False) -> int:
    """The bytes of all objects, whole or begun; `tidy`: begun ones are removed first, as nothing fetches now."""
    size = 0
    for item in _files(clone / "objects"):
        with suppress(OSError):
            if tidy and item.name.startswith(_BEGUN):
                Path(item.path).unlink()
            else:
                size += item.stat(follow_symlinks=False).st_size
    return size


def _files(objects: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(objects) as found:
        folders = [item.path for item in found if item.is_dir(follow_symlinks=False)]
        for folder in folders:
            with suppress(FileNotFoundError), os.scandir(folder) as inside:
                yield from (item for item in inside if item.is_file(follow_symlinks=False))
