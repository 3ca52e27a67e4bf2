"""What is read while the store comes and goes: all there is, or that it cannot be told; never a part of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.history.revision import Why
from monitor.domain.moments import rfc3339
from monitor.domain.tree import Tree
from monitor.ports.store import Listed, StoreAway
from monitor.services.history.overlay import Overlay
from monitor.services.restore.choosing import Choosing
from tests.support.faults import Fault
from tests.support.keeping import NAME, Desk


class BreaksOff(MemoryStore):
    """Goes away after so many names."""

    names = 2

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        number = 0
        async for found in super().list(prefix, after=after):
            if number == self.names:
                raise StoreAway("gone")
            number += 1
            yield found


@pytest.mark.parametrize("spooled", [False, True])
async def test_a_listing_that_breaks_off_is_none(spooled: bool) -> None:
    first, second = MemoryStore(), BreaksOff()
    second.objects.update({f"r/{number}": b"" for number in range(4)})
    if spooled:
        first.objects["r/9"] = b""
    with pytest.raises(StoreAway):
        [one async for one in Overlay(first, second).list("r/")]
    second.names = 0
    if spooled:
        assert [one.key async for one in Overlay(first, second).list("r/")] == ["r/9"]


async def test_a_deleted_workspace_is_not_brought_back_empty_while_the_store_is_away(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    choosing = Choosing(desk.history.archive, desk.clock)
    desk.store.arm(Fault())
    await desk.history.commit(NAME, Path(desk.folder), Tree({}), kind=Why.DELETED)
    assert desk.history.state(NAME).spooled == 1
    with pytest.raises(StoreAway):
        await choosing.last_alive(NAME)
    desk.store.arm(None)
    assert (await choosing.last_alive(NAME)).seq == 1


async def test_a_moment_nobody_can_look_for_is_not_called_unknown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.write("a", "x")
    first = await desk.keep()
    await desk.write("a", "y")
    desk.store.arm(Fault())
    await desk.keep()
    choosing = Choosing(desk.history.archive, desk.clock)
    asked: list[str] = []

    async def there_the_first_time() -> str:
        asked.append("FORMAT")
        if len(asked) > 1:
            raise StoreAway("away")
        return "repository"

    monkeypatch.setattr(desk.history.archive, "repository", there_the_first_time)
    assert first is not None
    with pytest.raises(StoreAway):
        await choosing.choose(NAME, at=rfc3339(first.header.time_ns))
