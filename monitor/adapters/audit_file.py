"""`Audit` as one file of JSON lines that is only ever appended to, readable by us alone.

The file is never rotated away by us: it grows by some 200 bytes a request that changes something. Whoever
wants it elsewhere moves it; a new one is begun.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from monitor.domain.audit import Act, read_act, write_act

BLOCK = 64 * 1024

log = logging.getLogger(__name__)


class AuditFile:
    """Records in `path`; places are byte offsets, which stay true because nothing before them changes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, act: Act) -> None:
        line = write_act(act)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # One write with O_APPEND: records of several requests never run into each other.
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        except OSError as error:
            log.warning("the audit log cannot be written (%s): %s", error.strerror or error, line.decode().strip())

    def newest(self, most: int, before: int | None = None) -> tuple[list[Act], int | None]:
        found: list[Act] = []
        try:
            with self._path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                place = end if before is None else max(0, min(before, end))
                while place and len(found) < most:
                    start, line = _line_before(file.fileno(), place)
                    place = start
                    act = read_act(line)
                    if act is not None:
                        found.append(act)
        except FileNotFoundError:
            return [], None
        return found, place or None


def _line_before(file: int, place: int) -> tuple[int, bytes]:
    """Where the line that ends at `place` starts, and its text."""
    text, start = b"", place
    while start:
        step = min(BLOCK if text else 512, start)
        text = os.pread(file, step, start - step) + text
        start -= step
        cut = text.rstrip(b"\n").rfind(b"\n")
        if cut >= 0 and text.strip(b"\n"):
            return start + cut + 1, text[cut + 1 :]
    return 0, text
