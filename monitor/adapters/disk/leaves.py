"""One name that is no folder: kept or left out, and with what stamps."""

from __future__ import annotations

import os
import stat

from monitor.adapters.disk.listing import Findings, access_of
from monitor.adapters.disk.opening import read_small
from monitor.domain import secrets
from monitor.domain.filters import FolderRules
from monitor.domain.tree import Entry, Excluded, Kind

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def take_leaf(fd: int, rules: FolderRules, item: os.DirEntry[str], findings: Findings) -> None:
    """Note it in `findings`; raises `OSError`, `FileNotFoundError` where it vanished."""
    name = item.name
    text = None
    if secrets.must_look(name):
        data = read_small(name, fd, secrets.LOOK_BYTES)
        text = None if data is None else data.decode("utf-8", "replace")
    verdict = rules.decide(name, False, text=text)
    path = f"{rules.path}/{name}" if rules.path else name
    info = item.stat(follow_symlinks=False)
    kind = stat.S_IFMT(info.st_mode)
    if verdict.kept:
        _keep(fd, path, name, info, findings)
    # Below a folder that is left out only its tracked files are told about.
    elif not (rules.left_out and not verdict.secret):
        regular = kind == stat.S_IFREG
        runs = verdict.runs and regular
        size = info.st_size if regular else 0
        if runs:
            findings.access.add(access_of(info))
        findings.excluded.append(
            Excluded(
                path,
                verdict.reason,
                size,
                verdict.secret,
                runs=runs,
                mtime_ns=info.st_mtime_ns,
                ctime_ns=info.st_ctime_ns if regular else 0,
            )
        )


def _keep(fd: int, path: str, name: str, info: os.stat_result, findings: Findings) -> None:
    kind, mode = stat.S_IFMT(info.st_mode), info.st_mode & 0o7777
    if kind == stat.S_IFREG:
        times = (info.st_mtime_ns, mode, "", info.st_ino, info.st_ctime_ns)
        findings.leaves.append(Entry(path, Kind.FILE, info.st_size, *times))
        findings.access.add(access_of(info))
    elif kind == stat.S_IFLNK:
        target = os.readlink(name, dir_fd=fd)
        findings.leaves.append(Entry(path, Kind.SYMLINK, 0, info.st_mtime_ns, mode, target=target, inode=info.st_ino))
    else:
        findings.excluded.append(Excluded(path, f"{_SPECIAL.get(kind, 'no file')}: it has no content to keep"))
