"""The one container of bases and revisions: a zstd frame of JSON lines, a header first, a hash last.

Written canonically, so that equal values are equal lines. Read strictly and lazily: a hostile object costs bounded
memory and ends in `BadObject`; a newer version is refused before anything else is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import zstandard

from monitor.domain.history.errors import BadObject, unknown_format

VERSION = 1
LEVEL = 3
MAX_LINE = 16 * 1024 * 1024
MAX_BYTES = 4 * 1024**3
MAX_WINDOW = 8 * 1024 * 1024
END = "end"

_CHUNK = 1024 * 1024
# So much of a hostile frame unpacks to 32 MiB at most.
_FEED = 1024
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def write_lines(what: str, header: Mapping[str, Any], lines: Iterable[Sequence[Any]]) -> bytes:
    """The object's bytes; `lines` are consumed one by one, so that only the compressed form is in memory."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
    digest = hashlib.sha256()
    parts: list[bytes] = []
    pending = [_encode({"slipway": what, "format": VERSION, **header})]
    size = 0

    def flush() -> None:
        text = "".join(f"{line}\n" for line in pending).encode()
        digest.update(text)
        parts.append(compressor.compress(text))
        pending.clear()

    for line in lines:
        text = _encode(line)
        pending.append(text)
        size += len(text)
        if size > _CHUNK:
            flush()
            size = 0
    flush()
    parts.append(compressor.compress(f"{_encode([END, digest.hexdigest()])}\n".encode()))
    parts.append(compressor.flush())
    return b"".join(parts)


def read_lines(what: str, data: bytes) -> tuple[dict[str, Any], Iterator[list[Any]]]:
    """The header, and the lines after it as they are asked for; both raise `BadObject`, the header `UnknownFormat`.

    Only after the last line was taken is the object known to be whole.
    """
    raw = _raw_lines(what, data)
    header = _value(what, next(raw, b""))
    if not isinstance(header, dict) or header.get("slipway") != what:
        raise BadObject(f"This is not a Slipway {what}: its first line does not say so.")
    if type(header.get("format")) is not int or header["format"] != VERSION:
        raise unknown_format(what, header.get("format"), VERSION)
    return header, _values(what, raw)


def _values(what: str, raw: Iterator[bytes]) -> Iterator[list[Any]]:
    for line in raw:
        value = _value(what, line)
        if type(value) is not list or not value or type(value[0]) is not str:
            raise BadObject(f"This {what} has a line that is no list beginning with a word.")
        yield value


def _raw_lines(what: str, data: bytes) -> Iterator[bytes]:
    """Every line but the last, whose hash is compared; raises `BadObject` where it is missing or wrong."""
    digest = hashlib.sha256()
    held: bytes | None = None
    for found in _split(what, data):
        lines = found if held is None else [held, *found]
        held = lines.pop()
        digest.update(b"".join([line + b"\n" for line in lines]))
        yield from lines
    if held is None or held.decode("utf-8", "replace") != _encode([END, digest.hexdigest()]):
        raise BadObject(f"This {what} is damaged or cut off: its last line does not match what comes before.")


def _split(what: str, data: bytes) -> Iterator[list[bytes]]:
    """Lines as they come, never none at once."""
    rest = b""
    for chunk in _decompressed(what, data):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise BadObject(f"This {what} has a line longer than {MAX_LINE} bytes.")
        if whole:
            yield whole
    if rest:
        raise BadObject(f"This {what} is cut off in the middle of a line.")


def _decompressed(what: str, data: bytes) -> Iterator[bytes]:
    total = 0
    frame = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
    try:
        for start in range(0, len(data), _FEED):
            chunk = frame.decompress(data[start : start + _FEED])
            total += len(chunk)
            if total > MAX_BYTES:
                raise BadObject(f"This {what} holds more than {MAX_BYTES} bytes.")
            yield chunk
            if frame.eof:
                break
    except zstandard.ZstdError as error:
        raise BadObject(f"This {what} cannot be unpacked: {error}") from error
    # A reader that stops where the lines stop would take a frame whose checksum was cut off.
    if not frame.eof or frame.unused_data or len(data) > start + _FEED:
        raise BadObject(f"This {what} is cut off, or something follows it.")


def _value(what: str, line: bytes) -> Any:
    try:
        text = line.decode()
        value, end = _decode(text)
    except (ValueError, RecursionError) as error:
        raise BadObject(f"This {what} has a line that is not JSON.") from error
    if end != len(text):
        raise BadObject(f"This {what} has a line that is more than JSON.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


# One for all lines: what the json module makes for each call takes longer than a line.
_decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode
