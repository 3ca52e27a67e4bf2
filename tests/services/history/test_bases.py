"""A base that is held is read once, and no longer than it is held."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from monitor.domain import keys
from monitor.domain.history.errors import BadObject
from tests.support.keeping import NAME, PREFIX, Desk


async def test_a_base_is_read_once_while_somebody_holds_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.write("a.txt", "one")
    await desk.rest()
    assert await desk.keep() is not None
    await desk.write("a.txt", "two, longer")
    await desk.rest()
    assert await desk.keep() is not None
    await desk.history.close()
    archive = desk.history.archive
    old, base = await archive.based(NAME, 1)
    key = keys.base_key(PREFIX, NAME, base.sha256)
    await desk.memory.put(key, b"damaged meanwhile")
    new, same = await archive.based(NAME, 2)
    assert same is base
    assert [state["a.txt"].size for state in (old, new)] == [3, 11]
    del base, same
    gc.collect()
    with pytest.raises(BadObject):
        await archive.state(NAME, 1)
