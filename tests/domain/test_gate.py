"""What the gate answers, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.gate import GateAnswer, GateState, Page, answer
from monitor.domain.launch import ProjectType
from monitor.domain.workspace import Phase

PYTHON = ProjectType.PYTHON
STATES = {
    state.name: state
    for state in (
        GateState("up", Phase.SERVING, type=PYTHON),
        GateState("soon", Phase.STARTING, "installing", PYTHON),
        GateState("queued", Phase.DETECTED, "", PYTHON),
        GateState("new", Phase.DETECTED, "a new folder", changing=True),
        GateState("odd", Phase.DETECTED, "no known project file"),
        GateState("off", Phase.STOPPED, "stopped on purpose", PYTHON),
        GateState("bad", Phase.FAILED, "killed by signal 9\nline of a log", PYTHON),
        GateState("asleep", Phase.PARKED, "", PYTHON),
    )
}
HTML = "text/html,application/xhtml+xml;q=0.9"


def ask(
    path: str,
    *,
    host: str = "localhost:8080",
    accept: str = HTML,
    referer: str = "",
    www: Phase | None = None,
) -> GateAnswer:
    states = dict(STATES)
    if www is not None:
        states["www"] = GateState("www", www, type=PYTHON)
    return answer(path, host, accept, referer, states, "localhost")


@pytest.mark.parametrize(
    ("path", "page", "status"),
    [
        ("/", Page.INDEX, 200),
        ("/?x=/bad/", Page.INDEX, 200),
        ("/nope", Page.UNKNOWN, 404),
        ("/nope/up/", Page.UNKNOWN, 404),
        ("/upper/", Page.UNKNOWN, 404),
        ("//up/", Page.UNKNOWN, 404),
        ("/..%2fup/", Page.UNKNOWN, 404),
        ("/%00", Page.UNKNOWN, 404),
        ("/favicon.ico", Page.UNKNOWN, 404),
        ("/up/", Page.WAITING, 503),
        ("/soon", Page.WAITING, 503),
        ("/%73oon/deep?q", Page.WAITING, 503),
        ("/queued/", Page.WAITING, 503),
        ("/asleep/", Page.WAITING, 503),
        ("/new/", Page.WAITING, 503),
        ("/odd/", Page.UNSERVED, 404),
        ("/off/x", Page.STOPPED, 503),
        ("/bad/", Page.FAILED, 502),
    ],
)
def test_by_path(path: str, page: Page, status: int) -> None:
    for accept in (HTML, "*/*", ""):
        said = ask(path, accept=accept)
        assert (said.page, said.status, said.browser) == (page, status, accept == HTML)
        assert (said.retry_after is not None) is (page is Page.WAITING)


@pytest.mark.parametrize(
    ("host", "path", "page", "name"),
    [
        ("bad.localhost", "/", Page.FAILED, "bad"),
        ("BAD.localhost:8080", "/up/", Page.FAILED, "bad"),
        ("soon.localhost.", "/", Page.WAITING, "soon"),
        ("zzz.localhost", "/up/", Page.UNKNOWN, "zzz"),
        ("a.bad.localhost", "/bad/", Page.UNKNOWN, "a.bad"),
        ("localhost", "/", Page.INDEX, ""),
        ("127.0.0.1:80", "/", Page.INDEX, ""),
        ("[::1]:80", "/bad/", Page.FAILED, "bad"),
        ("[::1]", "/", Page.INDEX, ""),
        ("bad.localhost.evil.org", "/", Page.INDEX, ""),
        ("", "/", Page.INDEX, ""),
    ],
)
def test_by_host(host: str, path: str, page: Page, name: str) -> None:
    said = ask(path, host=host)
    assert (said.page, said.name) == (page, name)


@pytest.mark.parametrize(
    ("path", "referer", "location"),
    [
        ("/app.css", "http://localhost:8080/up/", "/up/app.css"),
        ("/a%2Fb?x=1&y=%20", "http://localhost:8080/up/deep/page?q#f", "/up/a%2Fb?x=1&y=%20"),
        ("/api/v1", "https://LOCALHOST:8080/bad/", "/bad/api/v1"),
        ("//evil.org/x", "http://localhost:8080/up/", "/up//evil.org/x"),
        ("/app.css", "http://localhost:8081/up/", ""),
        ("/app.css", "http://localhost/up/", ""),
        ("/app.css", "http://evil.org/up/", ""),
        ("/app.css", "http://localhost:8080@evil.org/up/", ""),
        ("/app.css", "http://localhost:8080/up", ""),
        ("/app.css", "http://localhost:8080/nope/", ""),
        ("/app.css", "http://localhost:8080/", ""),
        ("/app.css", "http://[bad/up/", ""),
        ("/", "http://localhost:8080/up/", ""),
        ("/?q", "http://localhost:8080/up/", ""),
        ("/off/x", "http://localhost:8080/up/", ""),
    ],
)
def test_an_orphan_goes_home_only_where_the_page_was_on_this_host(path: str, referer: str, location: str) -> None:
    said = ask(path, referer=referer, accept="*/*")
    assert said.location == location
    assert (said.page is Page.HOME, said.status == 307) == (bool(location), bool(location))


@pytest.mark.parametrize(
    ("www", "accept", "sent_home"),
    [(None, HTML, True), (None, "*/*", True), (Phase.STOPPED, HTML, False), (Phase.STOPPED, "image/*", True)],
)
def test_where_a_www_exists_a_followed_link_is_meant_for_it(www: Phase | None, accept: str, sent_home: bool) -> None:
    said = ask("/page", referer="http://localhost:8080/up/", accept=accept, www=www)
    assert (said.page is Page.HOME) is sent_home


@pytest.mark.parametrize(
    ("www", "root", "elsewhere"),
    [
        (Phase.STARTING, Page.WAITING, Page.WAITING),
        (Phase.FAILED, Page.FAILED, Page.FAILED),
        (Phase.STOPPED, Page.INDEX, Page.UNKNOWN),
    ],
)
def test_a_front_site_on_its_way_or_broken_speaks_for_itself(www: Phase, root: Page, elsewhere: Page) -> None:
    assert ask("/", www=www).page is root
    assert ask("/nope", www=www).page is elsewhere
    assert ask("/off/", www=www).page is Page.STOPPED


def test_a_reason_is_one_printable_line() -> None:
    assert ask("/bad/").reason == "killed by signal 9"
    state = {"x": GateState("x", Phase.FAILED, "\x1b[31m" + "long " * 200)}
    said = answer("/x/", "h", "", "", state, "localhost")
    assert said.reason.isprintable()
    assert len(said.reason) <= 300


@given(path=st.text(max_size=40), host=st.text(max_size=20), referer=st.text(max_size=60))
def test_no_request_upsets_it_and_no_redirect_leaves_the_origin(path: str, host: str, referer: str) -> None:
    said = answer("/" + path, host, "", f"http://{host}/up/{referer}", STATES, "localhost")
    assert said.page is not Page.HOME or said.location.startswith("/up/")
