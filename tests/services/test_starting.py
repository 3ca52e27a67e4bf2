"""What is wrong with the store at the start is told, and is no reason not to start."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from monitor.app.platform import Platform
from monitor.domain.history.errors import BadObject
from monitor.errors import SlipwayError
from monitor.ports.store import StoreAway, StoreRefused
from monitor.services.history.writer import Fenced


class Start:
    """As much of a platform as opening the history needs."""

    def __init__(self, error: SlipwayError) -> None:
        self.error, self.take_over, self.recovered = error, False, False
        self.banners: dict[str, str | None] = {}
        history = SimpleNamespace(open=self._open, problems=["a part of it"])
        self.kept = SimpleNamespace(history=history, restorer=SimpleNamespace(recover=self._recover))
        self.storing = SimpleNamespace(try_prepare=self._prepare)
        self.registry = SimpleNamespace(banner=self.banners.__setitem__)

    async def open(self) -> None:
        await Platform._open_history(self)  # type: ignore[arg-type]

    def _store_banner(self, text: str | None) -> None:
        self.banners["store"] = text

    async def _prepare(self, warn: Any) -> bool:
        warn("not now")
        return False

    async def _open(self, *, take_over: bool) -> None:
        raise self.error

    async def _recover(self) -> tuple[object, ...]:
        self.recovered = True
        return ()


@pytest.mark.parametrize("error", [StoreAway("away"), StoreRefused("credentials expired"), BadObject("nonsense")])
async def test_a_store_that_does_not_serve_us_yet_stops_no_start(error: SlipwayError) -> None:
    start = Start(error)
    await start.open()
    assert start.recovered
    assert start.banners["store"] == "not now"
    assert "a part of it" in str(start.banners["spool"])


async def test_another_writer_does() -> None:
    with pytest.raises(Fenced):
        await Start(Fenced("another")).open()
