"""Zip archives, entry by entry, their list of contents looked at before it is read into memory."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from monitor.adapters.unpacking.writing import CHUNK, Tree
from monitor.domain.creating.intake import Intake, Unsafe, What, shown

# PKWARE APPNOTE 4.3.16: the end of the central directory; 4.3.15: the locator of the 64-bit one.
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"
# 4.3.12: the header of each entry of the central directory.
_ENTRY = b"PK\x01\x02"
_TAIL = 22 + 65535
LISTING = 16 * 1024 * 1024
ENCRYPTED = 0x1
KNOWN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DAMAGED = (zipfile.BadZipFile, EOFError, zlib.error, ValueError, OverflowError, NotImplementedError, struct.error)


def unpack_zip(file: Path, tree: Tree, intake: Intake) -> None:
    """Raises `Unsafe`."""
    try:
        with file.open("rb") as raw:
            _bounded(raw, intake.limits.entries)
            with zipfile.ZipFile(raw) as archive:
                for entry in archive.infolist():
                    _one(archive, entry, tree, intake)
    except DAMAGED as error:
        raise Unsafe("the archive is damaged or cut short", hint="pack it again, and send it whole") from error


def _bounded(raw: IO[bytes], entries: int) -> None:
    """The list of contents, which `zipfile` reads in one piece into objects, is not too large for that."""
    size = raw.seek(0, os.SEEK_END)
    raw.seek(max(0, size - _TAIL - 20))
    tail = raw.read(_TAIL + 20)
    at = len(tail) - 22 if tail[-22:-18] == _END and tail[-2:] == b"\0\0" else tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile
    (listing,) = struct.unpack_from("<L", tail, at + 12)
    if listing > LISTING or tail[max(0, at - 20) : at].startswith(_END64):
        raise Unsafe(f"its list of contents is larger than {LISTING // 1024**2} MiB", hint="pack fewer files")
    raw.seek(max(0, size - len(tail) + at - listing))
    if raw.read(listing).count(_ENTRY) > entries:
        raise Unsafe(f"it holds more than {entries:,} files and folders", hint="pack fewer files")


def _one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, tree: Tree, intake: Intake) -> None:
    mode = entry.external_attr >> 16
    what = _what(entry, mode)
    path = intake.take(entry.orig_filename, what, entry.file_size)
    if path is None:
        return
    if what is What.FOLDER:
        tree.make(path)
        return
    if entry.flag_bits & ENCRYPTED:
        raise Unsafe(f"{shown(entry.filename)} is encrypted", hint="pack it without a password")
    if entry.compress_type not in KNOWN:
        raise Unsafe(f"{shown(entry.filename)} is packed in an unusual way", hint="pack it as a plain zip")
    if entry.header_offset < 0:
        raise zipfile.BadZipFile
    with archive.open(entry) as data:
        tree.copy(_chunks(data, entry.file_size), path, intake, runs=bool(mode & 0o111))


def _what(entry: zipfile.ZipInfo, mode: int) -> What:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        return What.LINK
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return What.DEVICE
    return What.FOLDER if entry.is_dir() or kind == stat.S_IFDIR else What.FILE


def _chunks(data: IO[bytes], said: int) -> Iterator[bytes]:
    while chunk := data.read(CHUNK):
        said -= len(chunk)
        yield chunk
    if said:
        raise zipfile.BadZipFile
