"""Lead a signed-in page of the dashboard to an address, also while it is just loading itself again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

WAIT_MS = 60_000
LOADS = 5


async def lead(page: Page, address: str) -> None:
    """Change the address's hash. A page that lost a part to the machine's networks begins anew under our hands."""
    from playwright.async_api import Error

    for load in range(LOADS):
        try:
            await page.evaluate("address => { location.hash = address; }", address)
        except Error as gone:
            if "context was destroyed" not in str(gone) or load == LOADS - 1:
                raise
            await page.wait_for_selector('[data-connection="live"]', timeout=WAIT_MS)
        else:
            return
