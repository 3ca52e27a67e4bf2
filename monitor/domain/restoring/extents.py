"""What to ask the store for: the pieces that are needed, as few and as large byte ranges of packs as make sense."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.pack import PIECE_BYTES

# Reading this much in vain is quicker than another request.
GAP = 512 * 1024
# Small enough for reading, unpacking and writing to overlap, large enough for few requests.
EXTENT = 2 * 1024 * 1024
# zstd's own bound for what cannot be compressed, generously.
MAX_FRAME = PIECE_BYTES + PIECE_BYTES // 128 + 1024


@dataclass(frozen=True, slots=True)
class Extent:
    """`length` bytes at `offset` of one pack, and the files of one piece each whose pieces lie in there."""

    pack: str
    offset: int
    length: int
    files: tuple[Entry, ...]


def oversized(entry: Entry) -> bool:
    """Whether one of its pieces is longer than any piece can be: the entry is damaged."""
    return any(piece.length > MAX_FRAME for piece in entry.pieces)


def extents(files: Iterable[Entry]) -> Iterator[Extent]:
    """Ranges that bring all of `files` (each of one piece), pack by pack, in the order of their offsets."""
    packs: dict[str, list[Entry]] = defaultdict(list)
    for entry in files:
        packs[entry.pieces[0].pack].append(entry)
    for pack, found in packs.items():
        found.sort(key=lambda entry: entry.pieces[0].offset)
        yield from _joined(pack, found)


def _joined(pack: str, found: list[Entry]) -> Iterator[Extent]:
    held: list[Entry] = []
    start = end = 0
    for entry in found:
        piece = entry.pieces[0]
        if held and (piece.offset > end + GAP or _end(piece) > start + max(EXTENT, end - start)):
            yield Extent(pack, start, end - start, tuple(held))
            held = []
        if not held:
            start = end = piece.offset
        held.append(entry)
        end = max(end, _end(piece))
    yield Extent(pack, start, end - start, tuple(held))


def _end(piece: Piece) -> int:
    return piece.offset + piece.length
