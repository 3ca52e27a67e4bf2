"""A child's log kept small: copied aside and emptied in place, since the child holds the file open."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

MAX_BYTES = 5 << 20
TAIL_BYTES = 8 << 10
TROUBLE = re.compile(r"\b(ERR|FTL|PNC|error|fatal|panic)\b|^[EF]\d{4} ")
"""As Traefik and SeaweedFS mark it: what they warn of before or after is not why they ended."""


def keep_small(log: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move what `log` holds to `log.1` once it is larger than `max_bytes`.

    The child writes in append mode, so it goes on at the new end. Lines written between copying and
    emptying are lost: a price for logs that go on when the monitor does not.
    """
    try:
        if log.stat().st_size <= max_bytes:
            return
        shutil.copyfile(log, _aside(log))
        _aside(log).chmod(0o600)
        os.truncate(log, 0)
    except FileNotFoundError:
        return


def last_lines(log: Path, count: int = 3) -> str:
    """The last the child said of trouble, or else the end of it all, in one line, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    told = [line for line in lines if TROUBLE.search(line)] or lines
    return " | ".join(line[:300] for line in told[-count:])


def _aside(log: Path) -> Path:
    return log.with_name(f"{log.name}.1")
