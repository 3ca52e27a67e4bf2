"""A folder as a filtered tree: one pass, excluded folders not entered."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from monitor.adapters.disk.gitfiles import exclude_file, tracked_below
from monitor.adapters.disk.opening import folder_fd, open_dir, read_small, why
from monitor.domain import generated, secrets
from monitor.domain.filters import IGNORE_FILE, FolderRules, Overrides, Surroundings, Verdict, top_folder
from monitor.domain.tree import Entry, Excluded, Kind, Tree
from monitor.ports.files import Size

MAX_DEPTH = 200
_MAX_IGNORE = 1024 * 1024
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


class Walk:
    """One walk's findings; `run` fills them from an open folder."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.excluded: list[Excluded] = []
        self.problems: list[str] = []
        self.unread: list[str] = []

    def run(self, fd: int, rules: FolderRules, found: list[os.DirEntry[str]], depth: int) -> bool:
        """True if anything below was kept (or could not be seen)."""
        kept = False
        for item in found:
            try:
                kept |= self._one(fd, rules, item, depth)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._cannot(_below(rules.path, item.name), why(error))
                kept = True
        return kept

    def _one(self, fd: int, rules: FolderRules, item: os.DirEntry[str], depth: int) -> bool:
        name = item.name
        if item.is_dir(follow_symlinks=False):
            return self._folder(fd, rules, name, depth)
        text = None
        if secrets.must_look(name):
            data = read_small(name, fd, secrets.LOOK_BYTES)
            text = None if data is None else data.decode("utf-8", "replace")
        verdict = rules.decide(name, False, text=text)
        path = _below(rules.path, name)
        info = item.stat(follow_symlinks=False)
        kind = stat.S_IFMT(info.st_mode)
        if not verdict.kept:
            # Below a folder that is left out only its tracked files are told about.
            if not (rules.left_out and not verdict.secret):
                regular = kind == stat.S_IFREG
                runs = verdict.runs and regular
                size = info.st_size if regular else 0
                self.excluded.append(
                    Excluded(path, verdict.reason, size, verdict.secret, runs=runs, mtime_ns=info.st_mtime_ns)
                )
            return False
        return self._keep(fd, path, name, info, kind)

    def _keep(self, fd: int, path: str, name: str, info: os.stat_result, kind: int) -> bool:
        mode = info.st_mode & 0o7777
        if kind == stat.S_IFREG:
            self.entries[path] = Entry(path, Kind.FILE, info.st_size, info.st_mtime_ns, mode, inode=info.st_ino)
        elif kind == stat.S_IFLNK:
            target = os.readlink(name, dir_fd=fd)
            self.entries[path] = Entry(
                path, Kind.SYMLINK, 0, info.st_mtime_ns, mode, target=target, inode=info.st_ino
            )
        else:
            self.excluded.append(Excluded(path, f"{_SPECIAL.get(kind, 'no file')}: it has no content to keep"))
            return False
        return True

    def _folder(self, fd: int, rules: FolderRules, name: str, depth: int) -> bool:
        path = _below(rules.path, name)
        verdict = rules.decide(name, True)
        if not verdict.enter:
            if not rules.left_out:
                self.excluded.append(Excluded(path, verdict.reason, secret=verdict.secret, pruned=True))
            return False
        if depth >= MAX_DEPTH:
            self._cannot(path, f"nested deeper than {MAX_DEPTH} folders")
            return True
        below = open_dir(name, fd)
        try:
            return self._inside(below, rules, name, verdict, depth)
        finally:
            os.close(below)

    def _inside(self, fd: int, rules: FolderRules, name: str, verdict: Verdict, depth: int) -> bool:
        path = _below(rules.path, name)
        found = _listed(fd)
        names = {item.name for item in found}
        environment = generated.virtual_environment(names)
        if environment and verdict.kept and not rules.included and path not in rules.tracked.folders:
            self.excluded.append(Excluded(path, environment, pruned=True))
            return False
        if not verdict.kept:
            self.excluded.append(Excluded(path, verdict.reason))
        inner = rules.into(name, verdict, surroundings(fd, names))
        if ".git" in names:
            inner = inner.tracking(tracked_below(fd, path, self.problems))
        if self.run(fd, inner, found, depth + 1):
            return True
        if verdict.kept:
            info = os.fstat(fd)
            self.entries[path] = Entry(path, Kind.DIR, 0, info.st_mtime_ns, info.st_mode & 0o7777, inode=info.st_ino)
        return verdict.kept

    def _cannot(self, path: str, reason: str) -> None:
        self.problems.append(f"{path}: {reason}")
        self.unread.append(path)


