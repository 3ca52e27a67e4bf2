"""What of an archive or an uploaded folder may be written: every path is looked at before a byte of it is.

An archive is a stranger's word. It becomes plain files and folders below one fresh folder, or it is refused as a
whole with the reason: no link, device or path that leads elsewhere, nothing twice, no two names that are one on a
disk that ignores case, never more than the limits.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.sizes import MIB
from monitor.errors import Refused

_ODD = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"^[A-Za-z]:")


class Unsafe(Refused):
    """What was sent is not taken; sending the same again will not help."""

    reason = "unsafe-archive"
    status = 422


class What(StrEnum):
    """What an entry says it is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken: entries, bytes in all, bytes of one path; `sent` is the archive's own size.

    `ratio`: how many times larger than sent it may become, asked only beyond `free` bytes.
    """

    entries: int = 20_000
    bytes: int = 1024 * MIB
    sent: int = 512 * MIB
    path: int = 1024
    segment: int = 255
    depth: int = 40
    ratio: int = 200
    free: int = 32 * MIB


LIMITS = Limits()


class Intake:
    """Takes entries one by one; `take` answers with the path below the fresh folder, or None for what is left out.

    Raises `Unsafe` with the reason.
    """

    def __init__(self, limits: Limits = LIMITS, sent: int = 0) -> None:
        self.limits, self._sent = limits, sent
        self.files = self.bytes = self._entries = 0
        self._seen: dict[str, tuple[str, bool]] = {}
        self._files: set[str] = set()

    def take(self, name: str, what: What, size: int = 0) -> str | None:
        """One entry as the archive names it; `size` is what it says, and is only believed when it is too much."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise Unsafe(
                f"it holds more than {self.limits.entries:,} files and folders",
                hint="leave out what is installed anew (node_modules, .venv), or copy the folder into workspaces/",
            )
        path = checked_path(name, self.limits)
        if what in {What.LINK, What.DEVICE}:
            raise Unsafe(
                f"{shown(name)} is a {what}, which is not taken from an archive", hint="pack plain files only"
            )
        if not path or is_junk(path):
            return None
        self._place(path, what is What.FOLDER)
        if self.bytes + size > self.limits.bytes:
            self._too_much()
        self.files += what is What.FILE
        return path

    def grew(self, size: int) -> None:
        """So many more bytes have come out of it. Raises `Unsafe`."""
        self.bytes += size
        if self.bytes > self.limits.bytes:
            self._too_much()
        if self._sent and self.bytes > max(self.limits.free, self.limits.ratio * self._sent):
            raise Unsafe(
                f"it becomes more than {self.limits.ratio} times larger than it is packed, as no project does",
                hint="if it is meant, unpack it yourself and copy the folder into workspaces/",
            )

    def _too_much(self) -> None:
        raise Unsafe(
            f"unpacked it is larger than {self.limits.bytes // MIB:,} MiB", hint="copy the folder into workspaces/"
        )

    def _place(self, path: str, folder: bool) -> None:
        parts = path.split("/")
        for end in range(1, len(parts)):
            self._one("/".join(parts[:end]), folder=True, again=True)
        self._one(path, folder, again=folder)

    def _one(self, path: str, folder: bool, again: bool) -> None:
        key = unicodedata.normalize("NFC", path).casefold()
        before, was_folder = self._seen.setdefault(key, (path, folder))
        if before != path:
            raise Unsafe(
                f"{shown(path)} and {shown(before)} are one name on many disks",
                hint="rename one of them and pack again",
            )
        if was_folder != folder:
            raise Unsafe(f"{shown(path)} is a file and a folder at once", hint="pack it again")
        if not again and path in self._files:
            raise Unsafe(f"{shown(path)} is in it twice", hint="pack it again")
        if not folder:
            self._files.add(path)


def checked_path(name: str, limits: Limits = LIMITS) -> str:
    """The path below the fresh folder that `name` says, "" for that folder itself; raises `Unsafe`."""
    for wrong, why in (
        (bool(_ODD.search(name)), "has characters no path should have"),
        ("\\" in name, "has a \\ in its path"),
        (name.startswith("/"), "is an absolute path"),
        (bool(_DRIVE.match(name)), "begins with a drive letter"),
    ):
        if wrong:
            raise Unsafe(f"{shown(name)} {why}", hint="pack the folder with relative paths and /")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise Unsafe(f"{shown(name)} leads out of the folder", hint="pack the folder with plain relative paths")
    sizes = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    if len(parts) > limits.depth or sum(sizes) + len(sizes) > limits.path or max(sizes, default=0) > limits.segment:
        raise Unsafe(f"{shown(name)} is too long or too deep a path", hint=f"at most {limits.path} bytes are taken")
    return "/".join(parts)


def is_junk(path: str) -> bool:
    """What a Mac adds to archives of its own accord."""
    return path.split("/", 1)[0] == "__MACOSX" or path.rsplit("/", 1)[-1] == ".DS_Store"


def lifted(top: dict[str, bool]) -> str | None:
    """The one folder everything is in (`shop-main/…`), which then is the workspace; `top`: name → is a folder."""
    (only,) = top if len(top) == 1 else (None,)
    return only if only is not None and top[only] else None


def shown(name: str) -> str:
    """A stranger's path for people: short, and nothing in it is acted on."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")
