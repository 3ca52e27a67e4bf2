"""Waiting by probe returns the answer, or says what it saw instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.waiting import NeverHappened, until, until_sync


def _answers(*values: object) -> Iterator[object]:
    yield from values


async def test_the_first_truthy_answer_is_returned() -> None:
    answers = _answers(None, "", "here")
    assert await until(lambda: next(answers)) == "here"


async def test_a_coroutine_is_awaited() -> None:
    async def probe() -> int:
        return 7

    assert await until(probe) == 7


async def test_a_hanging_probe_does_not_outlive_the_deadline() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NeverHappened, match="TimeoutError"):
        await until(hang, timeout=0.05)


async def test_a_failure_names_what_was_awaited_and_the_last_answer() -> None:
    with pytest.raises(NeverHappened, match=r"waited 0\.05 s for the moon; last answer: 0"):
        await until(lambda: 0, timeout=0.05, what="the moon")


def test_an_exception_means_not_yet() -> None:
    tries = iter([ConnectionRefusedError("not up"), ConnectionRefusedError("not up"), None])

    def probe() -> bool:
        if error := next(tries):
            raise error
        return True

    assert until_sync(probe)


def test_the_last_exception_is_quoted_and_kept_as_the_cause() -> None:
    def probe() -> bool:
        raise ConnectionRefusedError("not up")

    with pytest.raises(NeverHappened, match="not up") as caught:
        until_sync(probe, timeout=0.05)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
