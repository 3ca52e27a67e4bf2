"""Snapshots: names with notes, tags and a time to live, and the tree restores and forks make."""

from __future__ import annotations

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.history.condemned import read_confirmed
from monitor.domain.history.lineage import landmarks, tree_lines
from monitor.domain.history.revision import Origin
from monitor.domain.moments import NS
from monitor.errors import Away, Conflict, NotFound, UsageError
from monitor.ports.store import NoSuchKey, StoreAway
from monitor.services.history.archive import Archive
from monitor.services.snapshots import Snapshots
from tests.support.faults import Fault, FaultyStore, writes
from tests.support.keeping import JumpingClock
from tests.support.pen import Pen

START = 1_700_000_000 * NS


class Bench:
    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.store = FaultyStore(self.memory)
        self.clock = JumpingClock()
        self.pen = Pen(self.memory)
        self.snapshots = Snapshots(Archive(self.store, "p"), self.clock)
        self.kinds: list[str] = []

    async def save(self, text: str = "x", **how: object) -> int:
        return await self.pen.save({"a": text.encode()}, START, **how)  # type: ignore[arg-type]

    async def commit(self, kind: str) -> int:
        self.kinds.append(kind)
        return await self.save(kind, kind=kind)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_is_created_is_listed_and_shown_with_its_revision(bench: Bench) -> None:
    await bench.save()
    made = await bench.snapshots.create(
        "shop", "v1 / first+try", bench.commit, note=" The first.\nIt works. ", tags=["b", "a", "b"], ttl_s=60
    )
    assert (made.seq, made.note, made.tags) == (2, "The first.\nIt works.", ("a", "b"))
    assert bench.kinds == ["manual"]
    old = await bench.snapshots.create("shop", "before", seq=1)
    listed = await bench.snapshots.listed("shop")
    assert [one.snapshot for one in listed] == [made, old]
    assert [one.snapshot for one in await bench.snapshots.listed("shop", tag="a")] == [made]
    shown = (await bench.snapshots.show("shop", made.name)).as_json(bench.clock.wall_ns())
    assert (shown["seq"], shown["kind"], shown["files"], shown["expired"]) == (2, "manual", 1, False)
    bench.clock.wall_ahead_ns += 61 * NS
    assert (await bench.snapshots.show("shop", made.name)).snapshot.expired(bench.clock.wall_ns())
    assert await bench.snapshots.listed("other") == []


async def test_a_taken_name_is_refused_before_anything_is_kept(bench: Bench) -> None:
    await bench.snapshots.create("shop", "v1", bench.commit)
    with pytest.raises(Conflict):
        await bench.snapshots.create("shop", "v1", bench.commit)
    assert bench.kinds == ["manual"]


async def test_tags_notes_and_times_change_and_names_go(bench: Bench) -> None:
    await bench.snapshots.create("shop", "v1", bench.commit, tags=["a"], ttl_s=60)
    changed = await bench.snapshots.change("shop", "v1", add_tags=["b"], remove_tags=["a"], note="new", forever=True)
    assert (changed.tags, changed.note, changed.expires_ns) == (("b",), "new", None)
    assert (await bench.snapshots.show("shop", "v1")).snapshot == changed
    again = await bench.snapshots.change("shop", "v1", ttl_s=5)
    assert again.expires_ns is not None
    bench.store.calls.clear()
    assert await bench.snapshots.change("shop", "v1") == again
    assert bench.store.puts == []
    await bench.snapshots.delete("shop", "v1")
    for call in (bench.snapshots.show, bench.snapshots.delete):
        with pytest.raises(NotFound):
            await call("shop", "v1")
    assert await Archive(bench.memory, "p").seqs("shop") == [1]


@pytest.mark.parametrize("name", ["", "-rf", " a", "a ", "a\nb", "x" * 101, "..", "/", "a\0", "\udcff", "a\u2028b"])
async def test_odd_names_are_refused(bench: Bench, name: str) -> None:
    with pytest.raises(UsageError):
        await bench.snapshots.create("shop", name, bench.commit)
    assert bench.kinds == []


