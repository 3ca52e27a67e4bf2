"""Bases, revisions and packs come back as they were written, and nothing else is taken for one."""

from __future__ import annotations

import hashlib
import json
import os
import random
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.history.base import base_name, read_base, write_base
from monitor.domain.history.delta import applied, base_due, check_places, delta, state_of
from monitor.domain.history.entry import EMPTY_SHA256, Entry, Piece
from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.lines import MAX_LINE, write_lines
from monitor.domain.history.pack import Frame, index_place, pack_name, read_pack, unpack, write_pack
from monitor.domain.history.path_text import from_text, path_from_text, to_text
from monitor.domain.history.repository import read_format, read_writer, write_format, write_writer
from monitor.domain.history.revision import Header, Revision, Writer
from monitor.domain.history.revision_text import read_header, read_revision, write_revision
from monitor.domain.tree import Kind
from monitor.errors import SlipwayError
from tests.support.histories import paths, revisions, states

A, B = "a" * 64, "b" * 64
HEADER = Header(1, 5, 4, Writer("i", 1, "n"), A)


def hand_made(what: str, header: object, *lines: object) -> bytes:
    text = b"".join(json.dumps(one).encode() + b"\n" for one in (header, *lines))
    text += b'["end","%s"]\n' % hashlib.sha256(text).hexdigest().encode()
    return zstandard.compress(text)


def base_of(*lines: object, count: int = 1, **header: object) -> bytes:
    return hand_made("base", {"slipway": "base", "format": 1, "entries": count, **header}, *lines)


@given(paths)
def test_a_path_survives_as_text_any_parser_reads(path: str) -> None:
    text = json.loads(json.dumps(to_text(path)))
    assert path_from_text(text) == path
    text.encode()


@given(states())
def test_a_base_comes_back_and_is_the_same_bytes_whatever_the_order(state: dict[str, Entry]) -> None:
    data = write_base(state.values())
    shuffled = list(state.values())
    random.shuffle(shuffled)
    assert write_base(shuffled) == data
    base = read_base(data, base_name(data))
    assert base.entries == state
    assert base.packs == {p.pack for e in state.values() for p in e.pieces}
    assert list(base.entries) == sorted(state, key=os.fsencode)


@given(revisions())
def test_a_revision_comes_back(revision: Revision) -> None:
    data = write_revision(revision)
    again = read_revision(data, revision.seq)
    assert again == revision
    assert write_revision(again) == data
    assert read_header(data).time_ns == revision.time_ns


@given(states(), states())
def test_a_difference_leads_from_one_state_to_the_other(old: dict[str, Entry], new: dict[str, Entry]) -> None:
    changed, removed = delta(old, new)
    assert applied(old, changed, removed) == new
    assert delta(new, new) == ({}, frozenset())


