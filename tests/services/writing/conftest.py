"""A workspaces root, and what writes below it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.file_writing import DiskWriting


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path


@pytest.fixture
async def disk(root: Path) -> AsyncIterator[DiskWriting]:
    disk = DiskWriting(root)
    yield disk
    disk.close()
