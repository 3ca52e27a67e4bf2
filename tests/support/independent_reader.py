"""A second reader of the history, written from monitor/FORMAT.md alone: the oracle for every restore.

Imports nothing of the product. `get(key)` returns an object's bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import zstandard

Get = Callable[[str], bytes]
List = Callable[[str], list[str]]


class Damaged(Exception):
    """Some object is not what the format page says."""


def check(condition: bool, what: str) -> None:
    if not condition:
        raise Damaged(what)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def line_object(data: bytes, what: str) -> tuple[dict[str, Any], list[list[Any]]]:
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=8 << 20).stream_reader(data)
        text = reader.read()
        *lines, empty = text.split(b"\n")
        last = lines.pop()
        values = [json.loads(line) for line in lines]
    except (zstandard.ZstdError, ValueError, IndexError) as error:
        raise Damaged(f"{what}: {error}") from error
    before = text[: len(text) - len(last) - 1]
    check(empty == b"" and last == b'["end","%s"]' % sha(before).encode(), f"{what}: wrong last line")
    header = values.pop(0)
    check(header["slipway"] == what, f"not a {what}")
    check(header["format"] == 1, f"{what}: unknown format")
    return header, values


def path_bytes(text: str) -> bytes:
    return unquote_to_bytes(text)


class Reader:
    """The history of one workspace."""

    def __init__(self, get: Get, keys: List, workspace: str, prefix: str = "") -> None:
        self._get, self._keys = get, keys
        self._top = f"{prefix}/" if prefix else ""
        self._history = f"{self._top}{workspace}/history/"
        self._packs: dict[str, bytes] = {}

    def seqs(self) -> list[int]:
        return sorted(int(key[-20:]) for key in self._keys(f"{self._history}revisions/"))

    def header(self, seq: int) -> dict[str, Any]:
        return line_object(self._get(f"{self._history}revisions/{seq:020}"), "revision")[0]

    def state(self, seq: int) -> dict[bytes, list[Any]]:
        """Each path's line, with pack names in place of numbers."""
        check(json.loads(self._get(f"{self._top}FORMAT"))["format"] == 1, "FORMAT: unknown")
        header, lines = line_object(self._get(f"{self._history}revisions/{seq:020}"), "revision")
        check(header["seq"] == seq, "another revision's bytes")
        data = self._get(f"{self._history}bases/{header['base']}")
        check(sha(data) == header["base"], "base: wrong bytes")
        base_header, base_lines = line_object(data, "base")
        state = dict(entries(base_lines))
        check(len(state) == base_header["entries"], "base: wrong number of entries")
        changed = dict(entries(lines))
        gone = [path_bytes(line[1]) for line in lines if line[0] == "gone"]
        check(header["changed"] == len(changed) and header["removed"] == len(gone), "revision: wrong counts")
        state.update(changed)
        for path in gone:
            state.pop(path, None)
        files = [line for line in state.values() if line[0] == "file"]
        check((header["files"], header["bytes"]) == (len(files), sum(f[4] for f in files)), "revision: wrong totals")
        return state

    def content(self, line: list[Any]) -> bytes:
        """A file's bytes."""
        parts = []
        for pack, offset, length, *piece in line[6]:
            frame = self._pack(pack)[offset : offset + length]
            try:
                raw = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompress(frame)
            except zstandard.ZstdError as error:
                raise Damaged(f"piece: {error}") from error
            check(len(raw) <= 8 << 20 and (not piece or sha(raw) == piece[0]), "piece: wrong bytes")
            parts.append(raw)
        data = b"".join(parts)
        check(len(data) == line[4] and sha(data) == line[5], "file: wrong bytes")
        return data

    def restore(self, seq: int, target: Path) -> None:
        """Put the state into `target`, an empty folder."""
        top = os.fsencode(target)
        for path, line in self.state(seq).items():
            check(not {b"", b".", b".."} & set(path.split(b"/")) and b"\0" not in path, "a path leaves its tree")
            place = os.path.join(top, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if line[0] == "file":
                with open(place, "xb") as file:
                    file.write(self.content(line))
            elif line[0] == "link":
                os.symlink(path_bytes(line[4]), place)
            else:
                os.mkdir(place)
            if line[0] != "link":
                os.chmod(place, line[2])
            os.utime(place, ns=(line[3], line[3]), follow_symlinks=False)

    def _pack(self, name: str) -> bytes:
        if name not in self._packs:
            data = self._get(f"{self._history}packs/{name}")
            check(sha(data) == name, "pack: wrong bytes")
            check(data[-8:] == b"SLIPPACK" and data[-12:-8] == b"\1\0\0\0", "pack: wrong footer")
            start, size = int.from_bytes(data[-24:-16], "little"), int.from_bytes(data[-16:-12], "little")
            header, lines = line_object(data[start : start + size], "pack")
            check(start + size + 24 == len(data) and header["pieces"] == len(lines), "pack: wrong index")
            self._packs = {name: data} if len(self._packs) > 8 else {**self._packs, name: data}
        return self._packs[name]


def entries(lines: list[list[Any]]) -> Iterator[tuple[bytes, list[Any]]]:
    packs = [line[1] for line in lines if line[0] == "pack"]
    for line in lines:
        if line[0] == "file":
            yield path_bytes(line[1]), [*line[:6], [[packs[p[0]], *p[1:]] for p in line[6]]]
        else:
            check(line[0] in {"pack", "gone", "unstable", "link", "dir"}, "unknown line")
            if line[0] in {"link", "dir"}:
                yield path_bytes(line[1]), line
