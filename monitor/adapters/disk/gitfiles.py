"""What a repository's own files say, read without git: its index, its private ignore list, and its head."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd, open_dir, parent_of, read_small
from monitor.domain.githead import head_of, packed_commit
from monitor.domain.gitindex import BadIndex, Tracked, shared_index_name, tracked_paths
from monitor.domain.history.revision import GitHead

_MAX_INDEX = 256 * 1024 * 1024
_MAX_EXCLUDE = 1024 * 1024
_MAX_REF, _MAX_PACKED = 4096, 16 * 1024 * 1024


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


def git_head(folder: Path) -> GitHead | None:
    """The commit `.git/HEAD` leads to; None where there is none, or `.git` is no folder. Raises `FolderGone`."""
    with folder_fd(folder) as top:
        try:
            git = open_dir(".git", top)
        except OSError:
            return None
        try:
            return _head(git)
        except OSError:
            return None
        finally:
            os.close(git)


def _head(git: int) -> GitHead | None:
    head, branch = head_of(read_small("HEAD", git, _MAX_REF) or b"")
    if branch is None:
        return GitHead(head) if head else None
    commit = None
    with suppress(OSError), parent_of(git, branch) as (parent, name):
        commit, _ = head_of(read_small(name, parent, _MAX_REF) or b"")
    commit = commit or packed_commit(read_small("packed-refs", git, _MAX_PACKED) or b"", branch)
    return GitHead(commit, branch) if commit else None


def git_stamps(fd: int) -> tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]:
    """What is another one once the index, or the private ignore list, of the repository in this folder changed."""
    return _stamp(fd, "index"), _stamp(fd, "info/exclude")


def _stamp(fd: int, path: str) -> tuple[int, int, int] | None:
    try:
        with parent_of(fd, f".git/{path}") as (parent, name):
            info = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError:
        return None
    return (info.st_mtime_ns, info.st_size, info.st_ino)
