"""A process engine for each test: with bubblewrap and without it, or without it alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import process_engine as support
from tests.support.process_engine import Home


@pytest.fixture(params=["bubblewrap", "bare"])
async def home(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    async with support.a_home(request.param == "bubblewrap") as made:
        yield made


@pytest.fixture
async def bare() -> AsyncIterator[Home]:
    async with support.a_home(bubblewrap=False) as made:
        yield made
