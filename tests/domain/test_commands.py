"""Commands: what comes back of a working copy, who wins where two changed one file, what is shown of any output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.bringing import Bringing, Sides, bring
from monitor.domain.command import ComesBack
from monitor.domain.printed import LINE_CHARS, Printed
from monitor.domain.tree import Entry, Kind


def file(path: str, size: int = 1, mtime_s: int = 1, inode: int = 1, mode: int = 0o644) -> Entry:
    return Entry(path, Kind.FILE, size, mtime_s * 10**9, mode, inode=inode)


def sides(base: list[Entry], now: list[Entry], made: list[Entry], gone: str = "", same: str = "") -> Sides:
    def by(entries: list[Entry]) -> dict[str, Entry]:
        return {entry.path: entry for entry in entries}

    return Sides(by(base), by(now), by(made), frozenset(gone.split()), frozenset(same.split()))


def test_what_only_the_command_changed_comes_back() -> None:
    base = [file("a"), file("b"), file("c"), file("d")]
    made = [file("a", 2, 9), file("c"), file("new"), file("d", mode=0o755)]
    assert bring(sides(base, base, made, gone="b", same="c d")) == Bringing(("a", "d", "new"), ("b",), ())


def test_what_both_changed_stays_and_is_named() -> None:
    base = [file("a"), file("b"), file("c"), file("d")]
    now = [file("a", 5, 7, 2), file("b", 5, 7, 2), file("new", 3), file("d", 5, 7, 2)]
    made = [file("a", 2, 9), file("new", 4), file("c", 8, 9), file("d")]
    said = bring(sides(base, now, made, gone="b"))
    assert said == Bringing((), (), ("a", "b", "c", "new")), "a file only somebody else changed is none of ours"


def test_a_file_where_a_folder_is_needed_is_in_the_way() -> None:
    assert bring(sides([], [file("x")], [file("x/y/z")])).conflicts == ("x/y/z",)


def test_what_became_the_same_in_both_is_left() -> None:
    assert bring(sides([], [file("a", 3)], [file("a", 3, 9)], same="a")) == Bringing()


def test_tools_folders_come_back_only_where_the_source_has_them() -> None:
    comes = ComesBack(("src/a.py", "vendor/mod/b.go", "sub/node_modules/patched/x.js"), ("db.sqlite3", "uploads/"))
    yes = ("src/new.py", "vendor/mod/c.go", "vendor", "sub/node_modules/patched/x.js", "uploads2")
    no = ("node_modules/x", "src/__pycache__/a.pyc", ".git/HEAD", "db.sqlite3", "uploads/1.png", ".container-ready")
    assert [path for path in yes if not comes(path)] == []
    assert [path for path in no if comes(path)] == []


@given(st.lists(st.binary(max_size=200), max_size=30))
def test_any_output_in_any_pieces_gives_the_same_plain_lines(parts: list[bytes]) -> None:
    pieces, whole = Printed(), Printed()
    one = [line for part in parts for line in pieces.take(part)] + pieces.end()
    two = whole.take(b"".join(parts)) + whole.end()
    assert one == two
    assert all(char.isprintable() or char == "\t" or not char.isascii() for line in one for char in line)


def test_an_endless_line_takes_no_memory_and_escapes_do_nothing() -> None:
    printed = Printed()
    for _ in range(1000):
        assert printed.take(b"x" * 10_000) == []
    (line,) = printed.take(b"\n")
    assert len(line) <= LINE_CHARS + 2
    assert printed.take(b"\x1b]0;title\x07\x1b[31mred\x1b[0m 10%\r 90%\rdone\r\n") == ["done"]
