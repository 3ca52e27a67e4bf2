"""Reading one file of a workspace on a real disk, once what was just written no longer counts as racy."""

from __future__ import annotations

import threading
from pathlib import Path

from monitor.domain.tree import Entry
from monitor.ports.files import Changed, Files


def age() -> None:
    """What was written before is old enough afterwards."""
    threading.Event().wait(0.03)


async def read_one(files: Files, folder: Path, entry: Entry) -> bytes | Changed:
    """As `Files.read_many` says."""
    return (await files.read_many(folder, (entry,)))[entry.path]
