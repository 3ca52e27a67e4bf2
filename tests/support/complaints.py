"""Everything a browser complains about while a test looks, but for what the machine's other work does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Page

# Chromium drops its connections when a network of the machine comes or goes, as Docker's do all the time; the page
# connects again by itself.
_NOT_OURS = "ERR_NETWORK_CHANGED"


def of(page: Page, but: str = _NOT_OURS) -> list[str]:
    """A list that fills with the texts of errors on `page`: requests and policy too; `but` is expected."""
    found: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(one in message.text for one in (_NOT_OURS, but)):
            found.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
