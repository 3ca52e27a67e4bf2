"""A bare clone's objects through GitPython: contents read, contents and trees written. Blocking.

Only objects are touched this way, by name; GitPython's own configuration, index and commands are not used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.domain.git.leaf import Leaf, Leaves
from monitor.domain.git.names import Author
from monitor.domain.moments import NS
from monitor.domain.restoring.standing import ancestors
from monitor.errors import NotFound, SlipwayError
from monitor.ports.git import TooLarge

if TYPE_CHECKING:
    from git import Repo

FOLDER = 0o40000
MAX_DEPTH = 1000
MAX_ENTRIES, MAX_TREE = 250_000, 8 * 1024 * 1024
MAX_LETTERS = 64 * 1024 * 1024
"""A few trees that hold each other many times over are billions of paths in a kilobyte; a folder's long name is in
every path below it."""
STORED = "slipway-blobs"
"""Beside the objects: a line for each content we stored, its SHA-256 and its blob."""


class Objects:
    """One clone's objects, for one worker at a time."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def size(self, blob: str) -> int:
        """See `Blobs`."""
        from gitdb.exc import BadObject, ODBError

        try:
            return int(self._repo.odb.info(bytes.fromhex(blob)).size)
        except (BadObject, ODBError, ValueError, KeyError) as error:
            raise NotFound(f"our clone has no blob {blob[:12]}", hint="pull again") from error

    def read(self, blob: str) -> bytes:
        """See `Blobs`."""
        return self._raw(blob, b"blob")

    def leaves(self, commit: str) -> dict[str, Leaf]:
        """Every path of a commit, its names as `os.fsdecode` gives them."""
        tree = self._raw(commit, b"commit").split(b"\n", 1)[0].removeprefix(b"tree ").decode("ascii", "replace")
        found: dict[str, Leaf] = {}
        folders = letters = 0
        waiting = [("", tree, 0)]
        while waiting:
            start, name, depth = waiting.pop()
            folders += 1
            if folders + len(found) + len(waiting) > MAX_ENTRIES:
                raise _too_large()
            for mode, segment, child in _entries(self._raw(name, b"tree")):
                letters += len(start) + len(segment)
                if letters > MAX_LETTERS:
                    raise _too_large()
                path = start + os.fsdecode(segment)
                if mode == FOLDER and depth < MAX_DEPTH:
                    waiting.append((f"{path}/", child, depth + 1))
                else:
                    found[path] = Leaf(mode, child)
        return found

    def put(self, data: bytes, kind: bytes = b"blob") -> str:
        """Store an object; its name."""
        from gitdb import IStream

        stored = self._repo.odb.store(IStream(kind, len(data), BytesIO(data)))
        return str(stored.hexsha.decode())

    def put_tree(self, leaves: Leaves) -> str:
        """The tree of exactly these leaves."""
        folders: dict[str, dict[str, tuple[int, str]]] = {"": {}}
        for path, leaf in leaves.items():
            for folder in ancestors(path):
                folders.setdefault(folder, {})
            folder, _, name = path.rpartition("/")
            folders[folder][name] = (leaf.mode, leaf.id)
        # The deepest first, the top last.
        for folder in sorted(folders, key=lambda path: -path.count("/") if path else 1):
            name = self.put(_tree_bytes(folders[folder]), b"tree")
            above, _, own = folder.rpartition("/")
            if not folder:
                return name
            folders[above][own] = (FOLDER, name)
        raise AssertionError("the top comes last")

    def put_commit(self, tree: str, parent: str | None, message: str, author: Author, at_ns: int) -> str:
        """A commit, its author and committer the same."""
        when = f"{author.text} {at_ns // NS} +0000"
        above = [f"parent {parent}"] if parent else []
        lines = [f"tree {tree}", *above, f"author {when}", f"committer {when}", "", message]
        return self.put("\n".join(lines).encode("utf-8", "replace"), b"commit")

    def tree_of(self, commit: str) -> str:
        return self._raw(commit, b"commit").split(b"\n", 1)[0].removeprefix(b"tree ").decode()

    def _raw(self, name: str, kind: bytes) -> bytes:
        from gitdb.exc import BadObject, ODBError

        if kind != b"blob" and self.size(name) > MAX_TREE:
            raise _too_large()
        try:
            found = self._repo.odb.stream(bytes.fromhex(name))
            data = bytes(found.read())
        except (BadObject, ODBError, ValueError, KeyError) as error:
            raise NotFound(f"our clone has no {kind.decode()} {name[:12]}", hint="pull again") from error
        if found.type != kind:
            raise SlipwayError(f"{name[:12]} in our clone is no {kind.decode()}")
        return data


@contextmanager
def opened(clone: Path, environment: Mapping[str, str]) -> Iterator[Objects]:
    """The objects of a bare clone, let go of at the end; `environment` is laid over the monitor's own for the one
    `git cat-file` it reads by. Raises `NotFound` where it is none."""
    # Asked at import, which would fail where git is not there and looks for it by running it.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git import Repo
    from git.exc import InvalidGitRepositoryError, NoSuchPathError

    try:
        repo = Repo(clone, search_parent_directories=False, expand_vars=False)
    except (InvalidGitRepositoryError, NoSuchPathError) as error:
        raise NotFound(f"{clone} is no clone of ours", hint="pull again; it is made anew") from error
    fixed = {"GIT_DIR": clone, "GIT_OBJECT_DIRECTORY": clone / "objects", "GIT_ALTERNATE_OBJECT_DIRECTORIES": ""}
    repo.git.update_environment(**environment, **{name: str(value) for name, value in fixed.items()})
    try:
        yield Objects(repo)
    finally:
        repo.close()


def stored(clone: Path) -> dict[str, str]:
    """See `Git.stored`."""
    try:
        lines = (clone / STORED).read_text().splitlines()
    except OSError:
        return {}
    # A line a kill cut off is no pair of whole names.
    pairs = (line.split(" ") for line in lines if len(line) == 64 + 1 + 40)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def note_stored(clone: Path, blobs: Mapping[str, str]) -> None:
    with (clone / STORED).open("a") as file:
        file.writelines(f"\n{sha256} {blob}" for sha256, blob in blobs.items())


def _too_large() -> TooLarge:
    return TooLarge(
        f"the remote repository has more than {MAX_ENTRIES:,} files and folders, or endless names",
        hint="copy the part you need into the workspaces folder",
    )


def _entries(data: bytes) -> Iterator[tuple[int, bytes, str]]:
    """A tree's own format: `mode name NUL id`, one after the other."""
    at = 0
    while at < len(data):
        space, end = data.find(b" ", at), data.find(b"\0", at)
        if space < 0 or end < space or len(data) < end + 21:
            raise SlipwayError("a tree of the remote repository is damaged", hint="`git fsck` there says more")
        try:
            mode = int(data[at:space], 8)
        except ValueError:
            raise SlipwayError("a tree of the remote repository has no modes") from None
        yield mode, data[space + 1 : end], data[end + 1 : end + 21].hex()
        at = end + 21


def _tree_bytes(entries: Mapping[str, tuple[int, str]]) -> bytes:
    """Sorted as git sorts: a folder as if its name ended in a slash."""
    named = [(os.fsencode(name), mode, child) for name, (mode, child) in entries.items()]
    named.sort(key=lambda one: one[0] + b"/" if one[1] == FOLDER else one[0])
    return b"".join(b"%o %s\0%s" % (mode, name, bytes.fromhex(child)) for name, mode, child in named)
