"""What a repository's own files say about its tree, read without git: its index and its private ignore list."""

from __future__ import annotations

import os

from monitor.adapters.disk.opening import open_dir, read_small
from monitor.domain.gitindex import BadIndex, Tracked, shared_index_name, tracked_paths

_MAX_INDEX = 256 * 1024 * 1024
_MAX_EXCLUDE = 1024 * 1024


def tracked_below(fd: int, path: str, problems: list[str]) -> Tracked:
    """What git tracks in the repository at the open folder `fd`, which is `path` in its workspace."""
    try:
        git = open_dir(".git", fd)
    except OSError:
        return Tracked()
    try:
        data = read_small("index", git, _MAX_INDEX)
        if data is None:
            return Tracked()
        paths = tracked_paths(data)
        shared = shared_index_name(data)
        base = read_small(shared, git, _MAX_INDEX) if shared else None
        return Tracked.of([*paths, *(tracked_paths(base) if base else ())], path)
    except BadIndex as error:
        problems.append(f"{path or 'this folder'}: git's index cannot be read ({error}); ignored files are left out")
        return Tracked()
    finally:
        os.close(git)


def exclude_file(fd: int) -> bytes:
    """`.git/info/exclude` of the repository at the open folder `fd`; empty if there is none."""
    opened: list[int] = []
    try:
        opened.append(open_dir(".git", fd))
        opened.append(open_dir("info", opened[0]))
        return read_small("exclude", opened[1], _MAX_EXCLUDE) or b""
    except OSError:
        return b""
    finally:
        for each in opened:
            os.close(each)
