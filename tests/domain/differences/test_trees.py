"""The difference of two states: what leads from one to the other, and what was only moved."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given

from monitor.domain.differences.trees import Change, What, compare
from monitor.domain.history.entry import Entry, Piece
from monitor.domain.tree import Kind
from tests.support.histories import states


def file(path: str, text: str, mode: int = 0o644) -> Entry:
    data = text.encode()
    sha = hashlib.sha256(data).hexdigest()
    pieces = (Piece("a" * 64, 0, 5, sha),) if data else ()
    return Entry(path, Kind.FILE, mode, 7, len(data), sha, pieces)


def state(*entries: Entry) -> dict[str, Entry]:
    return {entry.path: entry for entry in entries}


def said(changes: tuple[Change, ...]) -> list[str]:
    return [
        f"{c.what} {c.before.path} -> {c.path}" if c.what is What.RENAMED and c.before else f"{c.what} {c.path}"
        for c in changes
    ]


def test_each_path_once_in_order() -> None:
    old = state(file("a", "1"), file("b", "2"), file("gone", "3"), file("x", "5"), Entry("d", Kind.DIR, 0o755, 1))
    new = state(
        file("a", "1"),
        file("b", "22"),
        file("new", "4"),
        file("x", "5", 0o755),
        Entry("d", Kind.SYMLINK, 0o777, 1, target="a"),
    )
    assert said(compare(old, new)) == ["changed b", "changed d", "removed gone", "added new", "mode x"]
    assert [c.grown for c in compare(old, new)] == [1, 0, -1, 1, 0]


def test_moved_files_are_renames_and_empty_ones_are_not() -> None:
    old = state(file("src/app.py", "x"), file("src/b.py", "x"), file("empty", ""))
    new = state(file("lib/b.py", "x"), file("lib/z.py", "x"), file("other", ""))
    assert said(compare(old, new)) == [
        "removed empty",
        "renamed src/b.py -> lib/b.py",
        "renamed src/app.py -> lib/z.py",
        "added other",
    ]


def test_a_part_alone() -> None:
    old = state(file("a/x", "1"), file("ab", "2"), file("moved", "3"))
    new = state(file("a/x", "2"), file("ab", "3x"), file("a/moved", "3"))
    assert said(compare(old, new, "a")) == ["renamed moved -> a/moved", "changed a/x"]
    assert said(compare(old, new, "ab")) == ["changed ab"]


def test_times_alone_are_no_difference() -> None:
    assert compare(state(file("a", "1")), state(replace(file("a", "1"), mtime_ns=9))) == ()


@given(states(), states())
def test_every_difference_is_told_exactly_once(old: dict[str, Entry], new: dict[str, Entry]) -> None:
    changes = compare(old, new)
    gone = [c.before.path for c in changes if c.before and (c.after is None or c.what is What.RENAMED)]
    came = [c.after.path for c in changes if c.after and (c.before is None or c.what is What.RENAMED)]
    assert sorted(gone) == sorted(old.keys() - new.keys())
    assert sorted(came) == sorted(new.keys() - old.keys())
    assert len({c.path for c in changes if c.what is not What.REMOVED}) == sum(
        c.what is not What.REMOVED for c in changes
    )
    assert compare(old, old) == ()
    for change in changes:
        if change.what is What.RENAMED:
            assert change.before is not None
            assert change.after is not None
            assert change.before.sha256 == change.after.sha256
