"""Waiting by probe: ask until the answer is yes, and say what was seen when it never was.

A test never sleeps for a guessed time. It says what it waits for; a slow machine then only waits longer,
and a failure names the last thing the probe saw.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, overload

T = TypeVar("T")

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.25


class NeverHappened(AssertionError):
    """What a test waited for did not come about in time."""


@overload
async def until(probe: Callable[[], Awaitable[T]], timeout: float = ..., what: str = ...) -> T: ...
@overload
async def until(probe: Callable[[], T], timeout: float = ..., what: str = ...) -> T: ...
async def until(probe: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
    """Return the first truthy answer of `probe` (a plain or a coroutine function).

    An exception counts as "not yet" and is quoted when the time is up.

    Raises `NeverHappened` after `timeout` seconds, naming `what` and the last answer.
    """
    wait = _Wait(timeout, what or _name(probe))
    for pause in wait.pauses():
        try:
            async with asyncio.timeout(wait.left() + LONGEST_PAUSE_S):
                answer = probe()
                result = await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            wait.seen = error
        else:
            if result:
                return result
            wait.seen = result
        await asyncio.sleep(pause)
    raise wait.failure()


def until_sync(probe: Callable[[], T], timeout: float = 30.0, what: str = "") -> T:
    """The same as `until`, for a plain probe in a test without an event loop."""
    wait = _Wait(timeout, what or _name(probe))
    for pause in wait.pauses():
        try:
            result = probe()
        except Exception as error:
            wait.seen = error
        else:
            if result:
                return result
            wait.seen = result
        time.sleep(pause)
    raise wait.failure()


class _Wait:
    """One wait: its deadline, its growing pauses, and the last thing seen."""

    def __init__(self, timeout: float, what: str) -> None:
        self.what = what
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.seen: object = "nothing yet"

    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def pauses(self) -> Iterator[float]:
        """The pause after each probe; ends once the time is up, never before one probe was made."""
        pause = FIRST_PAUSE_S
        while True:
            yield min(pause, self.left())
            if not self.left():
                return
            pause = min(pause * 1.5, LONGEST_PAUSE_S)

    def failure(self) -> NeverHappened:
        error = NeverHappened(f"waited {self.timeout:g} s for {self.what}; last answer: {self.seen!r}")
        if isinstance(self.seen, Exception):
            error.__cause__ = self.seen
        return error


def _name(probe: Callable[..., object]) -> str:
    return getattr(probe, "__qualname__", repr(probe))
