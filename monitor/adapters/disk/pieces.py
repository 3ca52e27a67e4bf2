"""A large file read piece by piece: open once, compared before and after, never whole in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from monitor.adapters.disk.opening import NotRegular, folder_fd, lasts, open_regular, parent_of, why
from monitor.adapters.disk.reading import instable
from monitor.domain.tree import Entry
from monitor.ports.files import Changed


class PieceFile:
    """One file under way; blocking calls. `next` gives bytes, at last None, or `Changed` and then nothing more.

    `as_is`: whatever is there, up to the size the file had when it was opened, never `Changed` once it is open.
    """

    def __init__(self, folder: Path, entry: Entry, now_ns: Callable[[], int], *, as_is: bool) -> None:
        self._folder, self._entry, self._now, self._as_is = folder, entry, now_ns, as_is
        self._fd: int | None = None
        self._left = 0
        self._before: os.stat_result | None = None
        self._started = 0
        # A cancelled reader is closed while its worker may still be reading.
        self._lock = threading.Lock()

    def next(self, size: int) -> bytes | Changed | None:
        """The next `size` bytes, fewer at the end; raises `FolderGone`."""
        with self._lock:
            return self._next(size)

    def close(self) -> None:
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _next(self, size: int) -> bytes | Changed | None:
        try:
            if self._before is None and (changed := self._open()) is not None:
                return changed
            return self._read(size)
        except (FileNotFoundError, NotADirectoryError):
            return Changed(self._entry.path, "it is not there any more", gone=True)
        except NotRegular:
            return Changed(self._entry.path, "it is no regular file any more")
        except OSError as error:
            return Changed(self._entry.path, why(error), refused=lasts(error))

    def _open(self) -> Changed | None:
        with folder_fd(self._folder) as top, parent_of(top, self._entry.path) as (parent, name):
            self._fd = open_regular(name, parent)
        self._before = os.fstat(self._fd)
        self._started = self._now()
        self._left = self._before.st_size
        return self._unstable()

    def _read(self, size: int) -> bytes | Changed | None:
        assert self._fd is not None
        parts: list[bytes] = []
        wanted = min(size, self._left)
        while wanted > 0:
            part = os.read(self._fd, wanted)
            if not part:
                # It was cut off meanwhile: what was read is all there is.
                self._left = wanted = 0
                break
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
        if parts:
            return parts[0] if len(parts) == 1 else b"".join(parts)
        return self._unstable()

    def _unstable(self) -> Changed | None:
        assert self._fd is not None
        assert self._before is not None
        if self._as_is:
            return None
        return instable(self._entry, self._before, os.fstat(self._fd), self._started)
