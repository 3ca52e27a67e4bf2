"""A folder of everything a file system allows and few programs expect."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

NAMES = (
    b"\xff\xfe", b"new\nline", b"x" * 255, b"-rf", b"dot.", b"space ", "e\u0301".encode(), "\u00e9".encode(),
    b"CASE", b"case", b"%41", b"a%", b"tab\t", b"\\", b" ",
)  # fmt: skip
SPECIAL = ("pipe", "sock")
"""What is neither file nor folder nor link, and so is never kept."""


def make_odd(folder: Path) -> None:
    """Files under `NAMES`, a pipe, a socket where its path is not too long, and links that lead nowhere."""
    top = os.fsencode(folder)
    for number, name in enumerate(NAMES):
        with open(os.path.join(top, name), "wb") as file:
            file.write(b"%d" % number)
    os.mkfifo(os.path.join(top, b"pipe"))
    with socket.socket(socket.AF_UNIX) as unix, suppress(OSError):
        unix.bind(os.path.join(top, b"sock"))
    os.symlink(b"loop", os.path.join(top, b"loop"))
    os.symlink(b"\xff/dangling", os.path.join(top, b"dangling"))
