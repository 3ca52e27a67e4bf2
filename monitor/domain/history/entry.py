"""One path as the history keeps it: what it is, its stamps, and where its bytes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.domain.history import fields
from monitor.domain.history.errors import BadObject
from monitor.domain.history.path_text import from_text, order, path_from_text, to_text
from monitor.domain.tree import Kind

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
MODES = 0o7777
EARLIEST, LATEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A zstd frame in a pack: `length` bytes at `offset`; `sha256` is that of the piece's own raw bytes."""

    pack: str
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a revision. `mode` is the permission bits; `sha256` and `pieces` are a file's, `target` a link's.

    `path` and `target` are as `os.fsdecode` gives them. The pieces' raw bytes in order are the file; an empty file
    has none. A folder is listed only where it is empty.
    """

    path: str
    kind: Kind
    mode: int
    mtime_ns: int
    size: int = 0
    sha256: str = ""
    pieces: tuple[Piece, ...] = ()
    target: str = ""


def kept_time(mtime_ns: int) -> int:
    """A file's time as an entry has it: the nearest that 64 bits hold (1677 to 2262); disks hold others, too."""
    return max(EARLIEST, min(mtime_ns, LATEST))


def write_entries(entries: Iterable[Entry]) -> Iterator[list[Any]]:
    """A `pack` line for each pack (numbered from 0 in this order), then a line for each entry; sorted by path."""
    ordered = list(entries)
    # Plain text sorts as its bytes do, without making these for each path.
    plain = all(entry.path.isascii() for entry in ordered)
    ordered.sort(key=(lambda entry: entry.path) if plain else (lambda entry: order(entry.path)))
    numbers: dict[str, int] = {}
    for entry in ordered:
        for piece in entry.pieces:
            if piece.pack not in numbers:
                numbers[piece.pack] = len(numbers)
                yield ["pack", piece.pack]
    for entry in ordered:
        yield _line(entry, numbers)


def _line(entry: Entry, numbers: Mapping[str, int]) -> list[Any]:
    common = [to_text(entry.path), entry.mode, entry.mtime_ns]
    if entry.kind is Kind.FILE:
        several = len(entry.pieces) > 1
        pieces = [
            [numbers[p.pack], p.offset, p.length, p.sha256] if several else [numbers[p.pack], p.offset, p.length]
            for p in entry.pieces
        ]
        return ["file", *common, entry.size, entry.sha256, pieces]
    if entry.kind is Kind.SYMLINK:
        return ["link", *common, to_text(entry.target)]
    if entry.kind is Kind.DIR:
        return ["dir", *common]
    raise ValueError(f"{entry.path!r} is a {entry.kind}, which is never kept")


class EntryReader:
    """Takes `pack` and entry lines in the order of the format; anything else is `BadObject`."""

    def __init__(self) -> None:
        self.packs: list[str] = []
        self.entries: dict[str, Entry] = {}
        self._last = b""

    def take(self, line: list[Any]) -> bool:
        """False for a line of another kind."""
        what = line[0]
        if what == "pack":
            self._pack(line)
        elif what == "file":
            self._file(line)
        elif what == "link":
            self._add(self._common(line, Kind.SYMLINK, 5, target=_target(line)))
        elif what == "dir":
            self._add(self._common(line, Kind.DIR, 4))
        else:
            return False
        return True

    def _pack(self, line: list[Any]) -> None:
        if self.entries or len(line) != 2:
            raise BadObject("A line that names a pack has one name and comes before the entries.")
        self.packs.append(fields.sha256(line[1]))

    def _file(self, line: list[Any]) -> None:
        if len(line) != 7:
            raise BadObject("A file's line has seven items.")
        size, sha256 = fields.integer(line[4]), fields.sha256(line[5])
        found = fields.listed(line[6], 1_000_000)
        only = sha256 if len(found) == 1 else None
        pieces = tuple([self._piece(item, only) for item in found])
        if (size == 0) != (not pieces) or (size == 0 and sha256 != EMPTY_SHA256):
            raise BadObject(f"{str(line[1])[:80]!r}: its size and its pieces do not fit together.")
        self._add(self._common(line, Kind.FILE, 7, size=size, sha256=sha256, pieces=pieces))

    def _piece(self, item: object, only: str | None) -> Piece:
        if type(item) is not list or len(item) != (3 if only else 4):
            raise BadObject("A piece has three items, or four where the file has several.")
        number = fields.integer(item[0], 0, len(self.packs) - 1)
        length = fields.integer(item[2], 1, 2**31)
        return Piece(self.packs[number], fields.integer(item[1]), length, only or fields.sha256(item[3]))

    def _common(self, line: list[Any], kind: Kind, items: int, **more: Any) -> Entry:
        if len(line) != items:
            raise BadObject(f"A {line[0]} line has {items} items.")
        mode, mtime_ns = fields.integer(line[2], 0, MODES), fields.integer(line[3], EARLIEST)
        return Entry(path_from_text(line[1]), kind, mode, mtime_ns, **more)

    def _add(self, entry: Entry) -> None:
        place = order(entry.path)
        if place <= self._last:
            raise BadObject(f"{entry.path[:80]!r} is listed twice or out of order.")
        self._last = place
        self.entries[entry.path] = entry


def _target(line: list[Any]) -> str:
    target = from_text(line[4]) if len(line) == 5 else ""
    if not target or "\0" in target:
        raise BadObject("A link's line has five items, the last a target that is not empty.")
    return target


def packs_of(entries: Iterable[Entry]) -> frozenset[str]:
    """The packs that hold these entries' bytes."""
    return frozenset(piece.pack for entry in entries for piece in entry.pieces)
