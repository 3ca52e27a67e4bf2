"""What every `Store` promises, as tests: subclass `StoreContract` and give it a `store` fixture.

The store may be shared with other tests: every test works under a `room` (a prefix) of its own.
"""

from __future__ import annotations

import asyncio
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain import keys
from monitor.domain.key_escape import BadKey
from monitor.ports.store import KeyExists, NoSuchKey, Store, StoreAway
from tests.support.any_path import paths

ODD_BUT_FINE = [
    "a b", " lead", "100%", "a%20b", "a%2Fb", "a#b", "a?b&c=d", "a+b", "ü/é", "e\u0301", "日本/😀", "a*b:c|d",
    "a'b\"c", "a..b", ".hidden", "...", "~", "-rf", "x" * 255, "a;b@c,$=!()[]{}^`<>", "\u200b\u2028",
]  # fmt: skip

REFUSED = [
    "", "/lead", "trail/", "a//b", ".", "..", "a/../b", "a/./b", "./a", "a\\b", "tab\tx", "nl\n", "nul\0", "\x7f",
    "\udcff", "\ufffe", "x/.versions/y", "app.versions/y", "x/.uploads/y", "n" * 1025,
]  # fmt: skip

NAMES = st.sampled_from(["a", "b", "a-b", "a.b", "a0", "A", "ü", "a b", "!", "~", "00", "01"])
KEYS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


async def listing(store: Store, prefix: str, after: str = "") -> list[str]:
    return [found.key async for found in store.list(prefix, after=after)]


class StoreContract:
    """The promises in `monitor.ports.store`, one test each."""

    @pytest.fixture
    def room(self) -> str:
        return f"room-{secrets.token_hex(6)}"

    async def test_what_was_put_comes_back(self, store: Store, room: str) -> None:
        data = bytes(range(256)) * 40_000
        await store.put(f"{room}/big", data)
        assert await store.get(f"{room}/big") == data
        assert await store.head(f"{room}/big") == len(data)

    async def test_nothing_is_a_value_too(self, store: Store, room: str) -> None:
        await store.put(f"{room}/empty", b"")
        assert await store.get(f"{room}/empty") == b""
        assert await store.get_range(f"{room}/empty", 0, 0) == b""

    async def test_a_second_put_replaces(self, store: Store, room: str) -> None:
        await store.put(f"{room}/k", b"one, and longer")
        await store.put(f"{room}/k", b"two")
        assert await store.get(f"{room}/k") == b"two"
        assert [(f.key, f.size) async for f in store.list(f"{room}/")] == [(f"{room}/k", 3)]

    async def test_put_new_never_replaces(self, store: Store, room: str) -> None:
        await store.put_new(f"{room}/k", b"first")
        with pytest.raises(KeyExists):
            await store.put_new(f"{room}/k", b"second")
        assert await store.get(f"{room}/k") == b"first"

    async def test_of_many_new_writers_one_wins(self, store: Store, room: str) -> None:
        async def write(number: int) -> int | None:
            try:
                await store.put_new(f"{room}/k", b"%d" % number)
            except KeyExists:
                return None
            return number

        winners = [w for w in await asyncio.gather(*map(write, range(16))) if w is not None]
        assert len(winners) == 1
        assert await store.get(f"{room}/k") == b"%d" % winners[0]

    async def test_put_new_works_again_after_delete(self, store: Store, room: str) -> None:
        await store.put_new(f"{room}/k", b"one")
        await store.delete(f"{room}/k")
        await store.put_new(f"{room}/k", b"two")
        assert await store.get(f"{room}/k") == b"two"

    async def test_what_is_not_there_is_said_so(self, store: Store, room: str) -> None:
        for ask in (store.get, store.head):
            with pytest.raises(NoSuchKey):
                await ask(f"{room}/none")
        for length in (0, 1):
            with pytest.raises(NoSuchKey):
                await store.get_range(f"{room}/none", 0, length)
        await store.delete(f"{room}/none")

    async def test_deleted_is_gone(self, store: Store, room: str) -> None:
        await store.put(f"{room}/k", b"x")
        await store.delete(f"{room}/k")
        with pytest.raises(NoSuchKey):
            await store.get(f"{room}/k")
        assert await listing(store, f"{room}/") == []

    async def test_a_range_is_exact_or_away(self, store: Store, room: str) -> None:
        await store.put(f"{room}/k", b"0123456789")
        assert await store.get_range(f"{room}/k", 3, 4) == b"3456"
        assert await store.get_range(f"{room}/k", 0, 10) == b"0123456789"
        for start, length in ((5, 6), (10, 1), (50, 4)):
            with pytest.raises(StoreAway):
                await store.get_range(f"{room}/k", start, length)

    async def test_odd_keys_are_kept_exactly(self, store: Store, room: str) -> None:
        wanted = [f"{room}/{name}" for name in ODD_BUT_FINE]
        for key in wanted:
            await store.put(key, key.encode())
        for key in wanted:
            assert await store.get(key) == key.encode()
        assert await listing(store, f"{room}/") == sorted(wanted, key=str.encode)

    @pytest.mark.parametrize("key", REFUSED)
    async def test_keys_that_would_change_are_refused(self, store: Store, key: str) -> None:
        for ask in (store.get, store.head, store.delete):
            with pytest.raises(BadKey):
                await ask(key)
        for write in (store.put, store.put_new):
            with pytest.raises(BadKey):
                await write(key, b"x")

    async def test_a_prefix_no_key_can_have_is_refused(self, store: Store) -> None:
        for prefix in ("/", "a//", "a/../"):
            with pytest.raises(BadKey):
                await listing(store, prefix)

    async def test_a_prefix_may_end_anywhere(self, store: Store, room: str) -> None:
        names = ("ab", "a", "a/b", "a/c/d", "a-b", "b")
        for name in names:
            await store.put(f"{room}/{name}", b"x")
        for prefix in ("a", "a/", "a/c", "ab", "b", "c", "a/c/", ""):
            wanted = sorted(f"{room}/{n}" for n in names if n.startswith(prefix))
            assert await listing(store, f"{room}/{prefix}") == wanted

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sets(KEYS, min_size=1, max_size=12), KEYS)
    async def test_listings_are_complete_and_in_order(self, store: Store, some: set[str], after: str) -> None:
        room = f"room-{secrets.token_hex(6)}"
        for key in some:
            await store.put(f"{room}/{key}", b"x")
        wanted = sorted((f"{room}/{key}" for key in some), key=str.encode)
        assert await listing(store, f"{room}/") == wanted
        for point in (f"{room}/{after}", wanted[0], wanted[-1], f"{room}/"):
            later = [key for key in wanted if key.encode() > point.encode()]
            assert await listing(store, f"{room}/", point) == later

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(paths)
    async def test_mirror_keys_come_back(self, store: Store, path: str) -> None:
        room = f"room-{secrets.token_hex(6)}"
        key = keys.mirror_key(room, "shop", path)
        await store.put(key, b"source")
        assert await store.get(key) == b"source"
        assert [keys.mirror_path(room, "shop", k) for k in await listing(store, f"{room}/")] == [path]

    async def test_more_than_one_page_is_listed(self, store: Store, room: str) -> None:
        wanted = [f"{room}/{n:05}" for n in range(1_100)]
        limit = asyncio.Semaphore(32)

        async def write(key: str) -> None:
            async with limit:
                await store.put(key, b"x")

        await asyncio.gather(*map(write, wanted))
        assert await listing(store, f"{room}/") == wanted
        assert await listing(store, f"{room}/", wanted[-3]) == wanted[-2:]
