"""Workspaces that follow a real repository, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.following import World, followed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with followed(tmp_path) as found:
        yield found
