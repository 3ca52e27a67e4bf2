"""A workspace with its mirror for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.mirroring import Bench


@pytest.fixture
def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made  # type: ignore[misc]
    made.files.close()
