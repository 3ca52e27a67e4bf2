"""A workspace to put back for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.restoring import Spot


@pytest.fixture
async def spot(tmp_path: Path) -> AsyncIterator[Spot]:
    spot = Spot(tmp_path)
    yield spot
    await spot.close()
