"""Each row of the routing table in a real Traefik: who is reached by which request."""

from __future__ import annotations

import pytest

from monitor.domain.workspace import Phase
from tests.live.routing.town import HTML, Town

pytestmark = pytest.mark.traefik


async def test_each_row_of_the_table_leads_where_it_should(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    town.withdraw("off")
    await town.publish()
    assert await town.who("/blog/") == "blog-1"
    assert await town.who("/blog/deep?q=1") == "blog-1"
    assert await town.who("/docs/deep") == "docs-1"
    assert town.reached() == {"blog-1": ["/", "/deep?q=1"], "docs-1": ["/docs/deep"]}
    assert await town.who("/", host="blog.localhost:8080") == "blog-1"
    assert await town.who("/blog/x", host="docs.localhost") == "302 /docs/blog/x"
    assert await town.who("/docs/blog/x", host="docs.localhost") == "docs-1"
    assert town.reached() == {"blog-1": ["/"], "docs-1": ["/docs/blog/x"]}
    assert await town.who("/off/") == "503"
    assert await town.who("/nope") == "404"
    assert await town.who("/monitor") == await town.who("/monitor/x?y") == "302 http://localhost:8081"
    assert (await town.ask("/_slipway/gate.css")).headers["content-type"].startswith("text/css")
    assert b"/blog/" in (await town.ask("/", HTML)).body
    assert town.reached() == {}


async def test_the_slash_is_added_whatever_the_visitor_typed(town: Town) -> None:
    await town.serve("blog")
    await town.serve("docs", strip=False)
    await town.publish()
    for host in ("localhost", "10.1.2.3:9999", "[::1]:81", "a.example:443"):
        assert await town.who("/blog", host=host) == "302 /blog/"
        assert await town.who("/docs?x=/docs&y=%2F", host=host) == "302 /docs/?x=/docs&y=%2F"
        assert await town.who("/blog", "X-Forwarded-Proto: https", host=host) == "302 /blog/"
    assert (await town.ask("/blog", method="POST")).status == 307
    assert await town.who("/blog/blog") == "blog-1"
    assert await town.who("/blog/x?y=http://a/blog") == "blog-1"


async def test_stopping_one_never_sends_its_visitors_to_another(town: Town) -> None:
    await town.serve("foo")
    await town.serve("foobar")
    await town.serve("www")
    await town.publish()
    assert await town.who("/foobar/") == "foobar-1"
    town.withdraw("foobar")
    await town.publish()
    town.reached()
    for target in ("/foobar", "/foobar/", "/foobar/x", "/foobar?x"):
        for headers in ((), (HTML,), ("Referer: http://localhost/foo/",)):
            assert await town.who(target, *headers) == "503"
    assert await town.who("/", host="foobar.localhost") == "503"
    assert await town.who("/foo/", host="foobar.localhost") == "503"
    assert town.reached() == {}


async def test_an_app_that_knows_its_prefix_is_entered_there_on_its_own_host(town: Town) -> None:
    await town.serve("docs", strip=False)
    await town.publish()
    assert await town.who("/", host="docs.localhost:8080") == "302 /docs/"
    assert await town.who("/?a=1", host="docs.localhost") == "302 /docs/?a=1"
    assert await town.who("/docs/x", host="DOCS.localhost.") == "docs-1"
    assert town.reached() == {"docs-1": ["/docs/x"]}


@pytest.mark.parametrize(
    ("www", "accept", "sent"),
    [(False, HTML, True), (False, "Accept: */*", True), (True, HTML, False), (True, "Accept: image/webp", True)],
)
async def test_orphans_go_home(town: Town, www: bool, accept: str, sent: bool) -> None:
    await town.serve("blog")
    await town.serve("a-b")
    if www:
        await town.serve("www")
    await town.publish()
    home, nobody = ("307 /blog/app.css?v=1", "www-1" if www else "404")
    referer = "Referer: http://localhost:8080/blog/deep"
    here = {"host": "localhost:8080"}
    assert await town.who("/app.css?v=1", accept, referer, **here) == (home if sent else nobody)
    assert await town.who("/app.css", accept, "Referer: http://localhost:8080/a-b/", **here) == (
        "307 /a-b/app.css" if sent else nobody
    )
    assert await town.who("/a-b/x", accept, referer, **here) == "a-b-1"
    assert (await town.who("/", accept, referer, **here)) == ("www-1" if www else "200")
    for other in ("http://localhost:8080/blogger/", "http://localhost:8080/blog", "http://localhost:8080/x/blog/"):
        assert await town.who("/app.css", accept, f"Referer: {other}", **here) == nobody
    foreign = await town.who("/app.css", accept, "Referer: http://other.example/blog/", **here)
    assert foreign == ("404" if sent else nobody)


async def test_www_gets_what_nobody_claims_and_nothing_else(town: Town) -> None:
    await town.serve("www")
    await town.serve("blog")
    town.withdraw("off")
    await town.publish()
    for target in ("/", "/about", "/assets/x.js?q", "/blogger", "/www/x"):
        assert await town.who(target) == "www-1"
    assert town.reached() == {"www-1": ["/", "/about", "/assets/x.js?q", "/blogger", "/x"]}
    assert (await town.who("/blog/"), await town.who("/off/"), await town.who("/monitor/")) == (
        "blog-1", "503", "302 http://localhost:8081",
    )  # fmt: skip
    town.withdraw("www", Phase.FAILED)
    await town.publish()
    assert (await town.who("/"), await town.who("/about"), await town.who("/blog/")) == ("502", "502", "blog-1")