def walk(folder: Path, overrides: Overrides | None = None) -> Tree:
    """The filtered tree of `folder`; raises `FolderGone`."""
    findings = Walk()
    with folder_fd(folder) as fd:
        found = _listed(fd)
        rules = top_rules(fd, {item.name for item in found}, overrides, findings.problems)
        findings.run(fd, rules, found, 0)
    return Tree(findings.entries, tuple(findings.excluded), tuple(findings.problems), tuple(findings.unread))


def explain(folder: Path, path: str, overrides: Overrides | None = None) -> Verdict:
    """The verdict about one path, stepping down as the walk would; raises `FolderGone`."""
    *above, last = path.strip("/").split("/")
    with folder_fd(folder) as top:
        fd = os.dup(top)
        try:
            rules = top_rules(fd, _names(fd), overrides, [])
            for name in above:
                verdict = rules.decide(name, True)
                if not verdict.enter:
                    return Verdict(False, verdict.reason, secret=verdict.secret)
                below = open_dir(name, fd)
                os.close(fd)
                fd = below
                rules = rules.into(name, verdict, surroundings(fd, _names(fd)))
            return _last(fd, rules, last)
        except OSError as error:
            return Verdict(False, f"not there: {why(error)}")
        finally:
            os.close(fd)


def _last(fd: int, rules: FolderRules, name: str) -> Verdict:
    is_dir = stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    data = read_small(name, fd, secrets.LOOK_BYTES) if secrets.must_look(name) else None
    return rules.decide(name, is_dir, text=None if data is None else data.decode("utf-8", "replace"))


def size_of(folder: Path) -> Size:
    """Everything below `folder` counted, no filter; raises `FolderGone`."""
    with folder_fd(folder) as fd:
        files, total, newest = _measure(fd, 0)
        return Size(files, total, max(newest, os.fstat(fd).st_ctime_ns))


def _measure(fd: int, depth: int) -> tuple[int, int, int]:
    files = total = newest = 0
    for item in _listed(fd):
        with suppress(OSError):
            info = item.stat(follow_symlinks=False)
            newest = max(newest, info.st_ctime_ns)
            if not stat.S_ISDIR(info.st_mode):
                files, total = files + 1, total + info.st_size
            elif depth < MAX_DEPTH:
                below = open_dir(item.name, fd)
                try:
                    inner = _measure(below, depth + 1)
                finally:
                    os.close(below)
                files, total, newest = files + inner[0], total + inner[1], max(newest, inner[2])
    return files, total, newest


def top_rules(fd: int, names: set[str], overrides: Overrides | None, problems: list[str]) -> FolderRules:
    """The filter as seen from a workspace's open top folder."""
    has_git = ".git" in names
    return top_folder(
        surroundings(fd, names),
        tracked=tracked_below(fd, "", problems) if has_git else None,
        overrides=overrides,
        exclude_file=exclude_file(fd) if has_git else b"",
    )


def surroundings(fd: int, names: set[str]) -> Surroundings:
    """What the open folder shows of itself to the filter."""
    ignore = read_small(IGNORE_FILE, fd, _MAX_IGNORE) if IGNORE_FILE in names else None
    outputs: frozenset[str] = frozenset()
    if "package.json" in names and not names.isdisjoint(generated.OUTPUT_FOLDERS):
        manifest = read_small("package.json", fd, _MAX_IGNORE)
        outputs = generated.build_outputs((manifest or b"").decode("utf-8", "replace"))
    return Surroundings(names, ignore or b"", outputs)


def _listed(fd: int) -> list[os.DirEntry[str]]:
    with os.scandir(fd) as found:
        return list(found)


def _names(fd: int) -> set[str]:
    return {item.name for item in _listed(fd)}


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