@pytest.mark.parametrize(
    "how", [{"note": "x" * 4001}, {"note": "a\x1b[2J"}, {"tags": ["a b"]}, {"ttl_s": 0}, {"ttl_s": 10**12}]
)
async def test_odd_words_are_refused_before_anything_is_kept(bench: Bench, how: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        await bench.snapshots.create("shop", "v1", bench.commit, **how)  # type: ignore[arg-type]
    assert bench.kinds == []


async def test_an_answer_lost_on_the_way_is_a_success_at_the_next_try(bench: Bench) -> None:
    await bench.save()
    bench.store.arm(Fault("after", match=lambda what, key: what == "put_new"))
    with pytest.raises(StoreAway):
        await bench.snapshots.create("shop", "v1", seq=1)
    bench.store.arm(None)
    assert [one.snapshot.name for one in await bench.snapshots.listed("shop")] == ["v1"]


async def test_a_revision_that_waits_in_the_spool_has_no_name_yet(bench: Bench) -> None:
    async def spooled(kind: str) -> int:
        return 7

    with pytest.raises(Away, match="waits on this machine"):
        await bench.snapshots.create("shop", "v1", spooled)
    assert await bench.snapshots.listed("shop") == []


async def test_a_revision_that_goes_while_it_is_named_leaves_no_name(bench: Bench) -> None:
    await bench.save()

    class Vanishing(FaultyStore):
        async def put_new(self, key: str, data: bytes) -> None:
            await super().put_new(key, data)
            await self.inner.delete("p/shop/history/revisions/00000000000000000001")

    with pytest.raises(NotFound):
        await Snapshots(Archive(Vanishing(bench.memory), "p"), bench.clock).create("shop", "v1", seq=1)
    assert await bench.snapshots.listed("shop") == []


async def test_a_name_without_a_revision_is_listed_as_such(bench: Bench) -> None:
    await bench.snapshots.create("shop", "v1", bench.commit)
    bench.memory.objects.pop("p/shop/history/revisions/00000000000000000001")
    (shown,) = await bench.snapshots.listed("shop")
    assert shown.header is None
    assert shown.as_json(0)["time"] is None


async def test_failures_of_the_store_pass_through(bench: Bench) -> None:
    bench.store.arm(Fault("before", match=writes))
    with pytest.raises(StoreAway):
        await bench.snapshots.create("shop", "v1", bench.commit)


async def test_only_a_mass_deletion_can_be_confirmed(bench: Bench) -> None:
    await bench.save()
    lost = await bench.save("y", kind="mass-delete")
    with pytest.raises(UsageError):
        await bench.snapshots.confirm_mass_delete("shop", 1)
    with pytest.raises(NoSuchKey):
        await bench.snapshots.confirm_mass_delete("shop", 9)
    await bench.snapshots.confirm_mass_delete("shop", lost)
    assert read_confirmed(bench.memory.objects["p/shop/history/confirmed"]) == lost


async def test_the_tree_shows_restores_and_forks_as_branches(bench: Bench) -> None:
    await bench.save("1", kind="fork", origin=Origin("other", 9))
    for text in "234":
        await bench.save(text)
    await bench.save("4", kind="before-restore")
    await bench.save("2", kind="restore", origin=Origin("shop", 2))
    for text in "78":
        await bench.save(text)
    await bench.save("3", kind="restore", origin=Origin("shop", 3))
    await bench.save("10")
    await bench.snapshots.create("shop", "v1", seq=7)
    nodes = await bench.snapshots.tree("shop")
    assert [(n.seq, n.parent, n.branch) for n in nodes] == [
        (1, None, 0), (2, 1, 0), (3, 2, 0), (4, 3, 0), (5, 4, 0), (6, 2, 1), (7, 6, 1), (8, 7, 1), (9, 3, 2),
        (10, 9, 2),
    ]  # fmt: skip
    assert nodes[0].elsewhere == Origin("other", 9)
    assert nodes[6].names == ("v1",)
    marks = landmarks(nodes)
    assert [n.seq for n in marks] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert [n.parent for n in marks] == [None, 1, 2, 3, 2, 6, 7, 3, 9]
    assert list(tree_lines(marks, {n.seq: f"{n.seq} {n.header.kind}" for n in marks})) == [
        "● 1 fork",
        "● 2 change",
        "└─ 6 restore",
        "│  ● 7 change",
        "│  ● 8 change",
        "● 3 change",
        "└─ 9 restore",
        "│  ● 10 change",
        "● 5 before-restore",
    ]


async def test_a_tree_with_gaps_still_hangs_together(bench: Bench) -> None:
    for text in "1234":
        await bench.save(text)
    await bench.save("2", kind="restore", origin=Origin("shop", 2))
    for seq in (1, 2):
        bench.memory.objects.pop(f"p/shop/history/revisions/{seq:020}")
    nodes = await bench.snapshots.tree("shop")
    assert [(n.seq, n.parent) for n in nodes] == [(3, None), (4, 3), (5, None)]
    assert len(list(tree_lines(nodes, {n.seq: str(n.seq) for n in nodes}))) == 3


async def test_a_thousand_branches_are_no_deep_recursion(bench: Bench) -> None:
    await bench.save("0")
    for seq in range(1, 1500):
        await bench.save(str(seq % 2), kind="restore", origin=Origin("shop", seq))
        bench.pen.store = bench.memory
    nodes = await bench.snapshots.tree("shop")
    assert len(list(tree_lines(nodes, {n.seq: str(n.seq) for n in nodes}))) == 1500
