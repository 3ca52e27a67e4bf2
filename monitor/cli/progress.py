"""Progress on stderr: one living line with a bar on a terminal, each new sentence once elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from monitor.cli.talk import plain, say

if TYPE_CHECKING:
    from rich.progress import Progress


class Telling:
    """`with Telling("restore shop") as tell: tell("12 of 30 files read", 12, 30)`; the line is gone at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._last = ""
        self._progress = _progress() if sys.stderr.isatty() else None
        self._task = self._progress.add_task(plain(what), total=None) if self._progress else None

    def __enter__(self) -> Telling:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._progress:
            self._progress.stop()

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if not text:
            return
        if self._progress and self._task is not None:
            said: dict[str, Any] = {"total": total, "completed": done or 0}
            self._progress.update(self._task, description=plain(f"{self._what}: {text}"), **said)
        elif text != self._last:
            say(f"{self._what}: {text}")
        self._last = text


def _progress() -> Progress:
    # Imported here: what ends at once would wait for what only long work needs.
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(20), TaskProgressColumn())
    return Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
