"""What a command left, put back into its workspace: all of it as it was left, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.tree import Entry
from monitor.errors import SlipwayError
from monitor.ports.engine import Launch
from monitor.ports.files import Changed
from monitor.services.running.bringing import Bringer
from monitor.services.survey import Look
from tests.support.restoring import NAME, Spot


async def test_what_cannot_be_read_empties_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spot = Spot(tmp_path)
    await spot.desk.write("a", "precious")
    await spot.keep()
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "a").write_text("left by the command")
    tree = await spot.desk.files.walk(spot.folder)
    look = Look(tree, Launch(spot.folder, ("a",), "digest"), "static")
    bringer = Bringer(spot.desk.files, spot.placing, spot.desk.history, spot.restorer.turns, spot.root)

    async def unreadable(folder: Path, entry: Entry, size: int, **how: Any) -> AsyncIterator[Changed]:
        yield Changed(entry.path, "permission denied", refused=True)

    with monkeypatch.context() as patched:
        patched.setattr(spot.desk.files, "pieces", unreadable)
        with pytest.raises(SlipwayError, match="nothing was changed"):
            await bringer.bring("one", NAME, spot.folder, look, copy)
    assert (spot.folder / "a").read_text() == "precious"
    assert spot.stages == []
    brought = await bringer.bring("two", NAME, spot.folder, look, copy)
    assert (spot.folder / "a").read_text() == "left by the command"
    assert brought.complete
    await spot.close()
