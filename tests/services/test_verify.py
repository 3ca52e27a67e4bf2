"""Verify: damage of any kind in any object is found, named, and said to hurt what it really hurts."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.history.condemned import Condemned, write_condemned, write_confirmed
from monitor.domain.history.repository import write_writer
from monitor.domain.history.revision import Writer
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.domain.moments import NS
from monitor.domain.verification import Verified
from monitor.ports.store import StoreAway
from monitor.services.verify.verifying import Verifier
from tests.support.faults import Fault, FaultyStore
from tests.support.pen import Pen, contents, in_memory

START = 1_700_000_000 * NS


class Bench:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.memory = MemoryStore()
        self.store = FaultyStore(self.memory)
        self.pool = pool
        self.pen = Pen(self.memory, piece=100)

    async def a_history(self) -> None:
        """Four revisions on two bases, a large file, a link, every other object."""
        await self.pen.begin()
        large = random.Random(1).randbytes(350)
        for n in range(1, 5):
            files = {"a": b"a%d" % n * 20, "large": large + b"%d" % (n // 3), "same": b"same", "l": b"-> a", "e": b""}
            await self.pen.save(files, START + n, base=n == 3)
        put = self.memory.put
        await put(keys.name_key("p", "shop", "v1"), write_snapshot(Snapshot("v1", 2, START, "a note", ("tag",))))
        await put(keys.condemned_key("p", "shop"), write_condemned(Condemned({1: 5}, {}, {"ab" * 32: 7}, 4)))
        await put(keys.confirmed_key("p", "shop"), write_confirmed(2))
        await put(keys.writer_key("p"), write_writer(Writer("install", 1, "nonce")))

    async def verify(self, *, read_data: bool = True) -> Verified:
        return await Verifier(self.store, self.pool, prefix="p", repository="repo").verify(
            "shop", read_data=read_data
        )

    def unrestorable(self) -> set[int]:
        """By the independent reader, which checks everything it touches."""
        get, listed = in_memory(self.memory.objects)
        bad = set()
        for seq, files in self.pen.saved.items():
            try:
                assert contents(get, listed, seq) == files
            except Exception:
                bad.add(seq)
        return bad


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ThreadPoolExecutor(2) as pool:
        yield Bench(pool)


async def test_a_whole_history_is_whole(bench: Bench) -> None:
    await bench.a_history()
    for read_data in (False, True):
        found = await bench.verify(read_data=read_data)
        assert found.whole, found.lines()
        assert found.notes == []
        assert (found.revisions, found.bases, found.packs) == (4, 2, 4)
        assert found.lines()[-1].startswith("shop: whole; 4 revisions, 2 bases, 4 packs")


async def test_looking_alone_reads_no_data(bench: Bench) -> None:
    await bench.a_history()
    await bench.verify(read_data=False)
    assert not [key for what, key in bench.store.calls if what == "get" and "/packs/" in key]
    assert not [what for what, _ in bench.store.calls if what in {"put", "put_new", "delete"}]


KINDS = ["FORMAT", "writer", "revisions/", "bases/", "packs/", "names/", "condemned", "confirmed"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_flipped_bit_in_any_object_is_found_and_named(bench: Bench, kind: str) -> None:
    await bench.a_history()
    whole = dict(bench.memory.objects)
    chosen = [key for key in whole if key.removeprefix("p/").removeprefix("shop/history/").startswith(kind)]
    assert chosen
    bits = [(key, bit) for key in chosen for bit in range(len(whole[key]) * 8)]
    for key, bit in random.Random(3).sample(bits, min(len(bits), 220)):
        data = bytearray(whole[key])
        data[bit // 8] ^= 1 << (bit % 8)
        bench.memory.objects = {**whole, key: bytes(data)}
        found = await bench.verify()
        told = [one for one in found.problems.values() if one.key == key]
        hurt = set().union(*(one.revisions for one in told))
        if kind in {"FORMAT", "writer"}:
            # Plain JSON for people: what is between the quotes of an id or a nonce has no check of its own.
            assert told or found.notes or kind == "writer", (key, bit)
            continue
        assert told or any(note.startswith(key) for note in found.notes), (key, bit)
        if kind == "packs/":
            # The independent reader gives up on a whole pack; here only what is in the damaged piece is hurt.
            assert told
            assert hurt <= bench.unrestorable(), (key, bit)
        else:
            assert bench.unrestorable() <= hurt, (key, bit)


@pytest.mark.parametrize("kind", ["revisions/", "bases/", "packs/", "names/", "FORMAT"])
@pytest.mark.parametrize("how", ["gone", "cut", "empty", "foreign"])
async def test_missing_and_mangled_objects_are_found_without_reading_data(bench: Bench, kind: str, how: str) -> None:
    await bench.a_history()
    whole = dict(bench.memory.objects)
    for key in [key for key in whole if kind in key]:
        bench.memory.objects = dict(whole)
        if how == "gone":
            if kind in {"revisions/", "names/"}:
                continue
            del bench.memory.objects[key]
        else:
            change = {"cut": whole[key][:-3], "empty": b"", "foreign": os.urandom(len(whole[key]))}
            bench.memory.objects[key] = change[how]
        found = await bench.verify(read_data=False)
        told = [one for one in found.problems.values() if one.key == key]
        assert told, (key, found.lines())
        if kind not in {"names/", "FORMAT"}:
            assert told[0].revisions >= bench.unrestorable()


async def test_damage_is_told_with_the_files_it_hurts(bench: Bench) -> None:
    await bench.a_history()
    key = keys.pack_key("p", "shop", bench.pen._index[_sha(b"a2" * 20)].pack)
    data = bytearray(bench.memory.objects[key])
    data[bench.pen._index[_sha(b"a2" * 20)].offset + 12] ^= 8
    bench.memory.objects[key] = bytes(data)
    (one,) = (await bench.verify()).problems.values()
    assert (one.key, one.revisions, one.paths, one.files) == (key, {2}, ["a"], 1)
    assert one.as_line().endswith("; affects 1 revision (2), 1 file: a")


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_pieces_in_a_wrong_order_are_not_the_file(bench: Bench) -> None:
    """Every piece is right, the file is not: only putting it together shows it."""
    await bench.a_history()
    right = Pen._entry

    def wrong(self: Pen, path: str, data: bytes) -> object:
        entry = right(self, path, data)
        return replace(entry, pieces=entry.pieces[::-1]) if len(entry.pieces) > 1 else entry

    Pen._entry = wrong  # type: ignore[method-assign, assignment]
    try:
        seq = await bench.pen.save({"large": bytes(range(250))}, START + 9)
    finally:
        Pen._entry = right  # type: ignore[method-assign]
    assert (await bench.verify(read_data=False)).whole
    (one,) = (await bench.verify()).problems.values()
    assert (one.revisions, one.paths) == ({seq}, ["large"])
    assert bench.unrestorable() == {seq}


async def test_leftovers_and_names_without_a_revision_are_notes(bench: Bench) -> None:
    await bench.a_history()
    await bench.pen.leftover(b"lost")
    bench.memory.objects.pop("p/shop/history/revisions/00000000000000000002")
    found = await bench.verify()
    assert found.whole
    assert any(note.startswith("2 packs (") for note in found.notes), found.notes
    assert "the snapshot 'v1' names revision 2, which is not there" in found.notes


async def test_a_foreign_repository_is_noticed(bench: Bench) -> None:
    await bench.a_history()
    found = await Verifier(bench.store, bench.pool, prefix="p", repository="other").verify("shop")
    assert [one.key for one in found.problems.values()] == ["p/FORMAT"]


async def test_a_store_that_is_away_is_no_damage(bench: Bench) -> None:
    await bench.a_history()
    calls = len(bench.store.calls)
    await bench.verify()
    for at in range(len(bench.store.calls) - calls):
        bench.store.arm(Fault("before", at=at, times=1))
        with pytest.raises(StoreAway):
            await bench.verify()


async def test_a_revision_that_retention_takes_meanwhile_is_no_damage(bench: Bench) -> None:
    await bench.a_history()

    class Vanishing(FaultyStore):
        async def get(self, key: str) -> bytes:
            if key.endswith("revisions/00000000000000000001"):
                await self.inner.delete(key)
            return await super().get(key)

    bench.store = Vanishing(bench.memory)
    found = await bench.verify()
    assert found.whole
    assert "revision 1 was removed meanwhile" in found.notes
