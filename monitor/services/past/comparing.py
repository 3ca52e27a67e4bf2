"""One file at two revisions, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor.domain.differences.sides import Sides, sides
from monitor.domain.differences.text import MAX_BYTES
from monitor.domain.history.entry import Entry
from monitor.domain.restoring.plan import shown
from monitor.domain.tree import Kind
from monitor.errors import NotFound
from monitor.services.diffs import Diffs
from monitor.services.past.reading import Reading
from monitor.services.restore.wish import plain_path


@dataclass(frozen=True, slots=True)
class Comparing:
    """Answers are JSON-ready; both texts are bounded."""

    reading: Reading

    async def sides(
        self, name: str, before: str, after: str, path: str, *, was: str = "", whole: bool = False
    ) -> dict[str, Any]:
        """`path` at both revisions (`was`: its name at the first one); `rows` null where it is no text, or too large.

        Raises `NotFound` where neither has it, and as `Reading` does.
        """
        path, was = plain_path(path), plain_path(was)
        old_seq, new_seq = await self.reading.seq(name, before), await self.reading.seq(name, after)
        archive, diffs = self.reading.archive, self.reading.diffs
        old = (await archive.state(name, old_seq)).get(was or path)
        new = (await archive.state(name, new_seq)).get(path)
        if old is None and new is None:
            raise NotFound(
                f"neither revision {old_seq} nor {new_seq} of {name} has {shown(path)!r}",
                hint="`slipway history NAME PATH` shows when it was there",
            )
        datas = [await _data(diffs, name, seq, one) for seq, one in ((old_seq, old), (new_seq, new))]
        found = None if None in datas else await diffs.run(sides, *datas, None if whole else 3)
        return {"path": shown(path), "before": _side(old, old_seq), "after": _side(new, new_seq), **_rows(found)}


async def _data(diffs: Diffs, name: str, seq: int, entry: Entry | None) -> bytes | None:
    """Nothing for what was not there, a link's target, a file's bytes; None for what is too large."""
    if entry is None or entry.kind is Kind.DIR:
        return b""
    if entry.kind is Kind.SYMLINK:
        return entry.target.encode("utf-8", "surrogateescape")
    return await diffs.content(name, seq, entry.path, MAX_BYTES) if entry.size <= MAX_BYTES else None


def _side(entry: Entry | None, seq: int) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "seq": seq,
        "path": shown(entry.path),
        "type": entry.kind.value,
        "size": entry.size,
        "mode": entry.mode,
        "sha256": entry.sha256 or None,
    }


def _rows(found: Sides | None) -> dict[str, Any]:
    return {"rows": [row.as_json() for row in found.rows] if found else None, "cut": bool(found and found.cut)}
