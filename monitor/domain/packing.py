"""How a revision is packed for a download: its name, and what of an entry each format can say."""

from __future__ import annotations

import tarfile
from enum import StrEnum

from monitor.domain.history.entry import Entry
from monitor.domain.moments import NS
from monitor.domain.tree import Kind


class Packing(StrEnum):
    """The formats there are; the value is the ending of the file's name."""

    TAR = "tar.gz"
    ZIP = "zip"

    @property
    def media_type(self) -> str:
        return {"tar.gz": "application/gzip", "zip": "application/zip"}[self.value]


def file_name(workspace: str, seq: int, packing: Packing) -> str:
    """`shop-12.tar.gz`"""
    return f"{workspace}-{seq}.{packing.value}"


def tar_header(entry: Entry, folder: str) -> bytes:
    """The header blocks of one entry, below `folder`; owner and group are nobody's."""
    info = tarfile.TarInfo(f"{folder}/{entry.path}")
    info.mode, info.mtime = entry.mode, max(0, entry.mtime_ns / NS)
    if entry.kind is Kind.SYMLINK:
        info.type, info.linkname = tarfile.SYMTYPE, entry.target
    elif entry.kind is Kind.DIR:
        info.type = tarfile.DIRTYPE
    else:
        info.size = entry.size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def tar_padding(size: int) -> bytes:
    """What fills a file's last block."""
    return bytes(-size % tarfile.BLOCKSIZE)


TAR_END = bytes(tarfile.BLOCKSIZE * 2)
