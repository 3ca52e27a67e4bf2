"""A whole Slipway with two workspaces, one for each file here, and its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.programs.parts import APP, TOKEN, Api
from tests.support.slipway import Slipway


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    with Slipway("process", token=TOKEN) as slipway:
        slipway.drop("app", APP)
        slipway.drop("page", {"index.html": "a page"})
        slipway.until_serving("app")
        slipway.until_serving("page")
        yield slipway


@pytest.fixture
def api(slipway: Slipway) -> Api:
    return Api(slipway)
