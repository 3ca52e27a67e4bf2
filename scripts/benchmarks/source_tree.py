"""Source code to measure with: real files of this machine's Python, as many as asked for."""

from __future__ import annotations

import math
import sysconfig
from collections.abc import Iterator
from pathlib import Path

TEXT = {".py", ".js", ".ts", ".json", ".html", ".css", ".md", ".txt", ".rst", ".c", ".h", ".pyi", ".svg", ".toml"}


def make_tree(folder: Path, files: int, megabytes: float) -> tuple[int, int]:
    """Fill `folder` with that many files of about that much; returns how many files and bytes there are.

    Sources are cut or put together to come near the sizes wanted: many small ones, few large ones, all different.
    """
    found = sorted(_sources())
    average = megabytes * 1e6 / files
    size = 0
    rest = b""
    for count in range(files):
        # Sizes as source trees have them: two thirds are below the average, a few are ten times as large.
        wanted = int(average * -math.log(1 - ((count * 0.618034) % 1.0) * 0.99999)) + 40
        while len(rest) < wanted:
            rest += found[(count * 7 + len(rest)) % len(found)].read_bytes()
        place = folder / f"part{count % 40}" / f"folder{count % 7}" / f"{count}{found[count % len(found)].suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"# %d\n" % count + rest[:wanted])
        rest, size = rest[wanted:], size + wanted
    return files, size


def _sources() -> Iterator[Path]:
    for name in ("purelib", "stdlib"):
        for place in Path(sysconfig.get_paths()[name]).rglob("*"):
            if place.suffix in TEXT and place.is_file() and not place.is_symlink() and place.stat().st_size > 200:
                yield place
