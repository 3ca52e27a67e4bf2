"""Damaged, hostile and missing objects: found, named, and nothing on disk changed by them."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
import zstandard

from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.pack import Frame, pack_name, write_pack
from monitor.domain.history.path_text import to_text
from monitor.domain.tree import Kind
from monitor.errors import SlipwayError
from monitor.services.restore.fetching import Damaged
from tests.support.faults import Fault
from tests.support.keeping import HISTORY
from tests.support.restoring import PREFIX, Spot


async def three_kinds(spot: Spot) -> int:
    """A revision that is no base, small files, and one large file of several pieces."""
    await spot.desk.write("small", "one" * 1000)
    await spot.desk.write("empty")
    await spot.desk.write("large", os.urandom(9 * 2**20))
    await spot.keep()
    await spot.desk.write("small-too", "two" * 1000)
    seq = await spot.keep()
    for name in ("small", "large", "small-too"):
        (spot.folder / name).unlink()
    return seq


def needed(spot: Spot, seq: int) -> list[str]:
    """Every object the restore of `seq` reads."""
    header = spot.desk.reader().header(seq)
    packs = {piece[0] for line in spot.desk.reader().state(seq).values() if line[0] == "file" for piece in line[6]}
    named = [f"{HISTORY}packs/{pack}" for pack in sorted(packs)]
    return [f"{HISTORY}revisions/{seq:020}", f"{HISTORY}bases/{header['base']}", *named]


def unused(data: bytes, bit: int) -> bool:
    """Bits of a zstd frame's header that change nothing of what it holds (RFC 8878, 3.1.1.1): one that is to be
    ignored, and how large a window a reader should have."""
    at, number = divmod(bit, 8)
    magic = b"\x28\xb5\x2f\xfd"
    if number == 4 and data[max(at - 4, 0) : at] == magic:
        return True
    return data[max(at - 5, 0) : max(at - 1, 0)] == magic and not data[at - 1] & 0x20


async def test_a_flipped_bit_in_each_object_is_found_and_changes_nothing(spot: Spot) -> None:
    seq = await three_kinds(spot)
    wish = await spot.wish(seq)
    before, objects = spot.now(), spot.desk.objects
    dice = random.Random(7)
    for key in needed(spot, seq):
        whole = objects[key]
        # An index and a footer are not needed for a restore; `verify` looks at them.
        end = int.from_bytes(whole[-24:-16], "little") if "/packs/" in key else len(whole)
        for _ in range(12):
            bit = dice.randrange(end * 8)
            broken = bytearray(whole)
            broken[bit // 8] ^= 1 << bit % 8
            if unused(whole, bit):
                continue
            objects[key] = bytes(broken)
            with pytest.raises((BadObject, UnknownFormat)):
                await spot.restorer.run(await spot.wish(seq) if "/packs/" not in key else wish)
            assert spot.now() == before, key
        objects[key] = whole
    assert spot.stages == []
    await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)


@pytest.mark.parametrize("data", [b'{"format": 2, "repository": "x"}', b"", b"{}", b"\xff"])
async def test_a_format_of_another_kind_is_refused(spot: Spot, data: bytes) -> None:
    seq = await three_kinds(spot)
    spot.desk.objects[f"{PREFIX}/FORMAT"] = data
    with pytest.raises((BadObject, UnknownFormat)):
        await spot.restore(seq)
    assert spot.stages == []


async def test_a_missing_or_cut_off_pack_is_named(spot: Spot) -> None:
    seq = await three_kinds(spot)
    before, objects = spot.now(), spot.desk.objects
    for key in needed(spot, seq)[2:]:
        whole = objects.pop(key)
        with pytest.raises(Damaged, match=key.rpartition("/")[2]):
            await spot.restore(seq)
        objects[key] = whole[:5]
        with pytest.raises(Damaged, match="cut off"):
            await spot.restore(seq)
        objects[key] = whole
    assert spot.now() == before
    assert spot.stages == []


async def test_wrong_bytes_on_the_way_are_read_again(spot: Spot) -> None:
    seq = await three_kinds(spot)
    wish = await spot.wish(seq)
    spot.desk.store.arm(Fault("corrupt", times=1, match=lambda what, key: what == "get_range"))
    await spot.restorer.run(wish)
    assert spot.now() == spot.oracle(seq)


@pytest.mark.parametrize("mode", ["before", "after", "truncate"])
async def test_a_store_that_fails_now_and_then_is_asked_again(spot: Spot, mode: str) -> None:
    seq = await three_kinds(spot)
    wish = await spot.wish(seq)
    spot.desk.store.arm(Fault(mode, times=3, match=lambda what, key: what == "get_range"))
    await spot.restorer.run(wish)
    assert spot.now() == spot.oracle(seq)


async def test_a_store_that_stays_away_changes_nothing(spot: Spot) -> None:
    seq = await three_kinds(spot)
    before = spot.now()
    wish = await spot.wish(seq)
    spot.desk.store.arm(Fault("before"))
    with pytest.raises(SlipwayError):
        await spot.restorer.run(wish)
    spot.desk.store.arm(None)
    assert spot.now() == before
    assert spot.stages == []


class Forger:
    """Writes a revision line by line, as nobody but an attacker with write access to the bucket would."""

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        data = b"gotcha"
        sha = hashlib.sha256(data).hexdigest()
        pack, placed = write_pack([Frame(sha, len(data), zstandard.compress(data))])
        self.pack, self.sha, self.length = pack_name(pack), sha, placed[0].length
        spot.desk.objects[f"{HISTORY}packs/{self.pack}"] = pack

    def file(self, path: str, mode: int = 0o644, **changed: Any) -> list[Any]:
        return ["file", path, mode, 0, changed.get("size", 6), self.sha, changed.get("pieces", [[0, 0, self.length]])]

    def revision(self, header: dict[str, Any], lines: list[list[Any]]) -> None:
        files = [line for line in lines if line[0] == "file"]
        header = {**header, "changed": len(lines), "removed": 0, "unstable": 0}
        header |= {"files": len(files), "bytes": sum(line[4] for line in files), "base_bytes": 1, "delta_bytes": 0}
        text = b"".join(json.dumps(one).encode() + b"\n" for one in (header, ["pack", self.pack], *lines))
        text += b'["end","%s"]\n' % hashlib.sha256(text).hexdigest().encode()
        self.spot.desk.objects[f"{HISTORY}revisions/{header['seq']:020}"] = zstandard.compress(text)


@pytest.fixture
async def forge(spot: Spot) -> Any:
    """Gives a workspace whose newest revision is the forged lines, upon an empty base."""
    await spot.keep()
    forger = Forger(spot)

    def forge(*lines: list[Any]) -> int:
        forger.revision({**spot.desk.reader().header(1), "seq": 2}, list(lines))
        return 2

    forge.file = forger.file  # type: ignore[attr-defined]
    return forge


@pytest.mark.parametrize(
    "paths",
    [["../outside/x"], ["/etc/x"], ["a/../../x"], ["."], [".."], ["a//b"], [""], ["a/"], ["a%2F..%2F..%2Fx/../x"],
     ["%2e%2e/x"], ["a%00b"], ["a", "a"], ["b", "a"], ["a", "a/b"]],
)  # fmt: skip
async def test_paths_that_lead_out_or_collide_are_refused_as_a_whole(
    spot: Spot, forge: Any, tmp_path: Path, paths: list[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    seq = forge(*(forge.file(path) for path in paths))
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    with pytest.raises(BadObject):
        await spot.restore(seq)
    assert spot.now() == {}
    assert [p for p in sorted(str(p) for p in tmp_path.rglob("*")) if "outside" in p] == [
        p for p in before if "outside" in p
    ]


async def test_nothing_is_written_through_a_link_of_the_state_itself(spot: Spot, forge: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    seq = forge(["link", "a", 511, 0, str(outside)], forge.file("a/x"))
    with pytest.raises(BadObject):
        await spot.restore(seq)
    assert not list(outside.iterdir())


async def test_hostile_entries_that_can_be_placed_stay_inside(spot: Spot, forge: Any, tmp_path: Path) -> None:
    deep = "/".join(["d"] * 250)
    lines = [
        forge.file(".git/hooks/post-checkout", 0o755),
        forge.file("A"), forge.file("a"),
        forge.file(deep),
        ["link", "escape", 511, 0, "../../../../etc/passwd"],
        forge.file("n" * 300),
        forge.file("ok"),
    ]  # fmt: skip
    seq = forge(*sorted(lines, key=lambda line: line[1].encode()))
    result = await spot.restore(seq)
    assert result.incomplete
    assert {one.path for one in result.planned.plan.refused} == {".git/hooks/post-checkout", deep}
    assert {problem.path for problem in result.problems} == {"n" * 300}
    assert sorted(os.listdir(spot.folder)) == ["A", "a", "escape", "ok"]
    assert os.readlink(spot.folder / "escape") == "../../../../etc/passwd"
    assert spot.stages == []


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("a piece longer than any can be", {"pieces": [[0, 0, 2**30]]}),
        ("a piece beyond the pack", {"pieces": [[0, 10**12, 15]]}),
        ("a size that is not the bytes'", {"size": 7}),
    ],
)
async def test_entries_that_lie_about_their_bytes(spot: Spot, forge: Any, what: str, changed: dict[str, Any]) -> None:
    seq = forge(forge.file("a", **changed))
    with pytest.raises((BadObject, SlipwayError)) as caught:
        await spot.restore(seq)
    assert spot.now() == {}, what
    assert spot.stages == []
    assert "damaged" in caught.value.message


async def test_a_bomb_of_zeros_is_not_unpacked(spot: Spot, forge: Any) -> None:
    bomb = zstandard.compress(bytes(200 * 2**20))
    sha = hashlib.sha256(bytes(200 * 2**20)).hexdigest()
    pack, placed = write_pack([Frame(sha, 1, bomb)])
    spot.desk.objects[f"{HISTORY}packs/{pack_name(pack)}"] = pack
    entry = Entry("a", Kind.FILE, 0o644, 0, 200 * 2**20, sha, (Piece(pack_name(pack), 0, placed[0].length, sha),))
    header = spot.desk.reader().header(1)
    forger = Forger(spot)
    forger.pack = pack_name(pack)
    line = ["file", to_text(entry.path), 0o644, 0, entry.size, sha, [[0, 0, placed[0].length]]]
    forger.revision({**header, "seq": 2}, [line])
    with pytest.raises(Damaged, match="larger than"):
        await spot.restore(2)
    assert spot.now() == {}
