"""A store that is away at the start keeps nobody from being served."""

from __future__ import annotations

import pytest

from tests.support.ports import free_port
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.timeout(120)]


def test_workspaces_are_served_while_the_store_is_away_and_the_reason_is_shown() -> None:
    nowhere = {"s3_endpoint": f"http://127.0.0.1:{free_port()}", "s3_access_key": "a", "s3_secret_key": "b"}
    with Slipway("process", **nowhere) as slipway:
        slipway.drop("page", {"index.html": "here"})
        slipway.until_text("/page/", "here")
        assert slipway.status()["store"] == "away"
        sync = slipway.until(lambda: slipway.state("page")["sync"]["error"] and slipway.state("page")["sync"])
        assert sync["kept_at"] is None
        assert "Debug source" not in sync["error"]
