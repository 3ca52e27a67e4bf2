"""A dashboard in a real browser, over services that only pretend to have workspaces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.domain.access import Scope
from monitor.settings import Settings
from monitor.web.server import dashboard
from tests.support import screenshots
from tests.support.complaints import of as watched
from tests.support.face import Stage
from tests.support.ports import free_port

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

WAIT_MS = 60_000


@dataclass(slots=True)
class Shown:
    """A dashboard in a browser, and everything the browser complained about."""

    stage: Stage
    settings: Settings
    secret: str
    token_id: str
    page: Page
    complaints: list[str]

    @property
    def url(self) -> str:
        return self.settings.dashboard

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.url}/#token={self.secret}")
        await self.page.wait_for_selector('body[data-connection="live"][data-scope]', timeout=WAIT_MS)

    async def card(self, name: str, phase: str) -> None:
        await self.page.wait_for_selector(f'.card[data-name="{name}"][data-phase="{phase}"]', timeout=WAIT_MS)


@asynccontextmanager
async def a_dashboard(browser: Browser, name: str) -> AsyncIterator[Shown]:
    """One of its own; what it looked like at the end is kept under the test's `name`."""
    stage, settings = Stage(), Settings(dashboard_port=free_port())
    token, secret = stage.access.new(Scope.ADMIN)
    context = await browser.new_context()
    page = await context.new_page()
    # What this stage has no service for answers 404, which browsers complain of.
    shown = Shown(stage, settings, secret, token.id, page, watched(page, but="404 (Not Found)"))
    async with dashboard(stage.face, settings):
        yield shown
        await screenshots.keep(context, name)
        await context.close()
