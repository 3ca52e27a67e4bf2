"""Random states and revisions for property tests of the history's formats."""

from __future__ import annotations

import hashlib
import os

from hypothesis import strategies as st

from monitor.domain.history.delta import check_places, totals
from monitor.domain.history.entry import EMPTY_SHA256, Entry, Piece
from monitor.domain.history.errors import BadObject
from monitor.domain.history.revision import GitHead, Grade, Header, Origin, Revision, Writer
from monitor.domain.tree import Kind

ODD = [b"a", b"b", b"%", b"%41", b"\xff", b"\xc3", b"\xc3\xa9", b"e\xcc\x81", b"nl\nx", b" ", b"-rf", b"x" * 255]
segments = st.one_of(
    st.sampled_from(ODD),
    st.binary(min_size=1, max_size=12).filter(lambda b: not {0, 47} & set(b) and b not in {b".", b".."}),
)
paths = st.lists(segments, min_size=1, max_size=4).map(lambda parts: os.fsdecode(b"/".join(parts)))
hashes = st.integers(0, 2**64).map(lambda n: hashlib.sha256(b"%d" % n).hexdigest())
stamps = st.integers(-(2**63), 2**63 - 1)
modes = st.integers(0, 0o7777)
pieces = st.builds(
    Piece, st.sampled_from(["a" * 64, "b" * 64]) | hashes, st.integers(0, 2**40), st.integers(1, 2**23), hashes
)


@st.composite
def entries(draw: st.DrawFn, path: str) -> Entry:
    kind = draw(st.sampled_from([Kind.FILE, Kind.FILE, Kind.SYMLINK, Kind.DIR]))
    mode, mtime = draw(modes), draw(stamps)
    if kind is Kind.DIR:
        return Entry(path, kind, mode, mtime)
    if kind is Kind.SYMLINK:
        return Entry(path, kind, mode, mtime, target=draw(paths | st.just("../../%/\udcfe")))
    found = draw(st.lists(pieces, max_size=3))
    if not found:
        return Entry(path, kind, mode, mtime, 0, EMPTY_SHA256)
    sha256 = found[0].sha256 if len(found) == 1 else draw(hashes)
    return Entry(path, kind, mode, mtime, draw(st.integers(1, 2**62)), sha256, tuple(found))


@st.composite
def states(draw: st.DrawFn) -> dict[str, Entry]:
    state: dict[str, Entry] = {}
    for path in draw(st.lists(paths, max_size=8, unique_by=os.fsencode)):
        entry = draw(entries(path))
        try:
            check_places({**state, path: entry})
        except BadObject:
            continue
        state[path] = entry
    return state


@st.composite
def revisions(draw: st.DrawFn) -> Revision:
    changed = draw(states())
    removed = frozenset(p for p in draw(st.lists(paths, max_size=4)) if p not in changed)
    unstable = tuple(sorted(set(draw(st.lists(paths, max_size=2))), key=os.fsencode))
    files, size = totals(changed)
    header = Header(
        seq=draw(st.integers(1, 2**62)),
        time_ns=draw(stamps),
        seen_ns=draw(stamps),
        writer=Writer("install", draw(st.integers(0, 99)), "nonce"),
        base=draw(hashes),
        base_bytes=draw(st.integers(0, 2**40)),
        delta_bytes=draw(st.integers(0, 2**40)),
        kind=draw(st.sampled_from(["change", "a-later-kind"])),
        parent=draw(st.none() | st.integers(1, 2**62)),
        origin=draw(st.none() | st.just(Origin("shop", 4))),
        segment=draw(st.integers(1, 2**62)),
        files=files,
        bytes=min(size, 2**63 - 1),
        git=draw(st.none() | st.just(GitHead("ab" * 20, "refs/heads/ü%\udcff"))),
        grade=Grade.BUSY if unstable else Grade.SETTLED,
        unstable=unstable,
        flags=draw(st.sampled_from([(), ("clock-back", "mass-delete")])),
        merged=draw(st.sampled_from([(), (3, 4)])),
    )
    return Revision(header, changed, removed)
