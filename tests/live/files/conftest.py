"""Workspaces on a real disk, and a folder of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles


@pytest.fixture
def files() -> Iterator[DiskFiles]:
    made = DiskFiles(SystemClock())
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "root" / "odd"
    made.mkdir(parents=True)
    return made
