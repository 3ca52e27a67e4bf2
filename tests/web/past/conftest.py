"""The doors to what was kept, over real services."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.web.server import dashboard_app
from tests.support.face import Stage
from tests.support.past import Kept, kept
from tests.web.conftest import ORIGIN, Door, running


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path) as found:
        yield found


@pytest.fixture
async def door(stage: Stage, shelf: Kept) -> AsyncIterator[Door]:
    stage.face = dataclasses.replace(stage.face, past=shelf.past, restoring=shelf.restoring)
    app = dashboard_app(stage.face, frozenset({ORIGIN}))
    async with running(stage.jobs.run), TestClient(TestServer(app)) as client:
        yield Door(stage, client)
