"""A pack: pieces of files, each a zstd frame, one after the other, then an index and a footer of 24 bytes.

A pack explains itself: the footer leads to the index, the index names every piece by the hash of its raw bytes.
Footer, little-endian: offset of the index (8 bytes), its length (4), format (4), the letters `SLIPPACK` (8).
"""

from __future__ import annotations

import hashlib
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from monitor.domain.history import fields
from monitor.domain.history.errors import BadObject, unknown_format
from monitor.domain.history.lines import MAX_WINDOW, VERSION, read_lines, write_lines

WHAT = "pack"
PIECE_BYTES = 8 * 1024 * 1024
PACK_BYTES = 8 * 1024 * 1024
FOOTER = struct.Struct("<QII8s")
MAGIC = b"SLIPPACK"
MAX_INDEX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece ready to be packed: `sha256` and `raw` (size) of its raw bytes, and the zstd frame."""

    sha256: str
    raw: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of a pack's index: where a piece's frame is, and what it unpacks to."""

    sha256: str
    offset: int
    length: int
    raw: int


def write_pack(frames: Sequence[Frame]) -> tuple[bytes, tuple[Placed, ...]]:
    """The pack's bytes and where each frame came to lie; `pack_name` of the bytes is its name."""
    placed: list[Placed] = []
    offset = 0
    for frame in frames:
        placed.append(Placed(frame.sha256, offset, len(frame.data), frame.raw))
        offset += len(frame.data)
    lines = (["piece", p.sha256, p.offset, p.length, p.raw] for p in placed)
    index = write_lines(WHAT, {"pieces": len(placed)}, lines)
    footer = FOOTER.pack(offset, len(index), VERSION, MAGIC)
    return b"".join((*(frame.data for frame in frames), index, footer)), tuple(placed)


def pack_name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def index_place(footer: bytes, size: int) -> tuple[int, int]:
    """Offset and length of the index, from a pack's last 24 bytes and its size.

    Raises `BadObject` or `UnknownFormat`.
    """
    if len(footer) != FOOTER.size or footer[-8:] != MAGIC:
        raise BadObject("This is not a Slipway pack: its end does not say so.")
    offset, length, version, _ = FOOTER.unpack(footer)
    if version != VERSION:
        raise unknown_format(WHAT, version, VERSION)
    if offset + length + FOOTER.size != size or length > MAX_INDEX:
        raise BadObject("This pack is damaged or cut off: its footer does not fit its size.")
    return offset, length


def read_index(data: bytes, end: int) -> tuple[Placed, ...]:
    """The pieces a pack's index (its own bytes, `data`) lists; `end` is the index's offset. Raises `BadObject`."""
    header, lines = read_lines(WHAT, data)
    count = fields.integer(fields.field(header, "pieces"))
    placed: list[Placed] = []
    offset = 0
    for line in lines:
        if len(line) != 5 or line[0] != "piece":
            raise BadObject("A pack's index has `piece` lines of five items only.")
        one = Placed(fields.sha256(line[1]), *(fields.integer(value) for value in line[2:]))
        if one.offset != offset:
            raise BadObject("A pack's pieces lie one after the other; this one's do not.")
        offset += one.length
        placed.append(one)
    if len(placed) != count or offset != end:
        raise BadObject("A pack's index does not fit the pack.")
    return tuple(placed)


def read_pack(data: bytes, sha256: str | None = None) -> tuple[Placed, ...]:
    """The index of a whole pack; `sha256` is the name it was found under. Raises `BadObject` or `UnknownFormat`."""
    if sha256 not in (None, pack_name(data)):
        raise BadObject(f"The pack {sha256} is damaged: its bytes have another hash.")
    offset, length = index_place(data[-FOOTER.size :], len(data))
    return read_index(data[offset : offset + length], offset)


def unpack(frame: bytes, sha256: str, most: int = PIECE_BYTES) -> bytes:
    """A piece's raw bytes, at most `most`; raises `BadObject` unless they have that hash."""
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= most:
            raise BadObject(f"The piece {sha256} does not say its size, or is larger than {most} bytes.")
        raw = _decompressor().decompress(frame, max_output_size=max(size, 1))
    except zstandard.ZstdError as error:
        raise BadObject(f"The piece {sha256} is damaged: {error}") from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise BadObject(f"The piece {sha256} is damaged: its bytes have another hash.")
    return raw


def _decompressor() -> zstandard.ZstdDecompressor:
    """One for each thread: making one takes longer than a small piece."""
    found: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if found is None:
        found = _local.decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    return found


_local = threading.local()
