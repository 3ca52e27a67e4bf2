"""What the browser showed at a test's end, kept as a picture for whoever looks into a run."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

VARIABLE = "SLIPWAY_SCREENSHOTS"


def folder() -> Path:
    """Where pictures go: the folder that is named, or one of the system's for temporary things."""
    found = Path(os.environ.get(VARIABLE) or Path(tempfile.gettempdir()) / "slipway-screenshots")
    found.mkdir(parents=True, exist_ok=True)
    return found


async def keep(context: BrowserContext, test: str) -> None:
    """One picture of each page that is open; a page that cannot be shown any more fails no test."""
    from playwright.async_api import Error

    name = re.sub(r"[^\w.-]+", "-", test)
    for number, page in enumerate(context.pages):
        try:
            await page.screenshot(path=folder() / f"{name}-{number}.png", full_page=True, timeout=5_000)
        except Error:
            continue
