"""The gate over HTTP: pages for people, lines for programs, nothing from a workspace taken at its word."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser

import aiohttp
import pytest

from monitor.domain.gate import GateState
from monitor.domain.launch import ProjectType
from monitor.domain.workspace import Phase
from monitor.web.gate import STYLE_PATH, Gate

HTML = {"Accept": "text/html"}
EVIL = "<script>alert(1)</script>\"'`{{7*7}}"
STATES: dict[str, GateState] = {
    state.name: state
    for state in (
        GateState("blog", Phase.SERVING, type=ProjectType.NODE, description="Notes & more", icon_url="/blog/i.png"),
        GateState("soon", Phase.STARTING, "npm ci runs", ProjectType.NODE),
        GateState("bad", Phase.FAILED, EVIL, ProjectType.PYTHON, EVIL, icon_url='//evil.org/"><script>'),
        GateState("off", Phase.STOPPED, "stopped on purpose", ProjectType.PHP),
        GateState("odd", Phase.DETECTED, "no known project file"),
    )
}


class Here:
    """A listening gate and a client."""

    def __init__(self, url: str, session: aiohttp.ClientSession, states: dict[str, GateState]) -> None:
        self.url = url
        self.states = states
        self._session = session

    async def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> tuple[aiohttp.ClientResponse, str]:
        async with self._session.request(method, self.url + path, headers=headers, allow_redirects=False) as answer:
            return answer, await answer.text()


@pytest.fixture
async def gate() -> AsyncIterator[Here]:
    states = dict(STATES)
    gate = Gate(lambda: states, "localhost")
    url = await gate.start()
    async with aiohttp.ClientSession() as session:
        yield Here(url, session, states)
    await gate.close()


async def test_the_index_has_a_card_and_a_link_for_each_workspace(gate: Here) -> None:
    answer, page = await gate.ask("/", headers=HTML)
    assert answer.status == 200
    assert re.findall(r'href="/([a-z]+)/"', page) == ["bad", "blog", "odd", "off", "soon"]
    assert "Notes &amp; more" in page
    assert '<img src="/blog/i.png"' in page
    assert "1 of 5 serving" in page


async def test_the_index_without_workspaces_says_how_to_begin(gate: Here) -> None:
    gate.states.clear()
    _, page = await gate.ask("/", headers=HTML)
    assert "Drop a project folder" in page


async def test_the_index_is_read_anew_at_every_request(gate: Here) -> None:
    gate.states["new"] = GateState("new", Phase.SERVING)
    _, text = await gate.ask("/")
    assert "/new/ serving\n" in text


@pytest.mark.parametrize("path", ["/", "/bad/", "/soon/", "/off/", "/odd/", f"/{EVIL}"])
async def test_pages_are_well_formed_escaped_and_strict(gate: Here, path: str) -> None:
    answer, page = await gate.ask(path, headers=HTML)
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert not {"script", "style", "form", "iframe"} & tags.seen
    assert not [name for name in tags.attributes if name == "style" or name.startswith("on")]
    assert "evil.org" not in page
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/soon/", 503, "npm ci runs"),
        ("/off/", 503, "stopped on purpose"),
        ("/odd/", 404, "no known project file"),
        ("/nope", 404, "Nothing here"),
    ],
)
async def test_people_get_a_page_and_programs_a_line(gate: Here, path: str, status: int, says: str) -> None:
    for headers, kind in ((HTML, "text/html"), ({"Accept": "application/json"}, "text/plain")):
        answer, text = await gate.ask(path, headers=headers)
        assert (answer.status, answer.content_type) == (status, kind)
        assert says in text
    assert text.count("\n") == 1


async def test_only_a_page_that_will_change_by_itself_reloads(gate: Here) -> None:
    answer, page = await gate.ask("/soon/", headers=HTML)
    assert '<meta http-equiv="refresh"' in page
    assert answer.headers["Retry-After"] == "1"
    for path in ("/", "/bad/", "/off/", "/nope"):
        answer, page = await gate.ask(path, headers=HTML)
        assert "refresh" not in page
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/soon/", "/bad/", "/nope", STYLE_PATH])
async def test_head_is_get_without_a_body(gate: Here, path: str) -> None:
    full, body = await gate.ask(path, headers=HTML)
    head, nothing = await gate.ask(path, "HEAD", HTML)
    assert nothing == ""
    assert (head.status, head.headers["Content-Length"]) == (full.status, str(len(body.encode())))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 405),
        ("DELETE", "/", 405),
        ("POST", STYLE_PATH, 405),
        ("OPTIONS", "/", 405),
        ("POST", "/soon/api", 503),
        ("PUT", "/bad/x", 502),
        ("PATCH", "/nope", 404),
        ("PROPFIND", "/nope", 404),
    ],
)
async def test_other_methods_get_the_same_truth(gate: Here, method: str, path: str, status: int) -> None:
    answer, _ = await gate.ask(path, method)
    assert answer.status == status
    assert (answer.headers.get("Allow") == "GET, HEAD") is (status == 405)


async def test_an_orphan_is_sent_home_with_its_query_and_its_method(gate: Here) -> None:
    answer, _ = await gate.ask("/a%2Fb?x=%20", "POST", {"Referer": f"{gate.url}/blog/"})
    assert (answer.status, answer.headers["Location"]) == (307, "/blog/a%2Fb?x=%20")


async def test_a_workspaces_own_host_speaks_of_it_and_has_its_style(gate: Here) -> None:
    host = {**HTML, "Host": "off.localhost:8080"}
    answer, page = await gate.ask("/blog/", headers=host)
    assert (answer.status, "off is stopped" in page, "All workspaces" in page) == (503, True, False)
    answer, _ = await gate.ask(STYLE_PATH, headers=host)
    assert (answer.status, answer.content_type) == (200, "text/css")


@pytest.mark.parametrize("target", [b"*", b"http://x/", b"/\xff", b"/%zz", b"/" + b"a" * 9000, b"//", b"/\\..\\x"])
async def test_odd_requests_get_an_answer_that_is_no_server_error(gate: Here, target: bytes) -> None:
    port = int(gate.url.rpartition(":")[2])
    status = await _raw(port, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert 200 <= status < 500


async def test_it_listens_on_loopback_only(gate: Here) -> None:
    assert gate.url.startswith("http://127.0.0.1:")


async def _raw(port: int, request: bytes) -> int:
    import asyncio

    reader, writer = await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)
    writer.write(request)
    line = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1])


class Tags(HTMLParser):
    """Which elements and attributes a page has; `open` holds those never closed."""

    VOID = frozenset({"meta", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
