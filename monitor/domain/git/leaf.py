"""One path of a commit's tree, and whether it may become a file of a workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.domain.generated import VERSION_CONTROL

FILE, PROGRAM, LINK, MODULE = 0o100644, 0o100755, 0o120000, 0o160000
MAX_DEPTH, MAX_NAME = 200, 255
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
MAX_POINTER = 1024

_GIT_ALIASES = frozenset({".git", "git~1"})
_INVISIBLE = frozenset(
    "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a commit has at a path: git's mode, and the name of the blob (or, of a submodule, the commit)."""

    mode: int
    id: str

    @property
    def is_link(self) -> bool:
        return self.mode == LINK

    @property
    def is_file(self) -> bool:
        return self.mode >> 12 == 0o10

    @property
    def permissions(self) -> int:
        """The mode a file gets on disk."""
        return 0o755 if self.mode & 0o100 else 0o644


Leaves = Mapping[str, Leaf]


def refusal(path: str, leaf: Leaf) -> str:
    """Why this path is never made into a file; empty where it may be. A link's target is asked of `bad_target`."""
    if leaf.mode == MODULE:
        return "a submodule, which is not fetched"
    if not leaf.is_file and not leaf.is_link:
        return "neither a file nor a link"
    segments = path.split("/")
    if len(segments) > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} folders"
    return next((why for segment in segments if (why := _bad_segment(segment))), "")


def bad_target(path: str, target: str) -> str:
    """Why a link at `path` must not lead to `target`: it would lead out of the workspace. Empty where it may."""
    if not target or "\0" in target:
        return "a link without a target"
    if target.startswith("/"):
        return "a link to an absolute path"
    depth, inside = path.count("/"), False
    for segment in target.split("/"):
        if segment == "..":
            # Behind a name that may be a link itself, it leads nobody knows where.
            depth -= 1
            if depth < 0 or inside:
                return "a link out of the workspace"
        elif segment not in {"", "."}:
            inside = True
            if _is_control(segment):
                return "a link into version control's own data"
    return ""


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file only says where Git LFS has its bytes."""
    return len(data) <= MAX_POINTER and data.startswith(LFS_POINTER)


def below(leaves: Leaves, folder: str) -> dict[str, Leaf]:
    """The part in `folder`, its paths relative to it; everything for an empty `folder`."""
    if not folder:
        return dict(leaves)
    start = f"{folder}/"
    return {path[len(start) :]: leaf for path, leaf in leaves.items() if path.startswith(start)}


def _bad_segment(name: str) -> str:
    if name in {"", ".", ".."} or "\0" in name or "/" in name:
        return "no path a file can have"
    if _is_control(name):
        return "version control's own data is never placed"
    return f"a name longer than {MAX_NAME} bytes" if len(os.fsencode(name)) > MAX_NAME else ""


def _is_control(name: str) -> bool:
    """Also in the spellings other file systems take for `.git`."""
    plain = "".join(sign for sign in name if sign not in _INVISIBLE).lower().rstrip(". ")
    return plain in VERSION_CONTROL or plain in _GIT_ALIASES
