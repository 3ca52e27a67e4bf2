"""What axe-core finds serious on a page, in a real browser."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`))"""


@functools.cache
def axe() -> str:
    """The text of axe-core, as its package carries it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


async def serious(page: Page) -> list[str]:
    """A sentence for everything serious or critical that is on the page now."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe())
    found: list[str] = await page.evaluate(RUN)
    return found
