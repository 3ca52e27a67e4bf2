"""What only live tests use: every test in this folder is marked `live`; Chromium, and a dashboard in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import components
from tests.support.shown import Shown, a_dashboard

if TYPE_CHECKING:
    from playwright.async_api import Browser

# No sandbox: tests run as root in containers, where Chromium's own cannot start. The rest keeps it quiet.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is here; the long ones of `frameworks` run only where the marker is asked for by name."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.live)
    if "frameworks" not in str(config.option.markexpr):
        long = [item for item in items if item.get_closest_marker("frameworks")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
    # Those that start whole monitors take longest: begun first, none of them is what all others wait for.
    items.sort(key=lambda item: not hasattr(getattr(item, "module", None), "Slipway"))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium, new for each test; use it in tests marked `browser`."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=components.find("browser").where, args=list(CHROMIUM_FLAGS)
        )
        yield chromium
        await chromium.close()


@pytest.fixture
async def shown(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Shown]:
    """The dashboard in that browser, before anybody signed in."""
    async with a_dashboard(browser, request.node.name) as made:
        yield made
