"""Progress on stderr: one living line with a bar on a terminal, each new sentence once elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from monitor.cli.talk import amount, hushed, plain, say

if TYPE_CHECKING:
    from rich.progress import Progress


COUNTED = 1_000_000
"""Wholes up to here count files or pieces, larger ones bytes."""


class Telling:
    """`with Telling("restore shop") as tell: tell("12 of 30 files read", 12, 30)`; the line is gone at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._last = ""
        self._progress = _progress() if sys.stderr.isatty() and not hushed() else None
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


def rate(speed: float | None, total: float | None) -> str:
    """`4.1 MB/s`, or `12/s` of what is counted; empty where it cannot be told."""
    if not speed or not total:
        return ""
    return f"{amount(round(speed))}/s" if total > COUNTED else f"{speed:.0f}/s"


def _progress() -> Progress:
    # Imported here: what ends at once would wait for what only long work needs.
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How much a second, where the whole is known; large wholes are bytes."""

        def render(self, task: Task) -> Text:
            return Text(rate(task.speed, task.total))

    text = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), text, BarColumn(20), TaskProgressColumn(), Rate(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
