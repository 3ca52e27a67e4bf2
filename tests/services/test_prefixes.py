"""Verdicts on prefixes: what is judged good and bad, when it is measured, and what that decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.domain.launch import LaunchSpec, ProjectType, Rewrite
from monitor.domain.prefix.verdict import PrefixVerdict
from monitor.ports.visitor import Got, Visit
from monitor.services import prefixes as measuring
from monitor.services.prefix_visit import PAST_THE_HOP, PrefixVisit
from monitor.services.prefixes import Prefixes, Wish
from tests.support.waiting import until

PAGE = '<link rel="stylesheet" href="{0}style.css"><script src="{0}app.js"></script><img src="{0}a.png">'


@dataclass
class Site:
    """A visitor whose answers are a table; `asked` are path, Accept and Referer of each request."""

    answers: dict[str, Got]
    origin: str = "http://localhost:8080"
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def visit(self) -> Visit:
        return self

    async def get(self, path: str, *, accept: str, referer: str = "", limit: int = 0) -> Got:
        self.asked.append((path, accept, referer))
        return self.answers.get(path, Got(404, kind="text/plain"))

    async def close(self) -> None:
        """Nothing is kept."""


def html(text: str) -> Got:
    return Got(200, kind="text/html", body=text.encode())


CSS = Got(200, kind="text/css", body=b"a{b:url(dot.svg)}")
SCRIPT = Got(200, kind="text/javascript")
PNG = Got(200, kind="image/png")
GOOD = {
    "/shop/": html(PAGE.format("")),
    "/shop/style.css": CSS,
    "/shop/app.js": SCRIPT,
    "/shop/a.png": PNG,
    "/shop/dot.svg": Got(200, kind="image/svg+xml"),
}


async def verdict(answers: dict[str, Got]) -> PrefixVerdict:
    return await PrefixVisit(Site(answers), "shop").verdict(
        hop=False, told="words", host_url="http://shop.localhost/"
    )


async def test_every_asset_and_what_its_style_sheets_name_is_counted() -> None:
    seen = await verdict(GOOD)
    assert (seen.text, seen.ok, seen.failed) == ("4 of 4 assets under /shop/", True, ())


async def test_what_fails_is_named_with_what_helps() -> None:
    page_for_script = html("<p>not found</p>")
    seen = await verdict(
        {**GOOD, "/shop/app.js": page_for_script, "/shop/a.png": Got(500), "/shop/dot.svg": Got(problem="no answer")}
    )
    assert (seen.text, seen.ok) == ("1 of 4 assets under /shop/", False)
    assert seen.failed == (
        "/shop/app.js: a page came instead",
        "/shop/a.png: answers 500",
        "/shop/dot.svg: no answer",
    )
    assert "http://shop.localhost/" in seen.hint


async def test_what_strays_and_is_sent_home_counts_and_is_told() -> None:
    home = {"/style.css": Got(307, "/shop/style.css"), "/app.js": Got(307, "/shop/app.js"), "/a.png": Got(404)}
    seen = await verdict({**GOOD, "/shop/": html(PAGE.format("/")), **home})
    assert seen.text == "3 of 4 assets under /shop/, 2 by a redirect"
    assert seen.failed == ("/a.png: answers 404",)


async def test_a_first_page_that_leaves_or_is_not_there_is_no_verdict_on_assets() -> None:
    assert (
        await verdict({"/shop/": Got(302, "/login")})
    ).text == "the first page, /shop/, redirects to /login, outside it"
    assert (await verdict({"/shop/": Got(404)})).text == "the first page, /shop/, answers 404"
    assert (await verdict({"/shop/": Got(302, "/shop/")})).ok is None
    api = await verdict({"/shop/": Got(200, kind="application/json")})
    assert (api.text, api.ok) == ("answers under /shop/", True)


async def test_its_redirects_are_followed_and_other_sites_left_alone() -> None:
    answers = {
        **GOOD,
        "/shop/": Got(302, "/shop/in/"),
        "/shop/in/": html('<img src="../a.png"><img src="https://cdn.org/x.png">'),
    }
    site = Site(answers)
    seen = await PrefixVisit(site, "shop").verdict(hop=False, told="", host_url="")
    assert seen.text == "1 of 1 assets under /shop/"
    assert [path for path, _, _ in site.asked] == ["/shop/", "/shop/in/", "/shop/a.png"]
    assert site.asked[-1][2] == "http://localhost:8080/shop/in/"


async def test_many_assets_are_capped_and_hostile_pages_stop_nothing() -> None:
    many = html("".join(f'<img src="{n}.png">' for n in range(200)))
    seen = await verdict({"/shop/": many})
    assert seen.text.startswith("0 of first 60 assets")
    assert len(seen.failed) == 10
    odd = html('<img src="http://[x"><link rel=icon href="\x00\x01"><a href="http://\u202e"><base href="http://[">')
    assert (await verdict({"/shop/": odd})).ok is not None


async def test_pages_and_style_sheets_that_name_the_root_stray() -> None:
    async def strays(answers: dict[str, Got]) -> bool:
        site = Site(answers)
        found = await PrefixVisit(site, "shop").strays()
        assert all(accept == PAST_THE_HOP for _, accept, _ in site.asked)
        return found

    assert not await strays(GOOD)
    assert await strays({**GOOD, "/shop/": html('<a href="/about">x</a>')})
    assert await strays({**GOOD, "/shop/": html('<base href="/"><img src="a.png">')})
    assert await strays({**GOOD, "/shop/style.css": Got(200, kind="text/css", body=b"a{b:url(/x)}")})
    assert not await strays({"/shop/": Got(500)})


@dataclass
class Routes:
    """The routing service as the measuring sees it."""

    hop: set[str] = field(default_factory=set)

    async def measured(self, workspace: str, *, needs_hop: bool, wait_s: float) -> None:
        (self.hop.add if needs_hop else self.hop.discard)(workspace)

    def through_hop(self, workspace: str) -> bool:
        return workspace in self.hop


@asynccontextmanager
async def measured(site: Site, monkeypatch: Any) -> AsyncIterator[tuple[Prefixes, Routes, list[PrefixVerdict]]]:
    monkeypatch.setattr(measuring, "QUIET_S", 0.01)
    monkeypatch.setattr(measuring, "AGAIN_S", 0.05)
    shown: list[PrefixVerdict] = []
    routes: Any = Routes()
    made = Prefixes(site, routes, SystemClock(), lambda _name, seen: shown.append(seen))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        yield made, routes, shown
        running.cancel()


SPEC = LaunchSpec("shop", ProjectType.STATIC, "static", "", (1, 1))
WISH = Wish(SPEC, "i1:d1", "http://shop.localhost/", "words")


async def test_a_state_is_measured_once_and_an_edit_anew(monkeypatch: Any) -> None:
    async with measured(Site(GOOD), monkeypatch) as (made, _, shown):
        for _ in range(3):
            made.offer("shop", WISH)
        await until(lambda: shown)
        made.offer("shop", WISH)
        await asyncio.sleep(0.05)
        assert len(shown) == 1
        made.offer("shop", replace(WISH, state="i1:d2"))
        await until(lambda: len(shown) == 2)


async def test_what_failed_is_looked_at_once_more(monkeypatch: Any) -> None:
    site = Site({**GOOD, "/shop/a.png": Got(502)})
    async with measured(site, monkeypatch) as (made, _, shown):
        made.offer("shop", WISH)
        await until(lambda: shown)
        assert shown[0].ok is False
        site.answers = GOOD
        await until(lambda: len(shown) == 2)
        assert shown[1].ok is True
        await asyncio.sleep(0.1)
        assert len(shown) == 2


async def test_the_first_page_decides_about_the_hop_where_the_table_leaves_it_open(monkeypatch: Any) -> None:
    stray = {**GOOD, "/shop/": html(PAGE.format("/shop/") + '<a href="/about">')}
    async with measured(Site(stray), monkeypatch) as (made, routes, shown):
        made.offer("shop", WISH)
        await until(lambda: shown)
        assert (routes.hop, shown[-1].hop) == ({"shop"}, True)
        made._visitor.answers = GOOD  # type: ignore[attr-defined]
        made.offer("shop", replace(WISH, state="i1:d2"))
        await until(lambda: len(shown) == 2)
        assert routes.hop == set()
        fixed = replace(WISH, spec=replace(SPEC, rewrite=Rewrite.NEVER), state="i2:d2")
        made._visitor.answers = stray  # type: ignore[attr-defined]
        made.offer("shop", fixed)
        await until(lambda: len(shown) == 3)
        assert routes.hop == set()


async def test_what_serves_no_longer_is_not_measured(monkeypatch: Any) -> None:
    site = Site(GOOD)
    async with measured(site, monkeypatch) as (made, _, shown):
        made.offer("shop", WISH)
        made.forget("shop")
        await asyncio.sleep(0.1)
        assert (shown, site.asked) == ([], [])