@given(revisions(), st.data())
def test_any_damage_is_found(revision: Revision, data: st.DataObject) -> None:
    good = write_revision(revision)
    place = data.draw(st.integers(0, len(good) * 8 - 1))
    bad = bytearray(good)
    bad[place // 8] ^= 1 << place % 8
    with suppress(SlipwayError):
        assert read_revision(bytes(bad)) == revision, "a bit zstd does not use may flip, the content may not"
    with pytest.raises(BadObject):
        read_revision(good[: place // 8])


@given(st.binary(max_size=200), st.booleans())
def test_strange_bytes_are_refused_and_nothing_worse(data: bytes, packed: bool) -> None:
    for read in (read_base, read_revision, read_pack, read_format, read_writer):
        with pytest.raises((BadObject, UnknownFormat)):
            read(zstandard.compress(data) if packed else data)  # type: ignore[operator]


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_any_json_in_any_place_is_refused_and_nothing_worse(value: object) -> None:
    header = json.loads(json.dumps({"seq": 1, "parent": None, "time_ns": 1, "seen_ns": 1, "kind": "change"}))
    for make in (
        base_of(value),
        base_of(["file", value, 1, 1, 1, A, []]),
        base_of(["file", "p", 1, 1, 1, A, value]),
        base_of(["link", "p", 1, 1, value]) if not isinstance(value, str) else b"",
        hand_made("revision", {"slipway": "revision", "format": 1, **header, "writer": value}),
    ):
        with pytest.raises(BadObject):
            read_base(make)
        with pytest.raises(BadObject):
            read_revision(make)


BAD_PATHS = [
    "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "%2E%2E/a", "a%2F..%2Fb", "a\0", "%00",
    "%", "%4", "%zz", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_leaves_its_tree_is_refused(path: str) -> None:
    with pytest.raises(BadObject):
        path_from_text(path)
    with pytest.raises(BadObject):
        read_base(base_of(["dir", path, 1, 1]))


@pytest.mark.parametrize(
    "lines",
    [
        [["dir", "a", 1, 1], ["dir", "a", 1, 1]],
        [["dir", "b", 1, 1], ["dir", "a", 1, 1]],
        [["dir", "a", 1, 1], ["dir", "%61", 1, 1]],
        [["dir", "a", 0o10000, 1], ["dir", "b", 1, 1]],
        [["dir", "a", True, 1], ["dir", "b", 1, 1]],
        [["dir", "a", 1, 2**63], ["dir", "b", 1, 1]],
        [["dir", "a", 1, 1.0], ["dir", "b", 1, 1]],
        [["file", "a", 1, 1, 3, A, []], ["dir", "b", 1, 1]],
        [["file", "a", 1, 1, 0, A, []], ["dir", "b", 1, 1]],
        [["file", "a", 1, 1, 3, A, [[0, 0, 1]]], ["dir", "b", 1, 1]],
        [["pack", A], ["file", "a", 1, 1, 3, A, [[-1, 0, 1]]], ["dir", "b", 1, 1]],
        [["pack", A], ["file", "a", 1, 1, 3, A, [[0, 0, 1], [0, 1, 1]]], ["dir", "b", 1, 1]],
        [["pack", "A" * 64], ["dir", "a", 1, 1], ["dir", "b", 1, 1]],
        [["dir", "a", 1, 1], ["device", "b", 1, 1]],
        [["dir", "a", 1, 1]],
    ],
)
def test_what_the_format_does_not_allow_is_refused(lines: list[object]) -> None:
    with pytest.raises(BadObject):
        read_base(base_of(*lines, count=2))


@pytest.mark.parametrize(
    "line", [b'["dir","a",1,1] ["dir","b",1,1]', b' ["dir","a",1,1]', b'["dir","a",1,NaN]', b"\xff"]
)
def test_a_line_is_one_value_and_nothing_more(line: bytes) -> None:
    text = b'{"slipway":"base","format":1,"entries":1}\n' + line + b"\n"
    text += b'["end","%s"]\n' % hashlib.sha256(text).hexdigest().encode()
    with pytest.raises(BadObject):
        read_base(zstandard.compress(text))


def test_a_newer_version_is_refused_in_a_sentence() -> None:
    newer = hand_made("base", {"slipway": "base", "format": 2, "what": "ever"}, {"not": "a list"})
    for read in (lambda: read_base(newer), lambda: read_format(b'{"format": 2}')):
        with pytest.raises(UnknownFormat, match=r"format 2.*format 1 only"):
            read()
    pack = bytearray(write_pack([])[0])
    pack[-12] = 9
    with pytest.raises(UnknownFormat):
        read_pack(bytes(pack))


def test_fields_nobody_knows_yet_are_ignored() -> None:
    assert read_base(base_of(["dir", "a", 1, 1], later="field")).entries.keys() == {"a"}
    assert read_format(b'{"format": 1, "repository": "r", "more": 1}') == "r"


def test_a_bomb_costs_little() -> None:
    bomb = zstandard.ZstdCompressor(level=3).compress(b"x" * (MAX_LINE * 3))
    with pytest.raises(BadObject, match="longer"):
        read_base(bomb)
    with pytest.raises(BadObject, match="larger"):
        unpack(zstandard.compress(bytes(64 << 20)), A)
    with pytest.raises(BadObject):
        read_base(zstandard.compress(b"[" * 100_000 + b"\n"))


def test_nothing_lies_below_a_file_or_a_link() -> None:
    link = Entry("a", Kind.SYMLINK, 0o777, 1, target="/etc")
    below = Entry("a/b/passwd", Kind.FILE, 0o644, 1, 0, EMPTY_SHA256)
    with pytest.raises(BadObject, match="below"):
        check_places({"a": link, "a/b/passwd": below})
    check_places({"b": link, "a/b/passwd": below})


def test_state_is_base_plus_set_minus_removed() -> None:
    one, two, three = (Entry(p, Kind.DIR, 1, 1) for p in ("one", "two", "two/three"))
    revision = Revision(HEADER, {"two/three": three}, frozenset({"two"}))
    assert state_of({"one": one, "two": two}, revision) == {"one": one, "two/three": three}


def test_a_base_is_due_when_the_differences_outgrow_it() -> None:
    assert not base_due(1_000_000, 1_000_000)
    assert base_due(1_000_000, 1_000_001)
    assert not base_due(10, 65_536), "a tiny workspace does not get a base with every other save"
    assert base_due(10, 65_537)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_a_pack_explains_itself(contents: list[bytes]) -> None:
    frames = [Frame(hashlib.sha256(c).hexdigest(), len(c), zstandard.compress(c)) for c in contents]
    data, placed = write_pack(frames)
    assert read_pack(data, pack_name(data)) == placed
    for content, place in zip(contents, placed, strict=True):
        frame = data[place.offset : place.offset + place.length]
        assert unpack(frame, place.sha256) == content
        assert place.raw == len(content)
    index_place(data[-24:], len(data))
    for damaged in (data[:-1], data + b"x", b"x" + data):
        with pytest.raises(SlipwayError):
            read_pack(damaged)
        with pytest.raises(BadObject, match="hash"):
            read_pack(damaged, pack_name(data))


def test_a_piece_with_other_bytes_is_found() -> None:
    frame = zstandard.compress(b"one")
    assert unpack(frame, hashlib.sha256(b"one").hexdigest()) == b"one"
    with pytest.raises(BadObject):
        unpack(frame, B)
    with pytest.raises(BadObject):
        unpack(frame[:-1], hashlib.sha256(b"one").hexdigest())


def test_format_and_writer_come_back() -> None:
    assert read_format(write_format("abc")) == "abc"
    writer = Writer("install", 3, "nonce")
    assert read_writer(write_writer(writer)) == writer


def test_canonical_lines_do_not_depend_on_the_machine() -> None:
    """Bytes fixed once: another release must write the same for the same state."""
    state = [
        Entry("ü/%\udcff\n", Kind.FILE, 0o644, -1, 3, B, (Piece(A, 0, 12, B),)),
        Entry("link", Kind.SYMLINK, 0o777, 2**62, target="..//x"),
    ]
    raw = zstandard.ZstdDecompressor().decompressobj().decompress(write_base(state))
    lines = raw.decode().splitlines()
    assert lines[:-1] == [
        '{"slipway":"base","format":1,"entries":2}',
        f'["pack","{A}"]',
        '["link","link",511,4611686018427387904,"..//x"]',
        f'["file","ü/%25%FF\\n",420,-1,3,"{B}",[[0,0,12]]]',
    ]
    assert lines[-1] == f'["end","{hashlib.sha256(chr(10).join([*lines[:-1], ""]).encode()).hexdigest()}"]'


def test_odd_targets_are_carried() -> None:
    for target in ("/", "a//b", "..", "%", "\udcff/", "x" * 4000):
        assert from_text(to_text(target)) == target
    with pytest.raises(BadObject):
        read_base(base_of(["link", "a", 1, 1, ""]))


def test_writing_takes_lines_one_by_one() -> None:
    seen = 0

    def many() -> object:
        nonlocal seen
        for n in range(50_000):
            seen = n
            yield ["dir", f"{n:06}", 1, 1]

    assert len(write_lines("base", {"entries": 50_000}, many())) < 600_000  # type: ignore[arg-type]
    assert seen == 49_999
